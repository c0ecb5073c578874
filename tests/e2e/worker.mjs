// A Worker of ours on the real runtime, for tests: built by the project's own build from a config, served by workerd
// through wrangler's test harness, with real bindings (static assets, R2, KV, Durable Objects, services).

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import wrangler from "wrangler";

// What the platform would say of the place of a request is asked of nobody; tests say it themselves.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/**
 * Builds and starts a Worker.
 *
 * - `name`: the folder under tests/.work, unique to a test file
 * - `config`: the object that becomes halftone.json
 * - `folders`: folder name in the static assets to the folder it is a link to
 * - `features`: cargo features of the build
 * - `keys`: the signing secret; "" starts without one
 * - `without`: tables to leave out of wrangler.toml, by a word they hold (`TICKETS`, `PLANS`, `[assets]`)
 * - `workers`: further workers, as `{ name, script }`; each is bound as a service under its name
 * - `outbound`: where the Worker's own fetches go: `network` is the runtime's network stack, as it is without a harness;
 *   a function is a node request listener that stands for every host there is, as the server behind a hostname would
 */
export async function startWorker({
  name,
  config,
  folders = {},
  features = "",
  keys = KEY,
  without = [],
  workers = [],
  outbound = "network",
}) {
  const work = join(ROOT, "tests/.work", name);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "www"), { recursive: true });
  for (const [folder, target] of Object.entries(folders)) symlinkSync(resolve(ROOT, target), join(work, "www", folder));
  writeFileSync(join(work, "wrangler.toml"), wranglerToml(name, workers, without));
  if (keys) writeFileSync(join(work, ".dev.vars"), `HALFTONE_KEYS="${keys}"\n`);
  build(work, config, features);
  for (const worker of workers) {
    mkdirSync(join(work, worker.name), { recursive: true });
    writeFileSync(join(work, worker.name, "index.js"), worker.script);
    writeFileSync(
      join(work, worker.name, "wrangler.toml"),
      `name = "${worker.name.toLowerCase()}"\nmain = "index.js"\ncompatibility_date = "2026-11-01"\n`,
    );
  }
  sendOutbound(outbound);
  const harness = wrangler.createTestHarness({
    root: work,
    workers: [{ configPath: "./wrangler.toml" }, ...workers.map((worker) => ({ configPath: `./${worker.name}/wrangler.toml` }))],
  });
  const { url } = await harness.listen();
  return new Running(harness, url, work, features);
}

const { unstable_DevEnv: DevEnv } = wrangler;

/** The harness hands a Worker's fetches to this process's `fetch`, which mends, follows and decodes; ours are to be real. */
function sendOutbound(outbound) {
  const service = outbound === "network" ? undefined : { node: outbound };
  wrangler.unstable_DevEnv = class extends DevEnv {
    constructor(...parts) {
      super(...parts);
      const set = this.config.set.bind(this.config);
      this.config.set = (input, ...rest) => set({ ...input, dev: { ...input.dev, outboundService: service } }, ...rest);
    }
  };
}

class Running {
  constructor(harness, url, work, features) {
    this.harness = harness;
    this.url = url;
    this.work = work;
    this.features = features;
  }

  /** A request, straight to the Worker; redirects are not followed. `cf` is the platform's geography. */
  fetch(path, init = {}) {
    return this.harness.getWorker().fetch(String(new URL(path, this.url)), { redirect: "manual", ...init });
  }

  /** A document navigation as a browser sends it. */
  navigate(path, { headers = {}, ...init } = {}) {
    return this.fetch(path, {
      ...init,
      headers: { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", accept: "text/html", ...headers },
    });
  }

  /** The plan of another config, as `halftone compile` makes it, derived from the one in `previous`. */
  plan(config, previous) {
    const out = join(this.work, "next");
    writeFileSync(join(this.work, "halftone.json"), JSON.stringify(config));
    const from = previous ? ["--previous", previous] : [];
    execFileSync(join(ROOT, "target/release/halftone"), ["compile", join(this.work, "halftone.json"), "--out", out, ...from], {
      stdio: "pipe",
    });
    return readFileSync(join(out, "plan.halftone"), "utf8");
  }

  /** What the Worker logged. */
  logs() {
    return this.harness.getLogs().map((line) => line.message);
  }

  /** Ids of the Durable Objects of a class. */
  objects(name) {
    return this.harness.getWorker().listDurableObjectIds(name);
  }

  /** The storage of one of them. */
  storage(name, id) {
    return this.harness.getWorker().getDurableObjectStorage(name, { id });
  }

  /** The bindings, as the Worker has them. */
  async env() {
    return this.harness.getWorker().getEnv();
  }

  close() {
    return this.harness.close();
  }
}

function build(work, config, features) {
  writeFileSync(join(work, "halftone.json"), JSON.stringify(config, null, 2));
  const env = { ...process.env, CONFIG: join(work, "halftone.json"), OUT: join(work, "build"), FEATURES: features };
  try {
    execFileSync(join(ROOT, "scripts/build.sh"), { env, stdio: "pipe", cwd: ROOT });
  } catch (error) {
    throw new Error(`the build of ${work} failed:\n${error.stdout}${error.stderr}`);
  }
}

/** The project's own wrangler.toml with another folder, and services beside it. */
function wranglerToml(name, workers, without) {
  let text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  text = text.replace(/\[build\]\n(.+\n)+/, "").replace('name = "halftone"', `name = "halftone-${name}"`);
  const tables = text.split(/\n(?=\[|# .*\n(?:#.*\n)*\[)/).filter((table) => !without.some((word) => table.includes(word)));
  for (const worker of workers)
    tables.push(`[[services]]\nbinding = "${worker.name}"\nservice = "${worker.name.toLowerCase()}"\n`);
  return tables.join("\n");
}

/** Writes a build for tests, path to text, and gives its folder. */
export function writeBuild(name, files) {
  const folder = join(ROOT, "tests/.work/builds", name);
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** The cookies of a response as a Cookie header, after those of an earlier one. */
export function cookiesOf(response, before = "") {
  const jar = new Map(
    before
      .split("; ")
      .filter(Boolean)
      .map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
  );
  for (const line of response.headers.getSetCookie()) {
    const [pair, ...attributes] = line.split("; ");
    const [name, value] = pair.split(/=(.*)/s);
    if (attributes.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

/** The `halftone` header as an object: version, why, revision. */
export function said(response) {
  const header = response.headers.get("halftone") ?? "";
  return Object.fromEntries(header.split(", ").map((item) => item.split("=").map((part) => part.replaceAll('"', ""))));
}

/** Whether the pieces a test needs are installed; says how to get them if not. */
export function requirePackage(path) {
  if (!existsSync(join(ROOT, "node_modules", path)))
    throw new Error(`node_modules/${path} is missing: run scripts/setup.sh test`);
  return join("node_modules", path);
}
