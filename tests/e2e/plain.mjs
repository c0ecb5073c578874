// Ours in the bare runtime: workerd serves the built Worker and keeps the rows of its objects in files. Nothing is around it
// that would notice when its process is killed, and its files can be looked at and changed while nobody runs.
//
// It is asked as the Worker of worker.mjs is, over real connections.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { firstAnswer, ours, prepare, start } from "../bench/contenders.mjs";
import { script } from "../bench/visits.mjs";
import { ROOT } from "./worker.mjs";

const OPERATOR = "operator-token-of-every-test-001";
const HALFTONE_TOKENS = `tests:operator:${createHash("sha256").update(OPERATOR).digest("hex")}`;
/** An answer that takes longer is none. */
const ANSWER_MS = 30_000;

/** The origin in a configuration of the bench answers with a page under any address. */
export const ORIGIN = "https://origin.local";

/** Builds a config into a folder of tests/.work, with another second bundle if need be; gives what `Plain` takes. */
export function build(name, config, second = "") {
  const out = join(ROOT, "tests/.work", name);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "halftone.json"), JSON.stringify(config, null, 2));
  const env = { ...process.env, CONFIG: join(out, "halftone.json"), OUT: out, PREVIOUS: "", FEATURES: "", SECOND: second };
  try {
    execFileSync(join(ROOT, "scripts/build.sh"), { env, cwd: ROOT, stdio: "pipe" });
  } catch (error) {
    throw new Error(`the build of ${name} failed:\n${error.stdout}${error.stderr}`);
  }
  return { ...ours(out), vars: { HALFTONE_TOKENS } };
}

export class Plain {
  #name;
  #config;
  #disk;
  #agent;
  #flags;
  #running = null;

  /** A build of its own folder of files, empty at first. `host` is asked where a path names none. */
  constructor(name, worker, { host = "shop.example", connections = 64, flags = [] } = {}) {
    this.#name = name;
    this.#flags = flags;
    this.#config = prepare(join(ROOT, "tests/.work/plain", name), worker);
    this.#disk = join(dirname(this.#config), "disk");
    this.host = host;
    this.connections = connections;
  }

  /** Starts a process on the files that are there; it answers when this is done. */
  async start() {
    this.#running = await start(this.#name, this.#config, false, this.#flags);
    this.#agent = new Agent({ keepAlive: true, maxSockets: this.connections });
    await this.#running.within(firstAnswer(this.#running.port, script(0, "")));
  }

  /** The address that a path is taken of. */
  get url() {
    return `http://${this.host}/`;
  }

  /** Where it listens, for who speaks to it by hand. */
  get port() {
    return this.#running.port;
  }

  /** Kills the process, whatever it is doing (SIGKILL). Gives what it logged. */
  async kill() {
    const running = this.#running;
    this.#running = null;
    await running?.stop();
    this.#agent?.destroy();
    return running?.said ?? "";
  }

  /** A request; `path` may be an address with another host. */
  fetch(path, { method = "GET", headers = {}, body } = {}) {
    const { host, pathname, search } = new URL(path, `http://${this.host}`);
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const options = {
      host: "127.0.0.1",
      port: this.#running.port,
      agent: this.#agent,
      method,
      path: pathname + search,
      headers: { host, "x-forwarded-proto": "https", ...length, ...headers },
    };
    return new Promise((resolve, reject) => {
      const asked = request(options, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value]));
          const text = answer.statusCode === 204 || answer.statusCode === 304 ? null : Buffer.concat(parts);
          resolve(new Response(text, { status: answer.statusCode, headers: pairs }));
        });
      });
      asked.setTimeout(ANSWER_MS, () => asked.destroy(new Error(`${path} was not answered within ${ANSWER_MS / 1000} s`)));
      asked.on("error", reject);
      asked.end(body);
    });
  }

  /** A document navigation as a browser sends it. */
  navigate(path, { headers = {}, ...init } = {}) {
    const document = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", accept: "text/html" };
    return this.fetch(path, { ...init, headers: { ...document, ...headers } });
  }

  /** Asks the admin surface for something to be done, as an operator; whatever comes of it. */
  ask(path, body) {
    const headers = { authorization: `Bearer ${OPERATOR}` };
    return this.fetch(`http://admin.example/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Asks the admin surface, as an operator. */
  async admin(path) {
    const headers = { authorization: `Bearer ${OPERATOR}` };
    const response = await this.fetch(`http://admin.example/api/v1/${path}`, { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  /** Does something with the database of each object of a class, in a transaction; gives what came of each. */
  each(className, act) {
    const folder = join(this.#disk, className);
    const files = readdirSync(folder).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
    return files.map((name) => {
      const database = new DatabaseSync(join(folder, name));
      try {
        database.exec("PRAGMA busy_timeout = 5000; BEGIN");
        const came = act(database);
        database.exec("COMMIT");
        return came;
      } finally {
        database.close();
      }
    });
  }

  /** The rows of a query, of all objects of a class. */
  rows(className, query) {
    return this.each(className, (database) => database.prepare(query).all()).flat();
  }
}
