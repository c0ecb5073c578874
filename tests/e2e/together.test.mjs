// Calls that wait at an object at the same time are taken in one go, and each is answered for itself.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { Visitor } from "./population.mjs";
import { ROOT } from "./worker.mjs";

/** As many as the object of together.mjs waits for. */
const CALLS = 12;

const config = {
  admin: { host: "admin.example" },
  sites: {
    shop: {
      hosts: ["shop.example"],
      versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
      stable: "v1",
      rollout: { canary: "v2", steps: ["50%"], decide: "never" },
      feedback: { shards: 1 },
    },
  },
};

let worker;
before(async () => {
  worker = new Plain("together", build("together", config, join(ROOT, "tests/e2e/together.mjs")));
  await worker.start();
});
after(() => worker?.kill());

/** What a visitor's page says, and how that is answered. */
async function said(visitor, goal) {
  try {
    return (await visitor.say({ e: "alive", at: 1 }, { e: "goal", name: goal })).status;
  } catch (error) {
    return Number(/was answered (\d+)/.exec(error.message)?.[1]);
  }
}

test("one that fails costs none of the others anything, and what these said is on disk before they know it", async () => {
  const visitors = [];
  for (let n = 0; n < CALLS; n++) {
    const visitor = new Visitor(worker);
    await visitor.open();
    visitors.push(visitor);
  }
  const goals = visitors.map((_, n) => (n === 5 ? "fault" : `goal-${n}`));
  const answers = await Promise.all(visitors.map((visitor, n) => said(visitor, goals[n])));
  await worker.kill();
  assert.deepEqual(
    answers,
    goals.map((goal) => (goal === "fault" ? 503 : 204)),
  );
  const rows = worker.rows("Intake", "SELECT goals FROM pages WHERE goals <> ''");
  assert.deepEqual(rows.map((row) => row.goals).sort(), goals.filter((goal) => goal !== "fault").sort());
});
