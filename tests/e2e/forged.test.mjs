// What liars reach: nothing with beacons they made up, and their network's share with visitors they made up.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { BODIES, KINDS, lie } from "./forgeries.mjs";
import { age, countsOf, Expected, isSettled, LONG_MS, openRows, total } from "./outcomes.mjs";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { eventually, random, Visitor, visit } from "./population.mjs";

const FORGED = 100_000;
const MINTED = 10_000;
const HONEST = 2000;
const CONNECTIONS = 64;
/** Beacons in one body, at most. */
const MOST = 9;
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 32);

const site = (host) => ({
  hosts: [host],
  versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
  stable: "v1",
  rollout: { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"] },
  feedback: { shards: 2 },
});
const config = {
  admin: { host: "admin.example" },
  sites: { shop: { ...site("shop.example"), default: true }, blog: site("blog.example") },
};

const chance = random(SEED);
const below = (n) => Math.floor(chance() * n);

let built;
before(() => {
  built = build("forged", config);
});

const talliesOf = async (worker) => (await worker.admin("tallies?site=shop")).json();

/**
 * Kills the Worker, lets everything get old and starts it again, until all is judged and told; gives the tallies. Visitors from
 * before wake its objects, by saying of pages that are old by then that they could not read their tokens.
 */
async function judged(worker, visitors) {
  assert.doesNotMatch(await worker.kill(), /"level":"error"/);
  age(worker, LONG_MS);
  await worker.start();
  for (const visitor of visitors.slice(0, 24)) await visitor.say({ t: "-", e: "untested" });
  await eventually(() => isSettled(worker), "an end of what is to be judged");
  return talliesOf(worker);
}

describe("beacons that are forged", () => {
  let worker;
  before(async () => {
    worker = new Plain("forged", built, { connections: CONNECTIONS });
    await worker.start();
  });
  after(() => worker?.kill());

  /** What a liar has: pages of their own, and what they overheard. */
  async function liar() {
    const other = new Visitor(worker);
    await other.open();
    await other.say({ e: "alive", at: 9 });
    const blog = new Visitor(worker);
    await blog.open("http://blog.example/");
    const own = new Visitor(worker);
    await own.open("/", { "sec-purpose": "prefetch" });
    const ahead = { token: own.token };
    await own.open();
    await own.say({ e: "alive", at: 9 }, { e: "goal", name: "signup" });
    return { own, other, ahead, blog };
  }

  /** One request of a kind: what is sent, how it is answered, and how many beacons are dropped why. */
  function forged(name, found) {
    if (name in BODIES) {
      const { status, drops, type = "text/plain", body } = BODIES[name];
      return { status, drops, n: 1, type, cookie: found.own.cookie, body: body(found) };
    }
    const { drops, token, beacon, cookie = ({ own }) => own.cookie } = KINDS[name];
    const n = 1 + below(MOST);
    const beacons = Array.from({ length: n }, () => (beacon ? beacon(found, below) : { ...lie(below), t: token(found, below) }));
    return { status: 204, drops, n, type: "application/json", cookie: cookie(found), body: JSON.stringify(beacons) };
  }

  test(`${FORGED} of them change no count and no vote, and are counted by why they were dropped`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const found = await liar();
    const visitors = [];
    await visit(worker, 300, (visitor) => {
      visitors.push(visitor);
      return [
        { e: "alive", at: 100 },
        ...(below(5) === 0 ? [{ e: "error", kind: "error", at: 200 }] : []),
        ...(below(3) === 0 ? [{ e: "goal", name: "signup" }] : []),
        { e: "vital", name: "LCP", value: 1000, id: "a" },
      ];
    });
    const before = openRows(worker);
    assert.equal(before.length, 302, "the visitors, the liar and who they overheard");

    const names = [...Object.keys(KINDS), ...Object.keys(BODIES)];
    const drops = {};
    let sent = 0;
    const began = Date.now();
    const one = async () => {
      while (sent < FORGED) {
        const name = names[below(names.length)];
        const { status, drops: why, n, type, cookie, body } = forged(name, found);
        sent += n;
        drops[why] = (drops[why] ?? 0) + n;
        const headers = { cookie, "content-type": type, "cf-connecting-ip": `${1 + below(223)}.${below(256)}.${below(256)}.1` };
        const answer = await worker.fetch("/_halftone/in", { method: "POST", headers, body });
        assert.equal(answer.status, status, `${name}: ${await answer.text()}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
    t.diagnostic(`${sent} beacons in ${((Date.now() - began) / 1000).toFixed(1)} s: ${JSON.stringify(drops)}`);

    assert.deepEqual(openRows(worker), before);
    const sum = (counts) => Object.values(counts).reduce((all, n) => all + n, 0);
    const told = await eventually(
      async () => {
        // What an isolate dropped is told with a later request.
        await found.own.say({ e: "ask" });
        const now = (await talliesOf(worker)).drops;
        return sum(now) >= sum(drops) && now;
      },
      `${sum(drops)} drops in the ledger`,
    );
    assert.deepEqual(told, Object.fromEntries(Object.entries(drops).sort()));

    const expected = new Expected();
    for (const row of before) expected.add(row);
    const counted = countsOf(await judged(worker, visitors));
    t.diagnostic(`votes on errors: ${total(counted, "vote.errors")} of ${expected.total("vote.errors")}`);
    assert.deepEqual(counted, expected.arms);
  });
});

describe("visitors that are made up", () => {
  let worker;
  beforeEach(async () => {
    worker = new Plain("minted", built);
    await worker.start();
  });
  afterEach(() => worker?.kill());

  /** Visitors of one network; of the canary they say the worst, of stable the best. */
  const mint = (count) =>
    visit(
      worker,
      count,
      ({ version }) => [
        { e: "alive", at: 100 },
        { e: "vital", name: "LCP", value: version === "v2" ? 9000 : 100, id: "a" },
        { e: "vital", name: "CLS", value: version === "v2" ? 2 : 0, id: "b" },
        ...(version === "v2" ? [{ e: "error", kind: "error", at: 100 }] : []),
      ],
      { headers: (n) => ({ "cf-connecting-ip": `203.0.113.${n % 256}` }) },
    );

  test(`${MINTED} of one network have ten votes on a guard, or two in a hundred, and fifty trials, or five in a hundred; everybody else has all of theirs`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const visitors = [];
    const votes = { canary: 0, stable: 0 };
    const began = Date.now();
    const minted = [await mint(MINTED / 2)];
    await visit(worker, HONEST, (visitor) => {
      visitors.push(visitor);
      if (below(5) > 2) return [{ e: "alive", at: 100 }];
      votes[visitor.version === "v2" ? "canary" : "stable"] += 1;
      return [
        { e: "alive", at: 100 },
        { e: "error", kind: "error", at: 100 },
      ];
    });
    minted.push(await mint(MINTED / 2));
    const shares = worker.rows(
      "Intake",
      "SELECT kind, network, trials, (SELECT sum(trials) FROM networks) AS every FROM networks",
    );
    t.diagnostic(`${MINTED + HONEST} visitors in ${((Date.now() - began) / 1000).toFixed(1)} s`);

    const counted = countsOf(await judged(worker, visitors));
    const networks = worker.rows("Controller", "SELECT guard, taken, canary FROM networks ORDER BY taken DESC");
    const said = minted.reduce((all, { byVersion }) => all + byVersion.v2, 0);
    for (const guard of ["errors", "poor_lcp", "poor_cls"]) {
      const [theirs, ...others] = networks.filter((network) => network.guard === guard);
      const all = total(counted, `vote.${guard}`);
      t.diagnostic(`${guard}: ${said} votes of the network, ${theirs.taken} taken; ${all} votes in all`);
      assert.ok(theirs.taken >= 10 && theirs.taken <= Math.max(10, Math.floor(all / 50)));
      assert.equal(total(counted, `refused.${guard}`), said - theirs.taken);
      assert.ok(others.every(({ taken }) => taken === 1));
      const [canary, stable] = guard === "errors" ? [votes.canary, votes.stable] : [0, 0];
      assert.deepEqual(
        [counted.canary[`vote.${guard}`] - theirs.canary, counted.stable[`vote.${guard}`] ?? 0],
        [canary, stable],
        "each honest visitor's vote is taken",
      );
      if (guard === "errors") assert.ok(theirs.taken > 10, "among so many votes a network has more than ten");
    }

    // In each object: the trials of the network, of all of them; nobody else has more than one.
    const theirs = shares.filter(({ trials }) => trials > 1);
    assert.equal(theirs.length, 2);
    for (const { trials, every } of theirs) assert.ok(trials >= 50 && trials <= Math.max(50, Math.floor(every / 20)));
    const taken = theirs.reduce((sum, { trials }) => sum + trials, 0);
    assert.equal(new Set(theirs.map(({ network }) => network)).size, 1);
    for (const counter of ["trials", "slow_trials", "cold_trials"])
      assert.equal(total(counted, counter), HONEST + taken, counter);
    assert.equal(total(counted, "over_network"), MINTED - taken);
    for (const counter of ["draws", "proven"]) assert.equal(total(counted, counter), MINTED + HONEST, "before any bound");
    t.diagnostic(`trials: ${taken} of the network's ${MINTED} taken, of ${HONEST + taken} in all`);
    for (const guard of ["errors", "poor_lcp", "poor_cls"]) {
      const honest = guard === "errors" ? votes : { canary: 0, stable: 0 };
      const bad = { canary: counted.canary[guard] ?? 0, stable: counted.stable[guard] ?? 0 };
      t.diagnostic(`${guard}: ${bad.canary - honest.canary} of the network's bad trials, ${said} were said`);
      assert.ok(bad.canary - honest.canary > 0 && bad.canary - honest.canary < taken, guard);
      assert.equal(bad.stable, honest.stable, guard);
    }
  });

  test("500 of one network that see a white page, of the canary alone, do not take it back", async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const visitors = [];
    // Of both versions every seventh visitor's page stays white, as where scripts are blocked: many networks say so.
    const seen = { v1: 0, v2: 0 };
    await visit(worker, HONEST, (visitor) => {
      visitors.push(visitor);
      return seen[visitor.version]++ % 7 === 0 ? [] : [{ e: "alive", at: 100 }];
    });
    const { byVersion } = await visit(worker, 500, ({ version }) => (version === "v2" ? [] : [{ e: "alive", at: 100 }]), {
      headers: (n) => ({ "cf-connecting-ip": `203.0.113.${n % 256}` }),
    });
    const counted = countsOf(await judged(worker, visitors));
    t.diagnostic(`white pages: ${counted.canary.missing} of the canary, ${counted.stable.missing} of stable`);
    const honest = Math.ceil(seen.v2 / 7);
    assert.equal(counted.canary["vote.missing"] + counted.canary["refused.missing"], honest + byVersion.v2);
    assert.ok(counted.canary.missing - honest < total(counted, "trials") / 20 + 100, "trials are bounded, votes more so");
    const status = async () => (await worker.admin("status?site=shop")).json();
    const since = Date.now();
    // The Controller looks at the evidence again and again while a rollout goes on, and not any more once it is over.
    const { phase } = await eventually(async () => {
      const now = await status();
      return (now.looked_ms > since || now.phase === "rolled_back") && now;
    }, "a look at the evidence");
    assert.equal(phase, "ramping");
  });
});
