// A decision is kept whole or not at all, and once: transactions that fail before, inside of and after they are kept, and a process
// that is killed in the middle of decisions at moments chosen by chance. What is on disk afterwards is gone through again.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { eventually, random } from "./population.mjs";
import { ROOT } from "./worker.mjs";

const ROUNDS = 20;
/** A life ends after so many decisions at most, and so long after that at most. */
const MOST_DECISIONS = 12;
const MOST_MS = 300;
/** The same number gives the same wishes, as far as two processes side by side allow. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 32);

const config = {
  admin: { host: "admin.example" },
  sites: {
    shop: {
      hosts: ["shop.example"],
      versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
      stable: "v1",
      rollout: { canary: "v2", decide: "roll_back" },
      feedback: { shards: 1 },
    },
  },
};

/** Goes through a log again with the native program. */
function replay(entries) {
  const file = join(ROOT, "tests/.work/decisions.jsonl");
  writeFileSync(file, entries.map(({ seq, entry }) => `{"seq":${seq},"entry":${entry}}\n`).join(""));
  return execFileSync(join(ROOT, "target/release/halftone"), ["replay", file], { encoding: "utf8", stdio: "pipe" });
}

/** What is on disk of the site, and that it holds together. Nobody runs. */
function look(worker) {
  const entries = worker.rows("Controller", "SELECT seq, entry FROM log ORDER BY seq");
  const facts = Object.fromEntries(
    worker.rows("Controller", "SELECT name, value FROM helm").map(({ name, value }) => [name, value]),
  );
  const revisions = worker.rows("Controller", "SELECT revision FROM revisions ORDER BY revision").map(({ revision }) => revision);
  const decisions = entries.flatMap(({ entry }) => JSON.parse(entry).decisions);
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, at) => at + 1),
  );
  if (entries.length > 0) {
    assert.match(replay(entries), /the same again, bit for bit/);
    const { revision } = JSON.parse(facts.state);
    assert.equal(facts.revision, revision);
    assert.equal(decisions.at(-1).revision, revision);
    assert.deepEqual(revisions, [...new Set(decisions.map((decision) => decision.revision))], "each revision can be restored");
  }
  return { decisions, entries };
}

describe("a transaction that fails", () => {
  let worker;
  before(async () => {
    worker = new Plain("faulty", build("faulty", config, join(ROOT, "tests/e2e/faulty.mjs")));
    await worker.start();
  });
  after(() => worker?.kill());

  const status = async () => (await worker.admin("status")).json();

  for (const [how, isKept] of [
    ["before", false],
    ["inside", false],
    ["after", true],
  ]) {
    test(`${how} its rows are kept ${isKept ? "has" : "has not"} decided, and what is remembered is what is kept`, async () => {
      const then = await status();
      const answer = await worker.ask("advance", { why: `fail ${how}` });
      assert.ok(answer.status >= 500, `${answer.status}`);
      await answer.body?.cancel();
      const now = await status();
      assert.deepEqual([now.revision, now.rollout.step], [then.revision + isKept, then.rollout.step + isKept]);
      const again = await worker.ask("advance", { why: "once more" });
      assert.deepEqual(
        (await again.json()).decisions.map(({ revision, step }) => [revision, step]),
        [[now.revision + 1, [now.rollout.step, now.rollout.step + 1]]],
      );
    });
  }

  test("leaves a log that comes out the same again", async () => {
    await worker.kill();
    const { decisions } = look(worker);
    assert.deepEqual(
      decisions.filter(({ kind }) => kind === "advance").map(({ reason }) => reason),
      ["once more", "once more", "fail after", "once more"],
    );
  });
});

test(`after ${ROUNDS} kills in the middle of decisions none is lost, doubled or half kept`, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const chance = random(SEED);
  const below = (n) => Math.floor(chance() * n);
  const worker = new Plain("decisions", build("decisions", config));
  t.after(() => worker.kill());
  const wishes = ["advance", "pause", "resume", "rollback", "clear", "retry", "abort", "promote", "off", "on"];
  let number = 0;
  let acknowledged = [];
  for (let round = 0; round < ROUNDS; round++) {
    await worker.start();
    let isOver = false;
    const asked = new Set();
    const decided = [];
    const ask = async () => {
      while (!isOver) {
        const why = `wish ${number++}`;
        asked.add(why);
        try {
          const wish = wishes[below(wishes.length)];
          const answer = await worker.ask(wish, wish === "clear" ? { why, version: "v2" } : { why });
          const said = await answer.json();
          if (answer.status === 200) decided.push(...said.decisions);
          else assert.equal(answer.status, 409, JSON.stringify(said));
        } catch (error) {
          if (!isOver) throw error;
        }
      }
    };
    const writers = Promise.all([ask(), ask()]);
    const wanted = 1 + below(MOST_DECISIONS);
    const more = below(MOST_MS);
    await Promise.race([writers, eventually(() => decided.length >= wanted, `${wanted} decisions`)]);
    await Promise.race([writers, new Promise((done) => setTimeout(done, more))]);
    isOver = true;
    const said = await worker.kill();
    await writers;
    assert.doesNotMatch(said, /"level":"error"|exception/i);
    acknowledged = acknowledged.concat(decided);
    const { decisions } = look(worker);
    const kept = decisions
      .filter(({ reason }) => reason.startsWith("wish"))
      .map(({ reason, kind, revision }) => `${reason} ${kind} ${revision}`);
    assert.equal(new Set(kept).size, kept.length, "a wish is done once");
    for (const { reason, kind, revision } of acknowledged)
      assert.ok(
        kept.includes(`${reason} ${kind} ${revision}`),
        `${reason} (${kind}, revision ${revision}) was acknowledged and is not on disk`,
      );
  }
  t.diagnostic(`${acknowledged.length} decisions were acknowledged`);
});
