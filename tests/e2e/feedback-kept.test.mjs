// What is kept of beacons, for how long and up to how much; who is told of it, and how an operator asks.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { around, heard, OPERATOR, page, TOKENS } from "./guests.mjs";
import { eventually } from "./population.mjs";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const DAY_MS = 86_400_000;
const FAST_MS = 33_000;
const SLOW_MS = 303_000;

const config = {
  admin: { host: "localhost" },
  sites: {
    shop: heard("shop.localhost", { default: true }),
    brief: heard("brief.localhost", { feedback: { shards: 1, retention: "1d" } }),
    named: heard("named.localhost"),
  },
};

let worker;
let guest;
let tallies;
let intake;
let controller;
let age;
let robot;
let everybody;
before(async () => {
  const folders = Object.fromEntries(
    ["v1", "v2"].map((version) => [version, writeBuild(`kept-${version}`, { "index.html": page(version) })]),
  );
  worker = await startWorker({ name: "feedback-kept", config, folders, secrets: { HALFTONE_TOKENS: TOKENS } });
  ({ guest, tallies, intake, controller, age, robot, everybody } = around(worker, OPERATOR));
});
after(() => worker?.close());

test("names that pages choose are counted as such for the goals a guard watches and fifty others, of reports for fifty", async () => {
  const goals = Array.from({ length: 79 }, (_, n) => ({ e: "goal", name: `made-up-${n}` }));
  const said = [goals.slice(0, 20), goals.slice(20, 40), goals.slice(40, 60), [...goals.slice(60), { e: "goal", name: "order" }]];
  const others = [];
  for (const events of said) {
    const one = await guest("named.localhost", "v2");
    await one.say({ e: "alive", at: 1 }, ...events);
    others.push(one);
  }
  const reports = Array.from({ length: 80 }, (_, n) => ({ type: "crash", body: { reason: `reason-${n}` } }));
  const url = `http://named.localhost/_halftone/reports?t=${others[0].token}`;
  const headers = { "content-type": "application/reports+json" };
  assert.equal((await worker.fetch(url, { method: "POST", body: JSON.stringify(reports), headers })).status, 204);

  await age("named", FAST_MS);
  await eventually(async () => {
    const [watched] = await (await intake("named")).exec("SELECT value FROM facts WHERE name = 'watched'");
    const [left] = await (await intake("named")).exec("SELECT count(*) AS n FROM cells WHERE n > told");
    return watched?.value === "order" && left.n === 0;
  }, "what guards watch");
  await age("named", SLOW_MS - FAST_MS);
  const names = await eventually(async () => {
    const rows = await (await intake("named")).exec("SELECT key, n FROM cells WHERE key LIKE 'drawn|c|%'");
    const found = new Map(rows.map(({ key, n }) => [key.split("|").at(-1), n]));
    return found.has("pages_goal.order") && found;
  }, "the goals");
  const of = (prefix) => [...names.keys()].filter((name) => name.startsWith(prefix));
  assert.equal(of("pages_goal.").length, 52);
  assert.deepEqual([names.get("pages_goal.order"), names.get("goal.order")], [1, 1]);
  // Two of the pages met only goals that came too late to have a name, or some of them: each counts once.
  assert.equal(names.get("pages_goal.other"), 2);
  assert.equal(of("report.crash:").length, 51);
  assert.equal(names.get("report.crash:other"), 30);
  const votes = await eventually(async () => {
    const all = (await tallies("named")).cells.find(({ arm }) => arm === "canary");
    return Object.keys(all.counts).filter((name) => name.startsWith("vote.goal.")).length === 52 && all.counts;
  }, "a vote for each goal by its name");
  assert.equal(votes["vote.goal.other"], 2);
});

