// A Worker of ours on the real runtime, for tests: built by the project's own build from a config, served by workerd
// through wrangler's test harness, with real bindings (static assets, R2, KV, Durable Objects, services).

import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import wrangler from "wrangler";

// What the platform would say of the place of a request is asked of nobody; tests say it themselves.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/** The token of an operator, where a test brings none of its own. */
const OPERATOR = "operator-token-of-every-test-001";

/** A config whose admin surface has a hostname. */
const administered = (config) => ({ admin: { host: "admin.example" }, ...config });

/**
 * Builds and starts a Worker.
 *
 * - `name`: the folder under tests/.work, unique to a test file
 * - `config`: the object that becomes halftone.json
 * - `folders`: folder name in the static assets to the folder it is a link to
 * - `files`: files beside the config, path to text
 * - `features`: cargo features of the build
 * - `keys`: the signing secret; "" starts without one
 * - `secrets`: further secrets, by name
 * - `without`: tables to leave out of wrangler.toml, by a word they hold (`TICKETS`, `PLANS`, `[assets]`)
 * - `workers`: further workers, as `{ name, script, more }`; each is bound as a service under its name, and `more` is added to
 *   its wrangler.toml
 * - `spoil(folder)`: breaks something in the folder of the build before it is started
 * - `wrap`: a module beside the build's `index.js` that is started in its place
 * - `outbound`: where the Worker's own fetches go: `network` is the runtime's network stack, as it is without a harness;
 *   a function is a node request listener that stands for every host there is, as the server behind a hostname would
 * - `secure`: whether it is asked over https, with a certificate that nobody else knows
 * - `keeps`: whether its objects and KV are on disk, so that `deploy` can put another build in its place
 */
export async function startWorker({
  name,
  config,
  folders = {},
  files = {},
  features = "",
  keys = KEY,
  secrets = {},
  without = [],
  workers = [],
  spoil = () => {},
  wrap,
  outbound = "network",
  secure = false,
  keeps = false,
}) {
  const work = join(ROOT, "tests/.work", name);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "www"), { recursive: true });
  for (const [folder, target] of Object.entries(folders)) symlinkSync(resolve(ROOT, target), join(work, "www", folder));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  writeFileSync(join(work, "wrangler.toml"), wranglerToml(name, workers, without, wrap !== undefined));
  const tokens = `tests:operator:${createHash("sha256").update(OPERATOR).digest("hex")}`;
  const vars = Object.entries({ ...(keys ? { HALFTONE_KEYS: keys } : {}), HALFTONE_TOKENS: tokens, ...secrets });
  if (vars.length > 0) writeFileSync(join(work, ".dev.vars"), vars.map(([name, value]) => `${name}='${value}'\n`).join(""));
  build(work, administered(config), features);
  spoil(join(work, "build"));
  if (wrap !== undefined) writeFileSync(join(work, "build/wrap.js"), wrap);
  for (const worker of workers) {
    mkdirSync(join(work, worker.name), { recursive: true });
    writeFileSync(join(work, worker.name, "index.js"), worker.script);
    writeFileSync(
      join(work, worker.name, "wrangler.toml"),
      `name = "${worker.name.toLowerCase()}"\nmain = "index.js"\ncompatibility_date = "2026-11-01"\n${worker.more ?? ""}`,
    );
  }
  const listen = () => start(work, workers, { outbound, secure, keeps });
  const { harness, url } = await listen();
  return new Running(harness, url, work, features, administered(config).admin.host, listen);
}

async function start(work, workers, { outbound, secure, keeps }) {
  adapt({ outbound, secure, persist: keeps ? join(work, "state") : false });
  const harness = wrangler.createTestHarness({
    root: work,
    workers: [{ configPath: "./wrangler.toml" }, ...workers.map((worker) => ({ configPath: `./${worker.name}/wrangler.toml` }))],
  });
  const { url } = await harness.listen();
  return { harness, url };
}

const { unstable_DevEnv: DevEnv } = wrangler;

/** The harness hands a Worker's fetches to this process's `fetch`, which mends, follows and decodes; ours are to be real. */
function adapt({ outbound, secure, persist }) {
  const service = outbound === "network" ? undefined : { node: outbound };
  wrangler.unstable_DevEnv = class extends DevEnv {
    constructor(...parts) {
      super(...parts);
      const set = this.config.set.bind(this.config);
      this.config.set = ({ dev, ...input }, ...rest) => {
        const server = secure ? { ...dev.server, secure } : dev.server;
        return set({ ...input, dev: { ...dev, server, outboundService: service, persist } }, ...rest);
      };
    }
  };
}

