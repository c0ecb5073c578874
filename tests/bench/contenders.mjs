// The contenders: each a folder with a workerd configuration, run as a process of its own and killed by its number.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import workerd from "workerd";
import { ask, page } from "./visits.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
export const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const START_MS = 20_000;

/** A contender that needs no objects: the first file is its entry. */
const plain = (...files) => ({ files: files.map((file) => join(HERE, file)), objects: {} });

export const PASS_THROUGH = plain("passthrough.mjs");
export const BY_HAND = plain("rival.mjs", "rival-mac.mjs");
/** The one that keeps page views, in so many objects. */
export const intakeByHand = (shards) => ({
  ...plain("rival-intake.mjs", "rival-mac.mjs"),
  objects: { PAGES: "Pages" },
  vars: { SHARDS: String(shards) },
});

/** A build of ours, with its objects: every module of it, first the two that a visitor's request needs. */
export function ours(folder) {
  const first = ["index.js", "index_bg.wasm"];
  const rest = readdirSync(folder).filter((name) => (extname(name) in KINDS || extname(name) === ".js") && !first.includes(name));
  const files = [...first, ...rest].map((name) => join(folder, name));
  return { files, objects: { INTAKE: "Intake", CONTROLLER: "Controller", TICKETS: "Tickets" } };
}

/** More than any configuration is long. */
const MOST_BYTES = 2 ** 28;

const KINDS = { ".wasm": "wasm", ".txt": "text", ".bin": "data" };

/**
 * Writes the folder of a contender and gives the path of its configuration. Its objects are kept in `disk`, empty at first.
 * `dataset` binds an Analytics Engine dataset of that name, whose points the runtime hands on, one a request, to the server at an
 * address: `{ name, address }`. It does so only with `--experimental`.
 */
export function prepare(folder, { files, objects, vars = {}, dataset }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "disk"), { recursive: true });
  const names = files.map((file) => basename(file));
  for (const [at, file] of files.entries()) cpSync(file, join(folder, names[at]));
  for (const file of ["origin.mjs", "no-cache.mjs"]) cpSync(join(HERE, file), join(folder, file));
  const modules = names.map((name) => `(name = "${name}", ${KINDS[extname(name)] ?? "esModule"} = embed "${name}")`);
  const classes = Object.values(objects).map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`);
  const bindings = [
    ...Object.entries({ HALFTONE_KEYS: KEY, ...vars }).map(([name, text]) => `(name = "${name}", text = "${text}")`),
    ...Object.entries(objects).map(([name, of]) => `(name = "${name}", durableObjectNamespace = "${of}")`),
    ...(dataset ? [`(name = "${dataset.name}", analyticsEngine = "points")`] : []),
  ];
  const points = dataset ? `\n    (name = "points", external = (address = "${dataset.address}", http = ())),` : "";
  const config = join(folder, "workerd.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "site", worker = .site),
    (name = "origin", worker = .origin),
    (name = "cache", worker = .cache),
    (name = "disk", disk = (path = "${join(folder, "disk")}", writable = true)),${points}
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", service = "site",
    http = (cfBlobHeader = "CF-Blob", forwardedProtoHeader = "X-Forwarded-Proto")) ],
);
const site :Workerd.Worker = (
  modules = [ ${modules.join(", ")} ],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = [ "new_module_registry" ],
  bindings = [ ${bindings.join(", ")} ],
  durableObjectNamespaces = [ ${classes.join(", ")} ],
  durableObjectStorage = (localDisk = "disk"),
  globalOutbound = "origin",
  cacheApiOutbound = "cache",
);
const origin :Workerd.Worker = (
  modules = [ (name = "origin.mjs", esModule = embed "origin.mjs") ],
  compatibilityDate = "2026-11-01",
);
const cache :Workerd.Worker = (
  modules = [ (name = "no-cache.mjs", esModule = embed "no-cache.mjs") ],
  compatibilityDate = "2026-11-01",
);
`,
  );
  return config;
}

/** A port that is free now. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A command line that stays on one core, where that can be had. */
export function onCore(core, pinned, command) {
  return pinned ? ["taskset", "-c", String(core), ...command] : command;
}

/** A contender's process. */
class Running {
  constructor(name, config, port, pinned, flags) {
    this.name = name;
    this.port = port;
    const serve = [workerd.default, "serve", "--binary", config, `--socket-addr=http=127.0.0.1:${port}`, ...flags];
    const [program, ...rest] = onCore(0, pinned, serve);
    this.began = process.hrtime.bigint();
    // `taskset` becomes the program it starts, so the number is workerd's.
    this.child = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
    this.said = "";
    this.child.stderr.on("data", (text) => {
      this.said = (this.said + text).slice(-4000);
    });
    this.gone = new Promise((resolve) => this.child.once("exit", resolve));
  }

  /** Refuses after a while, and at once if the process has ended. */
  async within(promise) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.name} did not answer within ${START_MS / 1000} s: ${this.said}`)),
        START_MS,
      );
    });
    const ended = this.gone.then((code) => {
      throw new Error(`${this.name} ended with ${code}: ${this.said}`);
    });
    try {
      return await Promise.race([promise, late, ended]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Throws what it logged: a worker that has something to say does not do what is measured. */
  mustBeQuiet() {
    if (this.said !== "") throw new Error(`${this.name} logged: ${this.said}`);
  }

  /** CPU time of all its threads so far, µs: exact where the kernel keeps it so, otherwise to 10 ms. */
  cpuUs() {
    const { pid } = this.child;
    try {
      let total = 0;
      for (const task of readdirSync(`/proc/${pid}/task`)) {
        total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
      }
      return total / 1000;
    } catch {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    }
  }

  async stop() {
    this.child.kill("SIGKILL");
    await this.gone;
  }
}

/**
 * A process of a contender on a free port. It is handed its configuration in the binary form, as Wrangler does: read as text, every
 * file beside it would cost a young process ten nanoseconds a byte, which no platform pays.
 */
export async function start(name, config, pinned, flags = []) {
  const binary = `${config}.bin`;
  writeFileSync(binary, execFileSync(workerd.default, ["compile", "--config-only", config], { maxBuffer: MOST_BYTES }));
  return new Running(name, binary, await freePort(), pinned, flags);
}

/** The answer to the first request that reaches a process; a refused connection is tried again at once. */
export async function firstAnswer(port, request = page(0, "")) {
  for (;;) {
    try {
      return await ask(port, request);
    } catch (error) {
      if (error.code !== "ECONNREFUSED") throw error;
    }
  }
}
