// A beacon that was acknowledged is on disk, and counted once: the process is killed in the middle of load, at moments chosen
// by chance, and started again on the same files, thirty times. While it is dead time passes in its files, so lives begin with
// page views to be judged, told to the ledger and deleted, and may end in the middle of that.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { age, countsOf, Expected, isSettled, LONG_MS, openRows } from "./outcomes.mjs";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { eventually, random, Visitor } from "./population.mjs";

const ROUNDS = 30;
const WRITERS = 8;
/** A life ends some time after so many answers at most, and so long after that at most. */
const MOST_ANSWERS = 200;
const MOST_MS = 1500;
/** How long it is dead: page views are judged twice, at half a minute and at five minutes. */
const SLEEPS_MS = [0, 40_000, LONG_MS];
/** The same number gives the same load and the same moments, as far as two processes side by side allow. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 32);

const config = {
  admin: { host: "admin.example" },
  sites: {
    shop: {
      hosts: ["shop.example"],
      versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
      stable: "v1",
      rollout: { canary: "v2", steps: ["50%"], decide: "never" },
      feedback: { shards: 2 },
    },
  },
};

let worker;
const chance = random(SEED);
const below = (n) => Math.floor(chance() * n);
const oneOf = (list) => list[below(list.length)];

before(() => {
  worker = new Plain("durability", build("durability", config), { connections: WRITERS });
});
after(() => worker?.kill());

/** What one page says, request by request: each of its events once, in any order. */
function story() {
  const events = [
    { e: "alive", at: below(2000) },
    { e: "error", kind: oneOf(["error", "rejection", "script", "style"]), at: below(5000) },
    { e: "vital", name: "LCP", value: below(4000), id: "a" },
    { e: "goal", name: oneOf(["signup", "order"]) },
    { e: "soft" },
  ];
  const told = events.map((event) => [chance(), event]).sort(([a], [b]) => a - b);
  const requests = [];
  for (const [, event] of told.slice(0, 1 + below(events.length))) {
    if (requests.length > 0 && below(3) === 0) requests.at(-1).push(event);
    else requests.push([event]);
  }
  return requests;
}

/** One life of the process: who came, and what of what their pages said was acknowledged. */
class Life {
  visitors = [];
  answers = 0;
  isOver = false;

  /** Visitors come one after the other until the process is gone. */
  async #write() {
    while (!this.isOver) {
      const visitor = new Visitor(worker);
      const page = { id: "", said: [] };
      try {
        await visitor.open();
        page.id = /halftone=1:([^:]+)/.exec(visitor.cookie)[1];
        this.visitors.push(page);
        for (const events of story()) {
          const request = { events, acknowledged: false };
          page.said.push(request);
          await visitor.say(...events);
          request.acknowledged = true;
          this.answers += 1;
          // What is no sum may come twice.
          if (below(5) === 0 && !events.some(({ e }) => e === "error" || e === "soft")) await visitor.say(...events);
        }
      } catch (error) {
        if (!this.isOver) throw error;
      }
    }
  }

  /** Until so many answers, then some more: the moment is the point of it, nothing waits for it. */
  async live() {
    await worker.start();
    const writers = Promise.all(Array.from({ length: WRITERS }, () => this.#write()));
    const wanted = 1 + below(MOST_ANSWERS);
    const more = below(MOST_MS);
    await Promise.race([writers, eventually(() => this.answers >= wanted, `${wanted} answers`)]);
    await Promise.race([writers, new Promise((done) => setTimeout(done, more))]);
    this.isOver = true;
    const said = await worker.kill();
    await writers;
    assert.doesNotMatch(said, /"level":"error"|exception/i);
  }

  /** Every acknowledged event is in its row, and nothing is there that was not said. */
  check(rows) {
    const byVisitor = new Map(rows.map((row) => [row.visitor, row]));
    assert.equal(byVisitor.size, rows.length, "a visitor has one page view");
    for (const { id, said } of this.visitors) {
      const row = byVisitor.get(id);
      const events = said.flatMap(({ events, acknowledged }) => events.map((event) => ({ ...event, acknowledged })));
      if (row === undefined) {
        assert.ok(!events.some(({ acknowledged }) => acknowledged), `an acknowledged page view of ${id} is not on disk`);
        continue;
      }
      for (const event of events) {
        const found = isIn(row, event);
        assert.ok(found || !event.acknowledged, `${JSON.stringify(event)} is not in ${JSON.stringify(row)}`);
      }
      const most = (name) => events.filter(({ e }) => e === name).length;
      assert.ok(row.errors <= most("error") && row.soft <= most("soft"), `counted twice: ${JSON.stringify(row)}`);
      assert.ok((row.bits & 1) === 0 || most("alive") === 1, `nobody said so: ${JSON.stringify(row)}`);
    }
  }
}

function isIn(row, { e, value, name }) {
  if (e === "alive") return (row.bits & 1) !== 0;
  if (e === "error") return row.errors === 1 && (row.bits & 256) !== 0;
  if (e === "vital") return row.lcp === value;
  if (e === "goal") return row.goals.split(",").includes(name);
  return row.soft === 1;
}

test(`after ${ROUNDS} kills in the middle of load no acknowledged beacon is missing, and none is counted twice`, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const expected = new Expected();
  const known = new Set();
  let acknowledged = 0;
  let judgedInLife = 0;

  /** The process is dead: what this life left is looked at, then time passes. */
  const look = (life, ms) => {
    const rows = openRows(worker);
    const fresh = rows.filter(({ visitor }) => !known.has(visitor));
    life.check(fresh);
    for (const row of fresh) {
      known.add(row.visitor);
      expected.add(row);
    }
    age(worker, ms);
  };

  for (let round = 0; round < ROUNDS; round++) {
    const life = new Life();
    await life.live();
    acknowledged += life.answers;
    look(life, oneOf(SLEEPS_MS));
    const [{ n }] = worker.rows("Controller", "SELECT coalesce(sum(n), 0) AS n FROM totals WHERE key LIKE '%|pages'");
    judgedInLife = n;
  }
  t.diagnostic(
    `${acknowledged} acknowledged requests of ${known.size} visitors; ${judgedInLife} page views judged between kills`,
  );
  assert.ok(judgedInLife > 0, "page views were judged while the process was killed");

  // In peace now: the rest is judged.
  age(worker, LONG_MS);
  await worker.start();
  await wake();
  await eventually(() => isSettled(worker), "an end of what is to be judged");
  assert.deepEqual(countsOf(await (await worker.admin("tallies")).json()), expected.arms);
  assert.doesNotMatch(await worker.kill(), /"level":"error"/);
  const votes = worker.rows("Controller", "SELECT max(taken) AS n FROM networks");
  assert.deepEqual(
    votes.map(({ n }) => n),
    [1],
    "each visitor has a network, and no network two votes on a guard",
  );
});

/** Somebody comes to each object, which then looks at what it has. */
async function wake() {
  for (let n = 0; n < 24; n++) await new Visitor(worker).open();
}
