// What is decided while a deploy is on its way, between its question what is in force and the start of its build: it stays as it was
// decided, the log says what became of the deploy's config, and the next deploy shows the difference.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, Visitor } from "./population.mjs";
import { Repository } from "./repository.mjs";
import { said, startWorker, writeBuild } from "./worker.mjs";

const build = (version) =>
  writeBuild(`meanwhile-${version}`, { "index.html": `<!doctype html><title>${version}</title>${version}` });
const folders = { v1: build("v1"), v2: build("v2"), v3: build("v3") };

/** A rule that keeps a country on v1. */
const rule = (country) => ({ name: country.toLowerCase(), when: { country }, serve: "v1" });

function config(rules, site = {}) {
  return {
    admin: { host: "127.0.0.1" },
    geo_headers: { country: "CF-IPCountry" },
    sites: {
      shop: {
        hosts: ["shop.example"],
        versions: { v1: "assets:v1", v2: "assets:v2", v3: "assets:v3" },
        stable: "v1",
        rules: rules.map(rule),
        rollout: { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"] },
        ...site,
      },
    },
  };
}

const first = config([]);

let worker;
let repository;

before(async () => {
  worker = await startWorker({ name: "meanwhile", config: first, folders, keeps: true });
  repository = new Repository(worker);
  await ships(first);
});
after(() => worker?.close());

/** A deploy is under way: it has asked, and its build is made. */
async function isUnderWay(config, env) {
  const { status, said } = await repository.deploy(config, env);
  assert.equal(status, 0, said);
}

async function ships(config) {
  await isUnderWay(config);
  await repository.upload(config);
}

/** What decides for somebody new in a country, and which version that is. */
async function why(country) {
  const response = await worker.navigate("http://shop.example/", { headers: { "cf-ipcountry": country } });
  await response.body?.cancel();
  const { why, version } = said(response);
  return `${why} ${version}`;
}

/** Which versions newcomers get. */
async function versions(count = 30) {
  const seen = new Set();
  for (let n = 0; n < count; n++) {
    const visitor = new Visitor(worker);
    await (await visitor.open("http://shop.example/")).body?.cancel();
    seen.add(visitor.version);
  }
  return [...seen].sort().join(" ");
}

/** All that was decided, but for marks. */
async function decisions() {
  const response = await worker.fetch("http://127.0.0.1/api/v1/decisions", {
    headers: { authorization: "Bearer operator-token-of-every-test-001" },
  });
  const entries = (await response.text()).split("\n").filter(Boolean);
  return entries.flatMap((line) => JSON.parse(line).entry.decisions).filter(({ kind }) => kind !== "mark");
}

const shown = (all) => all.map(({ kind, by, code, revision }) => `${kind} ${by} ${code} ${revision}`);

test("a config that is published meanwhile stays, and the deploy's is refused, once, with its reason", async () => {
  await isUnderWay(config(["AU"]));
  const { shop } = await worker.publish(config(["NZ"]));
  const { config: published } = await worker.admin("status");
  await repository.upload(config(["AU"]));
  await eventually(async () => (await why("NZ")) === "rule v1", "the published rule in force");
  assert.doesNotMatch(await why("AU"), /^rule /);
  const status = await worker.admin("status");
  assert.deepEqual([status.revision, status.config, status.phase], [shop, published, "ramping"]);
  // An object that begins anew does not offer it again.
  for (const id of await worker.objects("CONTROLLER")) await worker.evict("CONTROLLER", id);
  await worker.admin("status");
  const refused = (await decisions()).filter(({ kind }) => kind === "refuse");
  assert.deepEqual(shown(refused), [`refuse deploy stale ${shop}`]);
  assert.match(refused[0].reason, /what is in force is not what this config was made over/);
});

test("the next deploy stops at the difference, and takes what was merged", async () => {
  const again = await repository.deploy(config(["AU"]));
  assert.notEqual(again.status, 0);
  assert.match(again.said, /- rules\.nz\./);
  assert.match(again.said, /\+ rules\.au\./);
  const { revision } = await worker.admin("status");
  assert.match(again.said, new RegExp(`not the one that was deployed from here last.*make deploy PARENT=${revision}`));
  await isUnderWay(config(["NZ", "AU"]), { PARENT: `${revision}` });
  await repository.upload(config(["NZ", "AU"]));
  await eventually(async () => (await why("AU")) === "rule v1", "the merged rules in force");
  assert.equal(await why("NZ"), "rule v1");
  assert.equal((await worker.admin("status")).revision, revision + 1);
});

test("a rollback meanwhile stays one: the config comes into force, and the build that embeds the canary gives it to nobody", async () => {
  await isUnderWay(config(["NZ"]));
  const [embedded] = repository.built("plan.json").sites;
  assert.equal(embedded.rollout.step, 1, "the build would give the canary to half of the visitors");
  await worker.admin("rollback", { why: "the shop is down" });
  await repository.upload(config(["NZ"]));
  await eventually(async () => (await versions(8)) === "v1", "that nobody new gets the canary");
  assert.equal(await versions(), "v1");
  const { phase, quarantine, revision } = await worker.admin("status");
  assert.deepEqual([phase, quarantine.map(({ version }) => version)], ["rolled_back", ["v2"]]);
  assert.deepEqual(shown(await decisions()).slice(-2), [
    `roll_back tests asked ${revision - 1}`,
    `start deploy rollout_is_over ${revision}`,
  ]);
  assert.doesNotMatch(await why("AU"), /^rule /);
});

test("a promotion meanwhile stays one, and a file that still names what was stable before begins nothing", async () => {
  const next = { rollout: { canary: "v3", steps: [{ weight: "50%", hold: "1h" }, "100%"] } };
  await ships(config(["NZ"], next));
  assert.equal((await worker.admin("status")).rollout.canary, "v3");
  await isUnderWay(config(["NZ", "AU"], next));
  await worker.admin("promote", { why: "we are sure" });
  await repository.upload(config(["NZ", "AU"], next));
  await eventually(async () => (await versions(8)) === "v3", "the promoted version for everybody");
  const { phase, stable } = await worker.admin("status");
  assert.deepEqual([phase, stable], ["promoted", "v3"]);
  assert.equal(await why("AU"), "rule v1");
});

test("what waits meanwhile is neither lost nor taken for the deploy's", async () => {
  const steps = [{ weight: "50%", hold: "1h" }, "100%"];
  const waiting = (canary, site = {}) =>
    config([], { stable: "v3", rollout: { id: `${canary}-again`, canary, steps, on_new_version: "queue" }, ...site });
  await worker.admin("clear", { version: "v2", why: "mended" });
  await ships(waiting("v1"));
  assert.equal((await worker.admin("status")).rollout.canary, "v1");
  await isUnderWay(waiting("v1", { bots: "stable" }));
  const seen = await worker.admin("config");
  await worker.publish(waiting("v2"));
  assert.equal((await worker.admin("status")).queued, "v2");
  // Nor is it put aside by somebody who publishes over what they saw before.
  const unseen = { offer: seen.offer, parent: seen.revision, parent_config: seen.config };
  await assert.rejects(worker.admin("publish", unseen), /409.*"stale".*another config waits/);
  await repository.upload(waiting("v1", { bots: "stable" }));
  const { queued, rollout } = await worker.admin("status");
  assert.deepEqual([queued, rollout.canary], ["v2", "v1"]);
  const again = await repository.deploy(waiting("v1", { bots: "stable" }));
  assert.match(again.said, /a config waits that is not the one that was deployed from here last/);
  await worker.admin("rollback", { why: "no" });
  await eventually(async () => (await versions(12)) === "v2 v3", "the rollout that waited");
});

test("the first deploy of all, over a site that runs already, undoes nothing", async () => {
  const { revision, config: known } = await worker.admin("status");
  await isUnderWay(first, { HALFTONE_URL: "", FIRST: "1" });
  await worker.deploy({ config: first, env: { FIRST: "1" } });
  await eventually(async () => (await versions(12)) === "v2 v3", "what was in force");
  const status = await worker.admin("status");
  assert.deepEqual([status.revision, status.config], [revision, known]);
  assert.deepEqual(shown(await decisions()).at(-1), `refuse deploy stale ${revision}`);
});
