// The contenders: each a folder with a workerd configuration, run as a process of its own and killed by its number.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import workerd from "workerd";

const HERE = dirname(fileURLToPath(import.meta.url));
export const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const START_MS = 20_000;

/** The files of each contender; the first is its entry. */
export const FILES = {
  "pass-through": [join(HERE, "passthrough.mjs")],
  javascript: [join(HERE, "rival.mjs"), join(HERE, "rival-mac.mjs")],
};

/** Writes the folder of a contender and gives the path of its configuration. */
export function prepare(folder, files) {
  mkdirSync(folder, { recursive: true });
  const names = files.map((file) => file.split("/").pop());
  for (const [at, file] of files.entries()) cpSync(file, join(folder, names[at]));
  cpSync(join(HERE, "origin.mjs"), join(folder, "origin.mjs"));
  const modules = names.map((name) => `(name = "${name}", ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed "${name}")`);
  const config = join(folder, "workerd.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "site", worker = .site), (name = "origin", worker = .origin) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", service = "site",
    http = (cfBlobHeader = "CF-Blob", forwardedProtoHeader = "X-Forwarded-Proto")) ],
);
const site :Workerd.Worker = (
  modules = [ ${modules.join(", ")} ],
  compatibilityDate = "2026-11-01",
  bindings = [ (name = "HALFTONE_KEYS", text = "${KEY}") ],
  globalOutbound = "origin",
);
const origin :Workerd.Worker = (
  modules = [ (name = "origin.mjs", esModule = embed "origin.mjs") ],
  compatibilityDate = "2026-11-01",
);
`,
  );
  return config;
}

/** The module and WebAssembly files of a build, entry first. */
export function filesOfBuild(folder) {
  const names = readdirSync(folder).filter((name) => name === "index.js" || name.endsWith(".wasm"));
  return names.sort().map((name) => join(folder, name));
}

/** A port that is free now. */
export async function freePort() {
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
export class Running {
  constructor(name, config, port, pinned) {
    this.name = name;
    this.port = port;
    const [program, ...rest] = onCore(0, pinned, [workerd.default, "serve", config, `--socket-addr=http=127.0.0.1:${port}`]);
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
