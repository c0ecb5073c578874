// What the dashboard is shown in tests: sites under control, and a ledger filled with counts as intake objects would have told them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, startWorker, writeBuild } from "../e2e/worker.mjs";

export const OPERATOR = "operator-token-of-the-dashboard-1";
export const VIEWER = "viewer-token-of-the-dashboard-002";
const hash = (token) => createHash("sha256").update(token).digest("hex");

const page = (version) =>
  `<!doctype html><html lang="en"><head><title>${version}</title></head><body><p>${version}</p></body></html>`;

export const config = () => ({
  admin: { host: "admin.localhost" },
  sites: {
    shop: {
      hosts: ["shop.localhost"],
      versions: { "2026-11-19": "assets:old", "2026-11-26": "assets:new" },
      stable: "2026-11-19",
      rollout: {
        canary: "2026-11-26",
        steps: [
          { weight: "5%", hold: "10m" },
          { weight: "25%", hold: "1h" },
          { weight: "50%", hold: "4h", approval: true },
          "100%",
        ],
      },
      feedback: { shards: 1 },
    },
    blog: {
      hosts: ["blog.localhost"],
      versions: { v1: "assets:old", v2: "assets:new" },
      stable: "v1",
      rollout: { canary: "v2", steps: ["50%", "100%"] },
      rules: [{ name: "new-zealand-first", when: { country: "NZ" }, serve: "canary" }],
      feedback: { shards: 1 },
    },
    forum: {
      hosts: ["forum.localhost"],
      versions: { v1: "assets:old", v2: "assets:new" },
      stable: "v1",
      rollout: { canary: "v2", steps: [{ weight: "50%", approval: true }, "100%"] },
      feedback: { shards: 1 },
    },
    docs: { versions: { v1: "assets:old" }, stable: "v1", default: true },
  },
});

const TOKENS = { HALFTONE_TOKENS: `ann:operator:${hash(OPERATOR)},ben:viewer:${hash(VIEWER)}` };

export async function startSite(name, { sites = config(), secrets = TOKENS } = {}) {
  const folders = {
    old: writeBuild(`${name}-old`, { "index.html": page("old") }),
    new: writeBuild(`${name}-new`, { "index.html": page("new") }),
  };
  return startWorker({ name, config: sites, folders, secrets });
}

export const at = (worker, host, path = "/") => Object.assign(new URL(path, worker.url), { hostname: `${host}.localhost` }).href;

