// Breaks what is behind the decision: the plan, the objects and what is between them. Pages come all the same, from the plan that
// could be read last, and the log says why once.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { age, eventually, Visitor, visit } from "./population.mjs";
import { said, startWorker, writeBuild } from "./worker.mjs";

const ALIVE = [{ e: "alive", at: 100 }];

const page = (name, id) => writeBuild(`broken-${name}-${id}`, { "index.html": `<!doctype html><title>${id}</title>${id}` });
const folders = (name) => ({ v1: page(name, "v1"), v2: page(name, "v2") });
const site = (rollout) => ({
  versions: { v1: "assets:v1", v2: "assets:v2" },
  stable: "v1",
  rollout: { canary: "v2", decide: "never", ...rollout },
  feedback: { shards: 1 },
});

/** What went wrong, by message; that a rollout began is in the log too. */
const complaints = (worker) =>
  worker
    .logs()
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level !== "info")
    .map(({ message }) => message);

/** The one object of a class that has a table. */
async function storageWith(worker, name, table) {
  for (const id of await worker.objects(name)) {
    const sql = await worker.storage(name, id);
    const found = await sql.exec(`SELECT name FROM sqlite_master WHERE name = '${table}'`);
    if (found.length > 0) return sql;
  }
  throw new Error(`no ${name} has a table ${table}`);
}

describe("a Controller that is out", () => {
  let worker;
  before(async () => {
    worker = await startWorker({
      name: "broken-controller",
      config: { sites: { shop: site({ steps: ["100%"] }) } },
      folders: folders("controller"),
    });
  });
  after(() => worker?.close());

  test("leaves what it wrote down last, and rubbish there is not taken", async () => {
    assert.equal(said(await worker.navigate("/")).version, "v2");
    const { PLANS } = await worker.env();
    const older = await eventually(() => PLANS.get("live/shop"), "a site that is written down");
    const { shop } = await worker.publish({ sites: { shop: site({ steps: ["100%"], step: 0 }) } });
    await eventually(async () => said(await worker.navigate("/")).revision === String(shop), "the published site in force");
    assert.equal(said(await worker.navigate("/")).version, "v1");

    const sql = await storageWith(worker, "CONTROLLER", "helm");
    await sql.exec("ALTER TABLE helm RENAME TO gone");
    await PLANS.put("live/shop", `${shop + 1} live halftone-live/3 rubbish`);
    await eventually(async () => {
      const response = await worker.navigate("/");
      assert.deepEqual([response.status, said(response).version], [200, "v1"]);
      return complaints(worker).includes("a live site can not be taken; serving the last one");
    }, "that what is written down is found to be rubbish");

    await PLANS.put("live/shop", `${shop + 2} live ${older.split(" live ")[1]}`);
    await eventually(async () => said(await worker.navigate("/")).version === "v2", "what is written down in force");
    const said1 = complaints(worker);
    assert.equal(said1.length, new Set(said1).size, said1.join("\n"));
    assert.ok(said1.includes("a Controller did not answer; the last plan it wrote down is served"));

    await sql.exec("ALTER TABLE gone RENAME TO helm");
    await eventually(async () => (await worker.admin("status?site=shop")).revision === shop, "that it is back");
  });
});

describe("a Controller whose code can not be loaded", () => {
  test("says what was in force all the same, and what it is asked to do is refused", async () => {
    const worker = await startWorker({
      name: "broken-control",
      config: { sites: { shop: site({ steps: ["100%"] }) } },
      folders: folders("control"),
      keeps: true,
    });
    try {
      await worker.admin("rollback?site=shop", { why: "a test" });
      const { revision } = await worker.admin("status?site=shop");
      // What the last build says of itself: the canary for everybody. What it wrote down is gone, so only the Controller can know.
      await (await worker.env()).PLANS.delete("live/shop");
      await worker.restart((folder) => writeFileSync(join(folder, "control_bg.wasm"), "no WebAssembly"));
      await eventually(async () => said(await worker.navigate("/")).revision === String(revision), "the revision in force");
      assert.equal(said(await worker.navigate("/")).version, "v1");
      await assert.rejects(worker.admin("promote?site=shop", { why: "a test" }), /5\d\d/);
      await eventually(
        () => complaints(worker).includes("a Controller could not be started; what was in force stays, and nothing moves"),
        "that the log says so",
      );
      assert.equal(said(await worker.navigate("/")).version, "v1");
    } finally {
      await worker.close();
    }
  });
});

