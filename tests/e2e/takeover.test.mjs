// A deploy over a running site: it undoes nothing that people decided, loses no build that somebody has open, and what is live goes
// on being served while the new build takes over, on what the old one has kept.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { eventually, Visitor } from "./population.mjs";
import { Repository } from "./repository.mjs";
import { startWorker, writeBuild } from "./worker.mjs";

const page = (version) => `<!doctype html><html><head><title>${version}</title></head><body>${version}</body></html>`;
const build = (version) =>
  writeBuild(`takeover-${version}`, { "index.html": page(version), [`${version}.abcdef12.js`]: version });
const folders = { v1: build("v1"), v2: build("v2"), v3: build("v3") };

function config(versions, rollout, site = {}) {
  return {
    admin: { host: "127.0.0.1" },
    sites: {
      shop: {
        hosts: ["shop.example"],
        versions: Object.fromEntries(versions.map((id) => [id, `assets:${id}`])),
        stable: "v1",
        rollout,
        ...site,
      },
    },
  };
}

const trial = { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"], on_new_version: "queue" };
const next = { canary: "v3", steps: ["25%", "100%"], on_new_version: "queue" };
const first = config(["v1", "v2"], trial);

let worker;
let repository;

before(async () => {
  worker = await startWorker({ name: "takeover", config: first, folders, keeps: true });
  repository = new Repository(worker);
});
after(() => worker?.close());

async function versions(count = 30) {
  const seen = new Set();
  for (let n = 0; n < count; n++) {
    const visitor = new Visitor(worker);
    const response = await visitor.open("http://shop.example/");
    await response.body?.cancel();
    seen.add(visitor.version);
  }
  return [...seen].sort().join(" ");
}

const admin = (path, body) => worker.admin(path, body);

test("a deploy that does not know what is in force says so, and one that is the first says that", async () => {
  const blind = await repository.deploy(first, { HALFTONE_URL: "" });
  assert.notEqual(blind.status, 0);
  assert.match(blind.said, /what is in force has to be asked.*make deploy FIRST=1/);
  const both = await repository.deploy(first, { FIRST: "1" });
  assert.match(both.said, /Take one of them out/);
  const nobody = await repository.deploy(first, { HALFTONE_URL: "http://127.0.0.1:9/" });
  assert.match(nobody.said, /does not answer/);
  assert.ok(!existsSync(repository.path("build/index.js")), "nothing was built");
});

test("the file that is in force is deployed again without a word, and says what it was", async () => {
  await admin("advance", { why: "looks good" });
  const { status, said } = await repository.deploy(first);
  assert.equal(status, 0, said);
  assert.match(said, /the config says what is in force \(revision 2\)/);
  repository.keepLock();
  // An isolate that knows nothing serves what is live: the second step, not the file's first.
  const [site] = repository.built("plan.json").sites;
  assert.deepEqual([site.revision, site.rollout.step], [2, 2]);
});

test("a file that was not made from what is live stops the deploy and the difference is shown", async () => {
  const rule = { name: "nz", when: { country: "NZ" }, serve: "v1" };
  await worker.publish(config(["v1", "v2"], trial, { rules: [rule] }));
  const { status, said } = await repository.deploy(config(["v1", "v2", "v3"], next));
  assert.notEqual(status, 0);
  assert.match(said, /- rules\.nz\.serve\.v1: "100%"/);
  assert.match(said, /~ rollout\.canary: "v2" → "v3"/);
  assert.match(said, /not the one that was deployed from here last.*make deploy PARENT=3/);
  const wrong = await repository.deploy(config(["v1", "v2", "v3"], next), { PARENT: "2" });
  assert.match(wrong.said, /revision 2 was given as its parent, and 3 is in force/);
});

test("a file that drops a build somebody may have open stops the deploy and names it", async () => {
  const { status, said } = await repository.deploy(config(["v1", "v3"], next), { PARENT: "3" });
  assert.notEqual(status, 0);
  assert.match(said, /`v2` is given to visitors.*--drop v2/);
  const forced = await repository.deploy(config(["v1", "v3"], next), { PARENT: "3", DEPLOY_FLAGS: "--drop v2" });
  assert.equal(forced.status, 0, forced.said);
  assert.match(forced.said, /does not embed what is in force/);
});

test("a build with a version that waits serves what is live, and takes every later decision", async () => {
  const { status, said } = await repository.deploy(config(["v3", "v1", "v2"], next), { PARENT: "3" });
  assert.equal(status, 0, said);
  assert.equal(repository.built("offers.json")[0].parent, (await admin("status")).config);
  await repository.upload(config(["v3", "v1", "v2"], next));
  assert.equal(await versions(), "v2", "the second step gives everybody v2");
  const status3 = await admin("status");
  assert.deepEqual([status3.queued, status3.rollout.canary, status3.revision], ["v3", "v2", 3]);
  await admin("pause", { why: "a look" });
  await admin("off", {});
  await eventually(async () => (await versions(4)) === "v1", "stable for everybody");
  await admin("on", {});
  await admin("resume", {});
  await admin("rollback", { why: "no" });
  await eventually(async () => !(await versions(8)).includes("v2"), "nobody on the version that was rolled back");
  const after = await admin("status");
  assert.deepEqual([after.rollout.canary, after.quarantine[0].version], ["v3", "v2"]);
  const old = await worker.fetch("http://shop.example/v2.abcdef12.js");
  assert.equal(old.status, 200, "pages of it that are open find their files");
});
