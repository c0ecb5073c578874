// What Intake tells the site's ledger: at most once a second, whatever happens, and nothing while nothing happens.
//
// The ledger writes down each report that it takes, by a trigger in its own database, so that reports are counted and not timed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { around, OPERATOR, TOKENS } from "./guests.mjs";
import { eventually } from "./population.mjs";
import { startWorker, writeBuild } from "./worker.mjs";

const FAST_MS = 33_000;
/** What reaches the ledger a moment late, or early, ms. */
const JITTER_MS = 500;

const config = {
  admin: { host: "localhost" },
  sites: {
    shop: {
      hosts: ["shop.localhost"],
      versions: { v1: "assets:v1", v2: "assets:v2" },
      stable: "v1",
      default: true,
      rollout: { canary: "v2", steps: ["50%"], decide: "never" },
      feedback: { shards: 1 },
    },
  },
};

let worker;
let shop;
let intake;
let ledger;
before(async () => {
  const page = (version) => writeBuild(`deltas-${version}`, { "index.html": `<!doctype html><title>${version}</title>` });
  const folders = { v1: page("v1"), v2: page("v2") };
  worker = await startWorker({ name: "deltas", config, folders, secrets: { HALFTONE_TOKENS: TOKENS } });
  shop = around(worker, OPERATOR);
  await shop.robot("shop.localhost");
  intake = await eventually(() => shop.intake("shop").catch(() => null), "the first note");
  ledger = await shop.controller("shop");
  await told();
  await ledger.exec(`CREATE TABLE reports (at REAL NOT NULL);
    CREATE TRIGGER report AFTER UPDATE ON rollouts BEGIN INSERT INTO reports SELECT unixepoch('subsec') * 1000; END`);
});
after(() => worker?.close());

const rows = async (sql, query) => (await sql.exec(query))[0].n;
/** Waits until the ledger knows all there is. */
const told = () =>
  eventually(
    async () =>
      (await rows(intake, "SELECT (SELECT count(*) FROM cells WHERE n > told) + (SELECT count(*) FROM votes) AS n")) === 0,
    "that all is told",
  );

/** Reports since the last look, and what they took, ms; the law holds of them. */
async function lawful() {
  const [{ n, ms }] = await ledger.exec("SELECT count(*) AS n, max(at) - min(at) AS ms FROM reports");
  await ledger.exec("DELETE FROM reports");
  assert.ok(n - 1 <= (ms + JITTER_MS) / 1000, `${n} reports within ${ms} ms`);
  return { n, ms };
}

test("under load the ledger is told once a second, and in the end all there is", async (t) => {
  const until = Date.now() + 5000;
  let views = 0;
  const visits = async () => {
    while (Date.now() < until) {
      // A robot's page is a count at once; a person's page is one when it is old.
      await Promise.all([
        shop.robot("shop.localhost"),
        shop.guest("shop.localhost").then((one) => one.say({ e: "alive", at: 1 })),
      ]);
      views += 1;
    }
  };
  await Promise.all(Array.from({ length: 6 }, visits));
  await shop.age("shop", FAST_MS);
  const counted = async (kind, name) =>
    (await shop.tallies("shop")).cells
      .filter((cell) => cell.class === kind)
      .reduce((sum, cell) => sum + (cell.counts[name] ?? 0), 0);
  await eventually(async () => (await counted("drawn", "pages_alive")) === views, "every page that was seen");
  await told();
  const { n, ms } = await lawful();
  assert.ok(n >= 3, `told ${n} times`);
  assert.ok(views > 5 * n, `${views} views of each kind`);
  assert.ok((await counted("bot", "pages")) > views);
  t.diagnostic(`${2 * views} page views were ${n} reports within ${Math.round(ms)} ms`);
});

test("what does not fit in one report waits for the next second, and arrives once", async (t) => {
  await told();
  await ledger.exec("DELETE FROM reports");
  const cell = "drawn|c|v2|1|-|5000|5000";
  await intake.exec(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
    INSERT INTO votes (guard, cell, network) SELECT 'errors', '${cell}', 'network' || n FROM numbers`);
  await shop.robot("shop.localhost");
  await told();
  const { n, ms } = await lawful();
  assert.ok(n >= 3, `told ${n} times`);
  assert.equal(await rows(ledger, "SELECT count(*) AS n FROM networks WHERE network LIKE 'network%'"), 5000);
  assert.equal(await rows(ledger, `SELECT n FROM totals WHERE key = '${cell}|vote.errors'`), 5000);
  t.diagnostic(`5000 votes were ${n} reports within ${Math.round(ms)} ms`);
});

test("while nothing happens the ledger is told nothing", async () => {
  await told();
  await ledger.exec("DELETE FROM reports");
  // No time at which it is to be told: several of the seconds in which it could be.
  await new Promise((done) => setTimeout(done, 3500));
  assert.equal(await rows(ledger, "SELECT count(*) AS n FROM reports"), 0);
  await shop.robot("shop.localhost");
  await eventually(async () => (await rows(ledger, "SELECT count(*) AS n FROM reports")) === 1, "one report of one page");
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