/** Asks the admin API with a token, as a program does. */
export async function ask(worker, path, body, token = OPERATOR) {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await worker.fetch(at(worker, "admin", `/api/v1/${path}`), {
    ...init,
    headers: { authorization: `Bearer ${token}` },
  });
  const said = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(said)}`);
  return said;
}

async function controller(worker, site) {
  for (const id of await worker.objects("CONTROLLER")) {
    const sql = await worker.storage("CONTROLLER", id);
    const facts = await sql.exec("SELECT value FROM helm WHERE name = 'site'").catch(() => []);
    if (facts[0]?.value === site) return sql;
  }
  throw new Error(`site ${site} has no Controller yet`);
}

/** The number of the attempt that runs: it stands in the cookie of whoever is drawn. */
async function attempt(worker, site) {
  const response = await worker.navigate(at(worker, site));
  await response.body?.cancel();
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith("halftone="));
  return String(Number.parseInt(cookie.split(":")[5], 36));
}

/**
 * Puts counts into a site's ledger. `arms` is `{ canary: { trials, missing, ... }, stable: { ... } }`, with `step` and `odds`
 * ("500|9500") of the draw. A guard's bad trials are its votes, too, each from a network of its own. `drops` and `taken` are what was
 * dropped, by reason, and how many beacons were taken today.
 */
export async function fill(worker, site, { step = 1, odds = "500|9500", place = "-", arms, drops = {}, taken }) {
  const rollout = await attempt(worker, site);
  const sql = await controller(worker, site);
  const { rollout: run, stable } = await ask(worker, `status?site=${site}`);
  // All at once: the Controller may look at any moment, and is not to find one arm without the other.
  const statements = [];
  const put = (table, values, otherwise) =>
    statements.push(`INSERT INTO ${table} VALUES (${values.map((value) => JSON.stringify(value).replaceAll('"', "'")).join(", ")})
      ON CONFLICT DO ${otherwise};`);
  for (const [arm, counts] of Object.entries(arms)) {
    const version = arm === "canary" ? run.canary : stable;
    const key = `drawn|${arm[0]}|${version}|${step}|${place}|${odds}`;
    const { trials, draws = trials, proven = draws, cold_trials = trials, slow_trials = trials, ...rest } = counts;
    const all = { draws, proven, trials, cold_trials, slow_trials, ...rest };
    for (const [counter, n] of Object.entries(rest))
      if (!counter.includes("#") && !counter.startsWith("pages")) all[`vote.${counter}`] = n;
    for (const [counter, n] of Object.entries(all))
      put("totals (rollout, shard, key, n)", [rollout, "0", `${key}|${counter}`, n], "UPDATE SET n = excluded.n");
    if (arm !== "canary") continue;
    for (const counter of Object.keys(rest).filter((name) => !name.includes("#") && !name.startsWith("pages")))
      for (let n = 0; n < 12; n++)
        put("networks (rollout, guard, network, taken, canary)", [rollout, counter, `network ${n}`, 1, 1], "NOTHING");
  }
  for (const [reason, n] of Object.entries(drops)) put("drops (reason, n)", [reason, n], "UPDATE SET n = excluded.n");
  if (taken !== undefined)
    put("budget (day, beacons)", [Math.floor(Date.now() / 86_400_000), taken], "UPDATE SET beacons = excluded.beacons");
  put("helm (name, value)", [`newest ${rollout}`, Date.now()], "UPDATE SET value = excluded.value");
  await sql.exec(statements.join("\n"));
}

/** The bin of a vital's value, as `beacon::histogram` has them. */
function bin(value) {
  if (value < 100) return value;
  const doubling = Math.floor(Math.log2(value / 100));
  return 100 + 50 * doubling + Math.floor((value - 100 * 2 ** doubling) / 2 ** (doubling + 1));
}

/** So many different values a vital has. */
const VALUES = 40;

/** Counters of a vital of so many pages: most values are near a middle, and slow ones further away than fast ones. */
export function spread(vital, middle, pages) {
  const counters = {};
  for (let n = 0; n < VALUES; n++) {
    const part = (n + 0.5) / VALUES;
    const name = `${vital}#${bin(Math.round(middle * (part / (1 - part)) ** 0.25))}`;
    counters[name] = (counters[name] ?? 0) + Math.round(pages / VALUES);
  }
  return counters;
}

/**
 * A course that a site might have had: for each frame the counts are put into the ledger, and what the Worker says of them is kept as
 * a point of the past. `frames` are `{ at_ms, ...what fill takes }`.
 */
export async function lapse(worker, site, frames) {
  const sql = await controller(worker, site);
  for (const { at_ms, ...counts } of frames) {
    await fill(worker, site, counts);
    const { now } = await ask(worker, `series?site=${site}`);
    const point = JSON.stringify({ ...now, at_ms }).replaceAll("'", "''");
    await sql.exec(`INSERT OR REPLACE INTO points (at, point) VALUES (${at_ms}, '${point}')`);
  }
  // What the Controller kept itself meanwhile is of another course.
  await sql.exec(`DELETE FROM points WHERE at > ${frames.at(-1).at_ms}`);
}

/** Lets what was decided in entries behind `after` have been decided at a time, and points that were kept at it be gone. */
export async function backdate(worker, site, after, at_ms) {
  const sql = await controller(worker, site);
  await sql.exec(`UPDATE log SET at = ${at_ms} WHERE seq > ${after}; DELETE FROM points WHERE at > ${at_ms}`);
  const [{ seq }] = await sql.exec("SELECT max(seq) AS seq FROM log");
  return seq;
}

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page as it stands: a line for each kind. */
export async function axe(page) {
  // Evaluated, not put into the page: the page's policy takes no script but its own.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ; ")}`);
}
