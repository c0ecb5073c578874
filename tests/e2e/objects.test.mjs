// Where the objects of a site are: their names, and the jurisdiction that the config gives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { controllerOf, intakeOf } from "../../src/edge/objects.mjs";
import { note } from "../../src/edge/tell.mjs";
import { startWorker, writeBuild } from "./worker.mjs";

/** Namespaces that say how they were asked. */
const namespace = (name) => ({
  getByName: (object) => ({ asked: `${name} ${object}`, take: async (...parts) => parts }),
  jurisdiction: (place) => namespace(`${name}/${place}`),
});
const env = { INTAKE: namespace("intake"), CONTROLLER: namespace("controller") };

test("objects are named by site, rollout and shard, and live in the jurisdiction of the config", () => {
  assert.equal(intakeOf(env, "- shop 77 3 30").asked, "intake shop 77 3");
  assert.equal(intakeOf(env, "eu shop 77 3 30").asked, "intake/eu shop 77 3");
  assert.equal(controllerOf(env, "shop", "-").asked, "controller shop");
  assert.equal(controllerOf(env, "shop", "eu").asked, "controller/eu shop");
});

test("a runtime that knows no jurisdictions costs the note, not the page", async () => {
  const said = [];
  const kept = [];
  const refusing = {
    jurisdiction: () => {
      throw new Error("not implemented");
    },
  };
  const engine = { say: (message) => said.push(message) };
  note({ INTAKE: refusing }, { waitUntil: (work) => kept.push(work) }, { intake: "eu shop 77 3 30" }, "page x", engine);
  await Promise.all(kept);
  assert.deepEqual([kept.length, said], [1, ["a note could not be kept; the page is not counted"]]);
});

test("a config with another jurisdiction is not published but deployed, for other objects know nothing of the site", async () => {
  const config = (feedback) => ({
    sites: { shop: { versions: { v1: "assets:v1" }, stable: "v1", feedback } },
  });
  const folders = { v1: writeBuild("objects", { "index.html": "<p>one</p>" }) };
  const worker = await startWorker({ name: "objects", folders, config: config({}) });
  try {
    await assert.rejects(worker.publish(config({ jurisdiction: "eu" })), /422.*jurisdiction `eu`.*make deploy/);
  } finally {
    await worker.close();
  }
});
