// Bursts of load on one contender at a time, and the CPU time each takes of its process.

import { execFileSync, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { onCore } from "./contenders.mjs";

const LOAD = fileURLToPath(new URL("load.mjs", import.meta.url));

/** Whether processes can be told which core to run on, and there are two. */
export function canPin() {
  try {
    execFileSync("taskset", ["-c", "0", "true"], { stdio: "ignore" });
  } catch {
    return false;
  }
  return availableParallelism() > 1;
}

/** The process that sends the load. */
export class Load {
  constructor(pinned) {
    const [program, ...rest] = onCore(1, pinned, [process.execPath, LOAD]);
    this.child = spawn(program, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  run(command) {
    return new Promise((done, failed) => {
      const ended = (code) => failed(new Error(`the load generator ended with ${code}`));
      this.child.once("exit", ended);
      this.child.once("message", ({ result, error }) => {
        this.child.off("exit", ended);
        if (error === undefined) done(result);
        else failed(new Error(error));
      });
      this.child.send(command);
    });
  }

  stop() {
    this.child.kill("SIGKILL");
  }
}

/**
 * `count` requests of a visit over so many connections: what the load saw, and the process's CPU time for one of them, with
 * what it does after the answers until `settled` comes back.
 */
export async function burst(load, running, { visit, count, connections, settled }) {
  const before = running.cpuUs();
  const seen = await load.run({ port: running.port, visit, count, connections });
  await settled?.();
  return { ...seen, cpu: (running.cpuUs() - before) / count };
}
