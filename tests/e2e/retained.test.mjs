// Pages stay open for days while builds come and go: what they ask for is there until nobody can have them open any more, and no
// deploy takes it away before, whatever its file says.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, Visitor } from "./population.mjs";
import { Repository } from "./repository.mjs";
import { said, startWorker, writeBuild } from "./worker.mjs";

const DAY_MS = 86_400_000;
const build = (version) =>
  writeBuild(`retained-${version}`, {
    "index.html": `<!doctype html><title>${version}</title>${version}`,
    [`${version}.abcdef12.js`]: version,
  });
const folders = Object.fromEntries(["v1", "v2", "v3", "v4"].map((version) => [version, build(version)]));

/** A file that lists these versions, of which the first two are stable and canary, and the others are kept. */
const config = (stable, canary, ...kept) => ({
  admin: { host: "127.0.0.1" },
  sites: {
    shop: {
      hosts: ["shop.example"],
      versions: Object.fromEntries([stable, canary, ...kept].map((id) => [id, `assets:${id}`])),
      stable,
      rollout: { canary, steps: [{ weight: "50%", hold: "1h" }, "100%"] },
    },
  },
});

let worker;
let repository;
/** Somebody who opens a page of v1 and leaves it open. */
let tab;

before(async () => {
  worker = await startWorker({ name: "retained", config: config("v1", "v2"), folders, keeps: true });
  repository = new Repository(worker);
  tab = await somebodyWith("v1");
  const deployed = await repository.deploy(config("v1", "v2"));
  assert.equal(deployed.status, 0, deployed.said);
  repository.keepLock();
});
after(() => worker?.close());

async function somebodyWith(version) {
  return eventually(async () => {
    const visitor = new Visitor(worker);
    await (await visitor.open("http://shop.example/")).body?.cancel();
    return visitor.version === version && visitor;
  }, `somebody with ${version}`);
}

/** The next build: the canary of the last one is promoted before. */
async function ships(config) {
  const { status, said } = await repository.deploy(config);
  assert.equal(status, 0, said);
  await repository.upload(config);
}

const promoted = () => worker.admin("promote", { why: "we are sure" });

async function refuses(config, words, env) {
  const { status, said } = await repository.deploy(config, env);
  assert.notEqual(status, 0);
  assert.match(said, words);
}

/** What an open page gets when it asks for a file of its build. */
async function file(version, visitor = tab) {
  const response = await worker.fetch(`http://shop.example/${version}.abcdef12.js`, { headers: visitor.headers() });
  const text = await response.text();
  return `${response.status} ${response.status === 200 ? text : ""} ${said(response).version}`;
}

/** So much time has passed since everything that was decided. */
async function passes(ms) {
  const [id] = await worker.objects("CONTROLLER");
  await (await worker.storage("CONTROLLER", id)).exec(`UPDATE revisions SET at = at - ${ms}`);
}

test("a version that somebody gets is dropped by no file", async () => {
  await refuses(config("v1", "v3"), /`v2` is given to visitors.*--drop v2/);
  await refuses(config("v2", "v3"), /`v1` is given to visitors.*--drop v1/);
});

test("a page stays whole through the next build, and through the one after it", async () => {
  assert.equal(await file("v1"), "200 v1 v1");
  await promoted();
  await refuses(config("v2", "v3"), /`v1` was given until .* ago \(revision 1\).*--drop v1/);
  await ships(config("v2", "v3", "v1"));
  assert.equal(await file("v1"), "200 v1 v1");
  await promoted();
  await passes(2.5 * DAY_MS);
  await refuses(config("v3", "v4"), /`v2` was given until 2 days ago.*`v1` was given until 2 days ago/);
  await ships(config("v3", "v4", "v2", "v1"));
  assert.equal(await file("v1"), "200 v1 v1");
  assert.equal(await file("v2", await somebodyWith("v3")), "200 v2 v2");
});

test("when that is over a file may drop it, and no other", async () => {
  await passes(6 * DAY_MS);
  await refuses(config("v3", "v4", "v2"), /`v1` was given until 8 d/, { RETAIN_DAYS: "9" });
  await ships(config("v3", "v4"));
  assert.match(await file("v1"), /^404 /);
  assert.equal(await file("v4", await somebodyWith("v4")), "200 v4 v4");
  await refuses(config("v4", "v2"), /`v3` is given to visitors/);
});