describe("without", () => {
  const bare = async (name, without) =>
    startWorker({ name, config: { sites: { shop: site({ steps: ["50%"] }) } }, folders: folders(name), without });

  test("Controllers the split of the build is served, and the log says it once", async () => {
    const worker = await bare("no-controller", ['name = "CONTROLLER"']);
    try {
      const { byVersion } = await visit(worker, 24, () => ALIVE);
      assert.deepEqual(Object.keys(byVersion).sort(), ["v1", "v2"]);
      const about = complaints(worker).filter((message) => message.includes("CONTROLLER"));
      assert.deepEqual(about, ["binding CONTROLLER is missing; the split of the last build is served, and nothing moves it"]);
    } finally {
      await worker.close();
    }
  });

  test("objects that keep page views nothing is counted, pages and beacons are answered, and the log says it once", async () => {
    const worker = await bare("no-intake", ['name = "INTAKE"']);
    try {
      for (let n = 0; n < 6; n++) {
        const visitor = new Visitor(worker);
        assert.equal((await visitor.open()).status, 200);
        const answer = await worker.fetch("/_halftone/in", {
          method: "POST",
          body: JSON.stringify([{ t: visitor.token, e: "alive", at: 1 }]),
          headers: visitor.headers({ "content-type": "text/plain" }),
        });
        // Nothing was kept, so it is not said to be.
        assert.equal(answer.status, 503);
        assert.equal((await answer.json()).error.code, "unavailable");
      }
      const about = complaints(worker).filter((message) => message.includes("INTAKE"));
      assert.deepEqual(about, ["binding INTAKE is missing; nothing is counted"]);
    } finally {
      await worker.close();
    }
  });

  test("a plan that can be read everybody gets stable, and health says so", async () => {
    const worker = await startWorker({
      name: "no-plan",
      config: { sites: { shop: site({ steps: ["100%"] }) } },
      folders: folders("plan"),
      spoil: (folder) => {
        const path = join(folder, "index.js");
        const text = readFileSync(path, "utf8");
        const spoilt = text.replace(/halftone-plan\/3 \S{8}/, "halftone-plan/3 ????????");
        assert.notEqual(spoilt, text);
        writeFileSync(path, spoilt);
      },
    });
    try {
      for (let n = 0; n < 3; n++) {
        const response = await worker.navigate("/");
        assert.deepEqual([response.status, await response.text()], [200, "<!doctype html><title>v1</title>v1"]);
        assert.equal(said(response).why, "off");
      }
      assert.equal((await worker.navigate("/nope")).status, 404);
      const failures = complaints(worker).filter((message) => message.startsWith("a decision failed"));
      assert.deepEqual(failures, ["a decision failed; the visitor got the stable version"]);
    } finally {
      await worker.close();
    }
  });
});

describe("a panic", () => {
  let worker;
  before(async () => {
    worker = await startWorker({
      name: "broken-objects",
      features: "fault-injection",
      config: { sites: { shop: site({ steps: ["50%"] }) } },
      folders: folders("objects"),
    });
  });
  after(() => worker?.close());

  const pagesCounted = async () => {
    const { cells } = await worker.admin("tallies?site=shop");
    return cells.reduce((sum, { counts }) => sum + (counts.pages ?? 0), 0);
  };

  test("in an object that keeps page views is felt by nobody, and what was noted is counted when it is over", async () => {
    await visit(worker, 12, () => ALIVE);
    const sql = await storageWith(worker, "INTAKE", "pages");
    await sql.exec("UPDATE pages SET network = 'halftone-fault' || network");
    await age(worker);
    await eventually(async () => {
      const visitor = new Visitor(worker);
      const [opened, others] = await Promise.all([visitor.open(), worker.navigate("/")]);
      assert.deepEqual([opened.status, others.status], [200, 200]);
      await visitor.say(...ALIVE);
      return complaints(worker).includes("an intake object could not tell what it counted; it tries again");
    }, "a panic in the log");
    assert.equal(await pagesCounted(), 0);
    await sql.exec("UPDATE pages SET network = replace(network, 'halftone-fault', '')");
    await eventually(async () => (await pagesCounted()) >= 12, "the page views of before", 60_000);
  });

  test("in a Controller is answered at once, changes nothing, and the Controller goes on", async () => {
    const before = await worker.admin("status?site=shop");
    const [asked, ...others] = await Promise.allSettled([
      worker.admin("pause?site=shop", { why: "halftone-fault=turn" }),
      ...Array.from({ length: 8 }, () => worker.navigate("/")),
    ]);
    assert.equal(asked.status, "rejected");
    assert.match(asked.reason.message, /^pause\?site=shop: 503 .*"code":"unavailable"/);
    assert.doesNotMatch(asked.reason.message, /panic|RuntimeError|unreachable/);
    for (const { value } of others) assert.equal(value.status, 200);
    const since = await worker.admin("status?site=shop");
    assert.deepEqual([since.phase, since.revision], [before.phase, before.revision]);
    await worker.admin("pause?site=shop", { why: "without a fault" });
    assert.equal((await worker.admin("status?site=shop")).phase, "paused");
  });
});
