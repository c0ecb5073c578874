// How long the edge gives a canary after it was rolled back: hundreds of isolates in many data centres, busy ones and idle ones, on a
// clock of their own. What an isolate does is the Worker's own code; Controller, KV and caches are stood in for, so that they can be slow,
// out or behind. `node --test tests/e2e/rollback-time.test.mjs` prints the table of docs/control.md.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { after, before, mock, test } from "node:test";
import { LiveSites } from "../../src/edge/live.mjs";
import { random } from "./population.mjs";

const SEED = 7;
const ISOLATES = 240;
const DATA_CENTRES = 24;
/** Everybody has been served for so long when it is rolled back, and is watched for so long after it, ms. */
const BEFORE_MS = 40_000;
const AFTER_MS = 40_000;
const TICK_MS = 10;
/** After that long nobody gets the canary: the law. */
const LAW_MS = 10_000;

const place = new AsyncLocalStorage();
let chance;

before(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  mock.method(Math, "random", () => chance());
  globalThis.caches = {
    get default() {
      return place.getStore();
    },
  };
});
after(() => mock.reset());

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** What a data centre keeps. */
class Cache {
  async match() {
    return this.kept && Date.now() < this.until ? new Response(this.kept) : undefined;
  }

  async put(_, response) {
    this.until = Date.now() + 1000 * Number(/max-age=(\d+)/.exec(response.headers.get("cache-control"))[1]);
    this.kept = await response.text();
  }
}

/** What an isolate serves by: the first word of the text in force. */
class Engine {
  sites = [["shop", "-"]];
  text = "canary 1";
  get draws() {
    return this.text.startsWith("canary");
  }
  adopt(text) {
    this.text = text;
    return true;
  }
  say() {}
}

/** A site: its Controller, what that writes to KV, and how each of them is. */
class Site {
  constructor({ answersMs = 40, controller = "there", kvBehindMs = 0 }) {
    Object.assign(this, { answersMs, controller, kvBehindMs });
    this.value = "1 live canary 1";
    this.older = this.value;
    this.at = 0;
    this.env = {
      CONTROLLER: { getByName: () => ({ live: () => this.live() }) },
      PLANS: { get: () => sleep(20).then(() => (Date.now() < this.at + this.kvBehindMs ? this.older : this.value)) },
    };
  }

  async live() {
    const isOut = this.controller !== "there" && this.at > 0;
    await sleep(isOut && this.controller === "silent" ? 600_000 : this.answersMs * (0.5 + chance()));
    if (isOut) throw new Error("it is out");
    return this.value;
  }

  rollBack() {
    this.at = Date.now();
    this.value = "2 live stable 2";
  }
}

/** When pages are asked of an isolate: every so many ms on average. */
async function watch(options, everyMs) {
  chance = random(SEED);
  const [site, seen] = [new Site(options), []];
  const caches = Array.from({ length: DATA_CENTRES }, () => new Cache());
  const ctx = { waitUntil: (promise) => promise.catch(() => {}) };
  const isolates = Array.from({ length: ISOLATES }, (_, n) => ({
    cache: caches[n % DATA_CENTRES],
    live: new LiveSites(),
    engine: new Engine(),
    next: Date.now() + chance() * everyMs,
  }));
  const navigate = async ({ live, engine }) => {
    const wait = live.look(site.env, ctx, engine, Date.now());
    if (wait) await wait;
    seen.push([Date.now(), engine.draws]);
  };
  const end = Date.now() + BEFORE_MS + AFTER_MS;
  while (Date.now() < end) {
    if (site.at === 0 && Date.now() >= end - AFTER_MS) site.rollBack();
    for (const isolate of isolates) {
      if (isolate.next > Date.now()) continue;
      isolate.next = Date.now() + everyMs * (0.5 + chance());
      place.run(isolate.cache, () => navigate(isolate));
    }
    mock.timers.tick(TICK_MS);
    await new Promise((done) => setImmediate(done));
  }
  const late = seen.filter(([at, isCanary]) => isCanary && at > site.at).map(([at]) => at - site.at);
  return {
    pages: seen.filter(([at]) => at > site.at).length,
    canary: late.length,
    last: Math.max(0, ...late),
    later: late.filter((ms) => ms > LAW_MS).length,
  };
}

const RATES = { "busy, a page every 0.1 s": 100, "a page every 3 s": 3000, "idle, a page every 25 s": 25_000 };
const CASES = {
  "all is well": {},
  "the Controller takes 1.5 s": { answersMs: 1000 },
  "KV is a minute behind": { kvBehindMs: 60_000 },
  "the Controller fails after it": { controller: "fails" },
  "the Controller is silent after it": { controller: "silent" },
};

test("after a rollback no page is of the canary later than ten seconds, as long as the plan can be reached", async () => {
  const rows = [];
  for (const [what, options] of Object.entries(CASES)) {
    for (const [who, everyMs] of Object.entries(RATES)) {
      const found = await watch(options, everyMs);
      rows.push({
        what,
        isolates: who,
        pages: found.pages,
        canary: found.canary,
        "last, s": found.last / 1000,
        "later than 10 s": found.later,
      });
    }
  }
  console.table(rows);
  for (const row of rows) assert.equal(row["later than 10 s"], 0, `${row.what}: ${row.isolates}`);
});

test("where neither Controller nor KV knows of it, what is known stays until one of them does", async () => {
  const rows = [];
  for (const [who, everyMs] of Object.entries(RATES)) {
    rows.push({ isolates: who, ...(await watch({ controller: "fails", kvBehindMs: 15_000 }, everyMs)) });
  }
  console.table(rows);
  // Fifteen seconds behind, and what the law allows from then on.
  for (const { isolates, last } of rows) assert.ok(last > LAW_MS && last <= 15_000 + LAW_MS, `${isolates}: ${last}`);
});
