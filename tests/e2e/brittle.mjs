// What the platform gives a Durable Object, on a database in memory, that breaks when it is told to: at the n-th thing written,
// before or after it is persisted. Whatever broke is dead from then on; the next one finds what was persisted, and nothing else.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { ROOT } from "./worker.mjs";

export class Broken extends Error {}

/** What outlives an object: its database, its alarm, the KV namespace, and what others were told. */
export class Disk {
  database = new DatabaseSync(":memory:");
  alarm = null;
  kv = new Map();
  told = [];
}

export class Brittle {
  #disk;
  #left;
  #breaksAfter;
  isDead = false;
  #depth = 0;
  pending = new Set();

  /** Breaks at the write of that number, or never at 0. */
  constructor(disk, at = 0, breaksAfter = false) {
    this.#disk = disk;
    this.#left = at;
    this.#breaksAfter = breaksAfter;
    this.storage = {
      sql: { exec: (sql, ...parts) => this.#exec(sql, parts) },
      transactionSync: (act) => this.#transaction(act),
      getAlarm: async () => this.#disk.alarm,
      setAlarm: async (at) =>
        this.#write(() => {
          this.#disk.alarm = at;
        }),
      deleteAlarm: async () =>
        this.#write(() => {
          this.#disk.alarm = null;
        }),
    };
    this.env = {
      PLANS: { put: async (key, value) => this.#write(() => this.#disk.kv.set(key, value)) },
    };
  }

  waitUntil(promise) {
    this.pending.add(promise.catch(() => {}).finally(() => this.pending.delete(promise)));
  }

  /** Somebody is told. */
  tell(message) {
    this.#write(() => this.#disk.told.push(message));
  }

  #write(act) {
    if (this.isDead) throw new Broken("dead");
    this.#left -= 1;
    const breaks = this.#left === 0;
    if (breaks) this.isDead = true;
    if (breaks && !this.#breaksAfter) throw new Broken("before");
    const result = act();
    if (breaks) throw new Broken("after");
    return result;
  }

  #exec(sql, parts) {
    if (this.isDead) throw new Broken("dead");
    const run = () => rowsOf(this.#disk.database.prepare(sql).all(...parts));
    // What is written within a transaction is persisted by its end.
    return /^\s*(SELECT|WITH)/i.test(sql) || this.#depth > 0 ? run() : this.#write(run);
  }

  #transaction(act) {
    if (this.#depth > 0) return act();
    const { database } = this.#disk;
    database.exec("BEGIN");
    this.#depth += 1;
    let isOpen = true;
    try {
      const result = act();
      this.#write(() => {
        database.exec("COMMIT");
        isOpen = false;
      });
      return result;
    } finally {
      this.#depth -= 1;
      if (isOpen) database.exec("ROLLBACK");
    }
  }
}

function rowsOf(rows) {
  const values = rows.map((row) => Object.values(row));
  return {
    toArray: () => rows,
    one: () => rows[0],
    raw: () => Object.assign(values[Symbol.iterator](), { toArray: () => values }),
  };
}

/** The Controller of a build in `out`, with the Wasm that this build was made with: as a fresh isolate has it, one for each name. */
export async function controllerOf(out, isolate = "first") {
  const wasm = readFileSync(join(out, "control_bg.wasm"));
  const glues = join(ROOT, "target/wasm/glue");
  const glue = readdirSync(glues).find((name) => {
    try {
      return readFileSync(join(glues, name, "index_bg.wasm")).equals(wasm);
    } catch {
      return false;
    }
  });
  const outfile = join(out, "controller.node.mjs");
  await bundle({
    stdin: {
      contents: 'export { control } from "./control.mjs"; export { Controller } from "./controller.mjs";',
      resolveDir: join(ROOT, "src/edge"),
    },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
    alias: {
      "halftone-control-glue": join(glues, glue, "halftone.js"),
      "halftone-plan": join(out, "plan.halftone"),
      "halftone-offers": join(out, "offers.json"),
      "halftone-source": join(out, "source.halftone"),
    },
    loader: { ".halftone": "text", ".json": "text" },
    define: { HALFTONE_BUILD: JSON.stringify(out) },
    plugins: [
      {
        name: "wasm",
        setup(build) {
          build.onResolve({ filter: /control_bg\.wasm$/ }, () => ({ path: join(out, "control_bg.wasm"), namespace: "wasm" }));
          build.onLoad({ filter: /./, namespace: "wasm" }, ({ path }) => ({
            contents: `import { readFileSync } from "node:fs"; export default new WebAssembly.Module(readFileSync(${JSON.stringify(path)}));`,
          }));
        },
      },
    ],
  });
  return import(`${pathToFileURL(outfile)}?${encodeURIComponent(isolate)}`);
}
