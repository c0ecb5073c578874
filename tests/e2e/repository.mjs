// The repository that a site is deployed from: its config, its lock file, its build; and `make deploy` in it, short of the upload.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./worker.mjs";

export class Repository {
  #worker;
  #folder;

  constructor(worker) {
    this.#worker = worker;
    this.#folder = join(worker.work, "repository");
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  path(name) {
    return join(this.#folder, name);
  }

  /** `make deploy` of a config, short of the upload: its exit status, and all it said. */
  deploy(config, env = {}) {
    const file = join(this.#worker.work, "next.json");
    writeFileSync(file, JSON.stringify(config));
    const given = {
      ...process.env,
      CONFIG: file,
      OUT: this.path("build"),
      LOCK: this.path("halftone.lock.json"),
      HALFTONE_URL: this.#worker.url.href,
      HALFTONE_TOKEN: "operator-token-of-every-test-001",
      DRY_RUN: "check",
      ...env,
    };
    return new Promise((resolve) => {
      execFile(join(ROOT, "scripts/deploy.sh"), { cwd: ROOT, env: given, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
        resolve({ status: error ? error.code : 0, said: `${stdout}${stderr}` });
      });
    });
  }

  /** A file of its build. */
  built(name) {
    return JSON.parse(readFileSync(this.path(join("build", name)), "utf8"));
  }

  /** What an upload is followed by. */
  keepLock() {
    writeFileSync(this.path("halftone.lock.json"), JSON.stringify(this.built("lock.json")));
  }

  /** The upload: what was deployed last comes in the place of the build that runs. */
  async upload(config, folders = {}) {
    await this.#worker.deploy({ config, folders, env: { IN_FORCE: this.path("build/in-force.json") } });
    this.keepLock();
  }
}