test("the ledger lets go of networks, shards and counts of rollouts that are over", async () => {
  await guest("named.localhost");
  const sql = await controller("named");
  const now = Date.now();
  const old = Array.from(
    { length: 25 },
    (_, n) => `INSERT INTO rollouts VALUES ('f${n}', ${now - 90 * DAY_MS - n}, 1);
    INSERT INTO totals VALUES ('f${n}', '', 'drawn|c|v2|1|-|5000|5000|trials', 1);`,
  );
  await sql.exec(`INSERT INTO rollouts VALUES ('young', ${now - 1000}, 0), ('over', ${now - 7_200_000}, 0), ('long', ${now - 40 * DAY_MS}, 0);
    INSERT INTO networks SELECT rollout, 'errors', 'hash', 1, 1 FROM rollouts WHERE rollout IN ('young', 'over', 'long');
    INSERT INTO guards SELECT rollout, guard, 1 FROM networks WHERE network = 'hash';
    INSERT INTO shards SELECT rollout, '0', 7 FROM guards WHERE rollout IN ('young', 'over', 'long');
    INSERT INTO totals VALUES ('long', '0', 'drawn|c|v2|1|-|5000|5000|trials', 3), ('long', '1', 'drawn|c|v2|1|-|5000|5000|trials', 4),
      ('long', '', 'drawn|c|v2|1|-|5000|5000|trials', 5), ('over', '0', 'drawn|c|v2|1|-|5000|5000|trials', 6);
    ${old.join("\n")}`);
  const rows = (query) => sql.exec(query);
  await eventually(
    async () => (await rows("SELECT 1 FROM rollouts WHERE rollout = 'f24'")).length === 0,
    "a look at what is over",
  );
  assert.deepEqual(await rows("SELECT rollout FROM networks WHERE network = 'hash'"), [{ rollout: "young" }]);
  assert.deepEqual(await rows("SELECT rollout FROM guards WHERE rollout IN ('over', 'long')"), []);
  assert.deepEqual(await rows("SELECT shard, n FROM totals WHERE rollout = 'long'"), [{ shard: "", n: 12 }]);
  assert.deepEqual(await rows("SELECT shard, n FROM totals WHERE rollout = 'over'"), [{ shard: "0", n: 6 }]);
  assert.deepEqual(await rows("SELECT rollout FROM shards WHERE rollout IN ('over', 'long')"), [{ rollout: "over" }]);
  const [{ n }] = await rows("SELECT count(*) AS n FROM rollouts");
  assert.equal(n, 20);
  const [{ kept }] = await rows("SELECT count(*) AS kept FROM totals WHERE rollout LIKE 'f%'");
  assert.equal(kept, 16, "with the one that runs and the three others the newest twenty");
});

test("an object is empty once its rows have been kept for long enough, and begins anew with what comes later", async () => {
  const one = await guest("brief.localhost");
  await one.say({ e: "alive", at: 1 });
  await age("brief", SLOW_MS);
  const sql = await intake("brief");
  await eventually(async () => (await sql.exec("SELECT 1 FROM pages")).length === 0, "an end of the row");
  const trials = async () => (await tallies("brief")).cells.reduce((sum, { counts }) => sum + (counts.trials ?? 0), 0);
  await eventually(async () => (await trials()) === 1, "the trial in the ledger");
  assert.deepEqual(
    await Promise.all(["draws", "networks", "cells"].map(async (table) => (await sql.exec(`SELECT 1 FROM ${table}`)).length > 0)),
    [true, true, true],
  );
  await sql.exec(`UPDATE facts SET value = value - ${1.1 * DAY_MS} WHERE name = 'last'`);
  await robot("brief.localhost");
  await eventually(async () => (await sql.exec("SELECT 1 FROM cells")).length === 0, "its end");
  for (const table of ["pages", "draws", "votes", "networks", "names"])
    assert.deepEqual(await sql.exec(`SELECT * FROM ${table}`), [], table);
  assert.deepEqual(await sql.exec("SELECT name FROM facts"), [{ name: "schema" }]);
  assert.equal(await trials(), 1, "the counts stay");

  const late = await guest("brief.localhost");
  await late.say({ e: "alive", at: 1 });
  await age("brief", SLOW_MS);
  await eventually(async () => (await sql.exec("SELECT 1 FROM cells WHERE n = told")).length > 0, "what comes later is told");
});

describe("on the command line", () => {
  // A process of its own that asks this one's Worker, so this one must not wait for it.
  const run = promisify(execFile);
  const halftone = async (...words) => {
    const url = Object.assign(new URL(worker.url), { hostname: "localhost" }).href;
    const env = { ...process.env, HALFTONE_URL: url, HALFTONE_TOKEN: OPERATOR };
    return (await run(join(ROOT, "target/release/halftone"), words, { env, encoding: "utf8" })).stdout;
  };

  test("halftone forget takes a visitor out", async () => {
    const one = await guest("named.localhost");
    const sql = await intake("named");
    const rows = async () => (await sql.exec("SELECT 1 FROM draws WHERE visitor = ?", one.id)).length;
    await eventually(async () => (await rows()) === 1, "the row");
    assert.match(await halftone("forget", one.id, "--site", "named"), /2/);
    assert.equal(await rows(), 0);
    await assert.rejects(halftone("forget", "nobody", "--site", "named"), /22 characters/);
  });
});

test("nothing of this was an error, and no log holds a visitor, a token or an address", () => {
  const logs = worker.logs();
  assert.deepEqual(
    logs.filter((line) => line.includes('"level":"error"')),
    [],
  );
  const personal = everybody.flatMap(({ cookie, token, more }) => [
    /halftone=1:([^:]+)/.exec(cookie)?.[1],
    token,
    more["cf-connecting-ip"],
  ]);
  assert.ok(personal.filter(Boolean).length >= 15);
  for (const line of logs) for (const word of personal) assert.ok(!word || !line.includes(word), line);
});
