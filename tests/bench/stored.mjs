// What a contender's objects have on disk, read beside it from the files that they write.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** After this the bench does not wait any longer. */
const DONE_MS = 60_000;

/** The databases of the objects of one class. */
export class Stored {
  #databases;

  constructor(folder, className, { writes = false } = {}) {
    const place = join(folder, "disk", className);
    const files = readdirSync(place).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
    this.#databases = files.map((name) => new DatabaseSync(join(place, name), { readOnly: !writes }));
    for (const database of this.#databases) database.exec("PRAGMA busy_timeout = 5000");
  }

  get objects() {
    return this.#databases.length;
  }

  /** The rows that match, of all objects together. */
  count(table, where = "1") {
    const rows = this.#databases.map((database) => database.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).get());
    return rows.reduce((sum, { n }) => sum + n, 0);
  }

  /** Bytes that a table takes, whole pages of the file, in all objects. */
  bytes(table) {
    const sum = "SELECT coalesce(sum(pgsize), 0) AS n FROM dbstat WHERE name = ?";
    return this.#databases.reduce((all, database) => all + database.prepare(sum).get(table).n, 0);
  }

  /** Runs a statement in every object's file, with these functions. */
  change(statement, functions = {}) {
    for (const database of this.#databases) {
      for (const [name, act] of Object.entries(functions)) database.function(name, { deterministic: true }, act);
      database.exec(statement);
    }
  }

  close() {
    for (const database of this.#databases) database.close();
  }
}

/** Looks now and then until it is so. */
export async function until(isSo, otherwise) {
  for (const end = Date.now() + DONE_MS; !isSo(); ) {
    if (Date.now() > end) throw new Error(`${otherwise} within ${DONE_MS / 1000} s.`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
