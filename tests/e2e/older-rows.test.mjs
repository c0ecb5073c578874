// A new release on the objects of an older one: their tables are made into those of today, and the rows that are there are judged and
// gone on from.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
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

const NUMBERS = `bits INTEGER NOT NULL, ttfb INTEGER, fcp INTEGER, lcp INTEGER, inp INTEGER, cls INTEGER,
  errors INTEGER NOT NULL DEFAULT 0, soft INTEGER NOT NULL DEFAULT 0, goals TEXT NOT NULL DEFAULT ''`;
/** Rows as the second schema had them: each with the whole name of its cell. */
const SECOND = `
  ALTER TABLE pages RENAME TO pages_3;
  ALTER TABLE draws RENAME TO draws_3;
  CREATE TABLE pages (page TEXT PRIMARY KEY, visitor TEXT NOT NULL, cell TEXT NOT NULL, network TEXT NOT NULL, ${NUMBERS}) WITHOUT ROWID;
  CREATE TABLE draws (visitor TEXT NOT NULL, cell TEXT NOT NULL, page TEXT NOT NULL, voted INTEGER NOT NULL DEFAULT 0,
    goals TEXT NOT NULL DEFAULT '', PRIMARY KEY (visitor, cell)) WITHOUT ROWID;
  INSERT INTO pages SELECT page, visitor, cell, network, bits, ttfb, fcp, lcp, inp, cls, errors, soft, goals
    FROM pages_3 JOIN cell_names USING (cell_number);
  INSERT INTO draws SELECT visitor, cell, page, voted, goals FROM draws_3 JOIN cell_names USING (cell_number);
  DROP TABLE pages_3; DROP TABLE draws_3; DROP TABLE cell_names;
  UPDATE facts SET value = 2 WHERE name = 'schema'`;
/** And the first: goals were not kept with draws, networks had no trials, names were not bounded. */
const FIRST = `${SECOND};
  ALTER TABLE draws DROP COLUMN goals; DROP TABLE networks; DROP TABLE names;
  UPDATE facts SET value = 1 WHERE name = 'schema'`;

/** Who was drawn, and on which page. */
const draws = (worker) =>
  worker.rows("Intake", "SELECT visitor, page FROM draws ORDER BY visitor").map(({ visitor, page }) => `${visitor} ${page}`);

let made;
before(() => {
  made = build("older-rows", config);
});

for (const [name, older] of Object.entries({ first: FIRST, second: SECOND })) {
  describe(`page views of the ${name} schema`, () => {
    let worker;
    before(async () => {
      worker = new Plain(`older-rows-${name}`, made);
      await worker.start();
    });
    after(() => worker?.kill());

    test("are judged by the third, each by its cell and each goal by its name", async () => {
      const visitors = [];
      // One of each version.
      while (new Set(visitors.map(({ version }) => version)).size < 2) {
        const visitor = new Visitor(worker);
        await visitor.open();
        if (visitors.some(({ version }) => version === visitor.version)) continue;
        await visitor.say({ e: "alive", at: 1 }, { e: "goal", name: "contact" }, { e: "goal", name: visitor.version });
        visitors.push(visitor);
      }
      await worker.kill();
      worker.each("Intake", (database) => database.exec(older));
      age(worker, LONG_MS);
      const before = draws(worker);
      await worker.start();
      for (const visitor of visitors) await visitor.open();
      await eventually(() => isSettled(worker), "an end of what is to be judged");
      assert.deepEqual(draws(worker), before, "whoever was drawn is not drawn anew");
      const arms = countsOf(await (await worker.admin("tallies")).json());
      const counted = (arm, ...names) => names.map((counter) => arms[arm][counter]);
      const votes = ["vote.goal.contact", "vote.goal.v1", "vote.goal.v2"];
      assert.ok(arms.canary.trials >= 1 && arms.stable.trials >= 1);
      assert.deepEqual(counted("stable", ...votes), [1, 1, undefined]);
      assert.deepEqual(counted("canary", ...votes), [1, undefined, 1]);
      const [{ schema }] = worker.rows("Intake", "SELECT value AS schema FROM facts WHERE name = 'schema'");
      const goals = worker.rows("Intake", "SELECT goals FROM draws WHERE goals <> '' ORDER BY goals");
      assert.deepEqual([schema, ...goals.map((row) => row.goals)], [3, "contact,v1", "contact,v2"]);
      const tables = worker.rows("Intake", "SELECT name FROM sqlite_master WHERE name IN ('pages_2', 'draws_2')");
      assert.deepEqual(tables, []);
    });
  });
}

describe("a Controller of the first schema", () => {
  let worker;
  before(async () => {
    worker = new Plain("older-rows-controller", made);
    await worker.start();
  });
  after(() => worker?.kill());

  test("goes on where it was, and knows what its old revisions gave", async () => {
    await new Visitor(worker).open();
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
});