class Running {
  #listen;
  /** Requests without an answer yet: one whose Worker is taken away is answered by nobody, and the process that waits never ends. */
  #underWay = new Set();

  constructor(harness, url, work, features, adminHost, listen) {
    this.harness = harness;
    this.url = url;
    this.work = work;
    this.features = features;
    this.adminHost = adminHost;
    this.#listen = listen;
  }

  /**
   * Another build comes in the place of this one, on what its objects have kept: `config` with further `folders` of static assets, and
   * `env` for the build, as `make deploy` sets it.
   */
  async deploy({ config, folders = {}, env = {} }) {
    await this.restart(() => this.#replace(config, folders, env));
  }

  #replace(config, folders, env) {
    for (const [folder, target] of Object.entries(folders)) {
      rmSync(join(this.work, "www", folder), { force: true });
      symlinkSync(resolve(ROOT, target), join(this.work, "www", folder));
    }
    build(this.work, administered(config), this.features, env);
  }

  /** Its process ends, and another begins on what its objects have kept; `spoil(folder)` may change its build, or what was kept, between. */
  async restart(spoil = () => {}) {
    await this.close();
    spoil(join(this.work, "build"));
    Object.assign(this, await this.#listen());
  }

  /** A request, straight to the Worker; redirects are not followed. `cf` is the platform's geography. */
  fetch(path, init = {}) {
    const asked = this.harness.getWorker().fetch(String(new URL(path, this.url)), { redirect: "manual", ...init });
    this.#underWay.add(asked);
    const isOver = () => this.#underWay.delete(asked);
    asked.then(isOver, isOver);
    return asked;
  }

  /** One of the further workers. */
  beside(name) {
    return this.harness.getWorker(name.toLowerCase());
  }

  /** A document navigation as a browser sends it. */
  navigate(path, { headers = {}, ...init } = {}) {
    return this.fetch(path, {
      ...init,
      headers: { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", accept: "text/html", ...headers },
    });
  }

  /** Asks the admin surface, as an operator. */
  async admin(path, body) {
    const response = await this.fetch(`http://${this.adminHost}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${OPERATOR}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Runs the command line against the admin surface, as an operator; gives what it printed. */
  async halftone(words, token = OPERATOR) {
    const url = Object.assign(new URL(this.url), { hostname: this.adminHost }).href;
    const env = { ...process.env, HALFTONE_URL: url, HALFTONE_TOKEN: token };
    const { stdout } = await promisify(execFile)(join(ROOT, "target/release/halftone"), words, { env, cwd: this.work });
    return stdout;
  }

  /** Publishes another config, every site of it, as `halftone publish` does; gives the revisions by site. */
  async publish(config) {
    const out = join(this.work, "next");
    writeFileSync(join(this.work, "halftone.json"), JSON.stringify(administered(config)));
    execFileSync(join(ROOT, "target/release/halftone"), ["compile", join(this.work, "halftone.json"), "--out", out], {
      stdio: "pipe",
    });
    const revisions = {};
    for (const offer of JSON.parse(readFileSync(join(out, "offers.json"), "utf8"))) {
      const site = offer.site.name;
      const { revision } = await this.admin(`status?site=${site}`);
      const { decisions } = await this.admin(`publish?site=${site}`, { offer, parent: revision, why: "a test" });
      revisions[site] = decisions.at(-1)?.revision ?? revision;
    }
    return revisions;
  }

  /** What the platform's clock does now and then. */
  scheduled() {
    return this.harness.getWorker().scheduled({ cron: "*/5 * * * *", scheduledTime: new Date() });
  }

  /** Takes an object out of memory, as the platform may at any time. */
  evict(name, id) {
    return this.harness.getWorker().evictDurableObject(name, { id });
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

  async close() {
    await Promise.allSettled(this.#underWay);
    await this.harness.close();
  }
}

function build(work, config, features, more = {}) {
  writeFileSync(join(work, "halftone.json"), JSON.stringify(config, null, 2));
  const env = { ...process.env, CONFIG: join(work, "halftone.json"), OUT: join(work, "build"), FEATURES: features, ...more };
  try {
    execFileSync(join(ROOT, "scripts/build.sh"), { env, stdio: "pipe", cwd: ROOT });
  } catch (error) {
    throw new Error(`the build of ${work} failed:\n${error.stdout}${error.stderr}`);
  }
}

/** The project's own wrangler.toml with another folder, and services beside it. */
function wranglerToml(name, workers, without, isWrapped) {
  let text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  text = text.replace(/\[build\]\n(.+\n)+/, "").replace('name = "halftone"', `name = "halftone-${name}"`);
  if (isWrapped) text = text.replace("build/index.js", "build/wrap.js").replace('["control.js"]', '["control.js", "index.js"]');
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
