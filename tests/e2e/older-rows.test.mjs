// A new release on the objects of an older one: their tables get what they lack, and the rows that are there are judged and gone on from.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { age, countsOf, isSettled, LONG_MS } from "./outcomes.mjs";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { eventually, Visitor } from "./population.mjs";

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
  worker = new Plain("older-rows", build("older-rows", config));
  await worker.start();
});
after(() => worker?.kill());

test("page views of the first schema are judged by the second, each goal by its name", async () => {
  const visitor = new Visitor(worker);
  await visitor.open();
  await visitor.say({ e: "alive", at: 1 }, { e: "goal", name: "contact" }, { e: "goal", name: "purchase" });
  await worker.kill();
  worker.each("Intake", (database) =>
    database.exec(`ALTER TABLE draws DROP COLUMN goals; DROP TABLE networks; DROP TABLE names;
      UPDATE facts SET value = 1 WHERE name = 'schema'`),
  );
  age(worker, LONG_MS);
  await worker.start();
  await visitor.open();
  await eventually(() => isSettled(worker), "an end of what is to be judged");
  const arms = countsOf(await (await worker.admin("tallies")).json());
  const counts = arms[visitor.version === "v2" ? "canary" : "stable"];
  const names = ["trials", "missing", "vote.goal.contact", "vote.goal.purchase"];
  assert.deepEqual(
    names.map((name) => counts[name]),
    [1, undefined, 1, 1],
  );
  const [{ schema }] = worker.rows("Intake", "SELECT value AS schema FROM facts WHERE name = 'schema'");
  const [{ goals }] = worker.rows("Intake", "SELECT goals FROM draws");
  assert.deepEqual([schema, goals], [2, "contact,purchase"]);
});

test("a Controller of the first schema goes on where it was, and knows what its old revisions gave", async () => {
  const before = await (await worker.admin("status")).json();
  await worker.kill();
  worker.each("Controller", (database) =>
    database.exec(`DROP TABLE heard; DROP TABLE points; DROP TABLE sources; ALTER TABLE revisions DROP COLUMN gives;
      UPDATE schema SET version = 1`),
  );
  await worker.start();
  const { phase, rollout, revision } = await (await worker.admin("status")).json();
  assert.deepEqual([phase, rollout.step, revision], [before.phase, before.rollout.step, before.revision]);
  const { revisions } = await (await worker.admin("revisions")).json();
  assert.deepEqual(revisions[0].gives, ["v1", "v2"]);
  assert.equal((await worker.ask("pause", { why: "a look" })).status, 200);
  const { points } = await (await worker.admin("series")).json();
  assert.equal(points.at(-1).phase, "paused");
  const [{ version }] = worker.rows("Controller", "SELECT version FROM schema");
  assert.ok(version > 1, `${version}`);
});
