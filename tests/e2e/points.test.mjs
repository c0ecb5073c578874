// Points over time: one for each beacon that is kept and none for those that are dropped, in a dataset as the runtime binds it;
// and one that can not be written to does no harm.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { agedBy } from "./forgeries.mjs";
import { startOrigin } from "./origin.mjs";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { eventually, Visitor } from "./population.mjs";
import { startWorker, writeBuild } from "./worker.mjs";

const config = {
  sites: {
    shop: {
      versions: { v1: "assets:v1", v2: "assets:v2" },
      stable: "v1",
      rollout: { canary: "v2", steps: ["50%"] },
      feedback: { shards: 1 },
    },
  },
};

const folders = () =>
  Object.fromEntries(
    ["v1", "v2"].map((version) => [version, writeBuild(`points-${version}`, { "index.html": `<title>${version}</title>` })]),
  );

/** A page's script says things; gives the status of the answer. */
async function said(visitor, ...events) {
  const { status } = await visitor.say(...events);
  return status;
}

async function opened(worker) {
  const visitor = new Visitor(worker);
  await (await visitor.open()).body?.cancel();
  return visitor;
}

describe("a dataset that is bound", () => {
  let worker;
  let dataset;
  before(async () => {
    dataset = await startOrigin((_, response) => response.writeHead(200).end());
    const sites = { shop: { ...config.sites.shop, versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` } } };
    const points = { name: "ANALYTICS", address: new URL(dataset.url).host };
    worker = new Plain("points", { ...build("points", { sites }), dataset: points }, { flags: ["--experimental"] });
    await worker.start();
  });
  after(async () => {
    await worker?.kill();
    await dataset?.close();
  });

  const text = (bytes) => Buffer.from(bytes ?? []).toString();
  /** Points as the runtime has handed them on, in the order of their coming. */
  const points = () =>
    dataset.seen
      .map(({ body }) => JSON.parse(body))
      .map(({ index1, blob1, blob2, blob3, double1 }) => [index1, blob1, blob2, blob3].map(text).concat(double1));
  /** Waits until a goal of this name is a point: what was written before it is there too. */
  const written = (name, visitor) =>
    eventually(() => {
      const all = points();
      return all.filter(([, event]) => event === "goal").length >= name && all;
    }, `a point of ${visitor}`);

  test("has a point for each beacon that is kept: site, event, version, value", async () => {
    const visitor = await opened(worker);
    const { version } = visitor;
    await said(visitor, { e: "alive", at: 120 }, { e: "vital", name: "LCP", value: 812.4, id: "a" });
    await said(visitor, { e: "error", kind: "error", at: 300 }, { e: "error", kind: "script", at: 310 }, { e: "soft" });
    await said(visitor, { e: "goal", name: "signup" });
    assert.deepEqual((await written(1, visitor.version)).sort(), [
      ["shop", "LCP", version, "", 812.4],
      ["shop", "alive", version, "", 120],
      ["shop", "error", version, "", 300],
      ["shop", "goal", version, "", 0],
      ["shop", "script", version, "", 310],
      ["shop", "soft", version, "", 0],
    ]);
  });

  test("has none for one that is dropped: forged, foreign, expired, said before, not understood, or of a page nobody looked at", async () => {
    const [visitor, other, ahead] = [await opened(worker), await opened(worker), new Visitor(worker)];
    await (await ahead.open("/", { "sec-purpose": "prefetch;prerender" })).body?.cancel();
    await said(visitor, { e: "goal", name: "first" });
    const before = (await written(2, visitor.version)).length;
    const own = visitor.token;
    await said(visitor, { e: "goal", name: "first" });
    await said(visitor, { e: "dance" }, { e: "vital", name: "LCP", value: -1, id: "a" }, { e: "goal", name: "../no" });
    for (const token of [`${own.slice(0, -2)}AA`, other.token, agedBy(own, 25 * 3_600_000), agedBy(own, 301_000)])
      await said(Object.assign(visitor, { token }), { e: "goal", name: "second" });
    await said(ahead, { e: "goal", name: "third" });
    await said(Object.assign(visitor, { token: own }), { e: "goal", name: "last" });
    assert.equal((await written(3, visitor.version)).length, before + 1);
  });
});

describe("a dataset that can not be written to", () => {
  let worker;
  before(async () => {
    // A text is bound under its name, which has no `writeDataPoint`.
    worker = await startWorker({ name: "no-points", config, folders: folders(), secrets: { ANALYTICS: "none" } });
  });
  after(() => worker?.close());

  test("changes no answer: the beacon is on disk, and the log says it once and names nobody", async () => {
    const visitor = await opened(worker);
    assert.equal(await said(visitor, { e: "alive", at: 1 }), 204);
    assert.equal(await said(visitor, { e: "goal", name: "signup" }), 204);
    const [id] = await worker.objects("INTAKE");
    const [row] = await (await worker.storage("INTAKE", id)).exec("SELECT bits, goals, visitor FROM pages");
    assert.deepEqual([row.bits & 1, row.goals], [1, "signup"]);
    const errors = await eventually(() => {
      const found = worker.logs().filter((line) => line.includes('"level":"error"'));
      return found.length > 0 && found;
    }, "a line in the log");
    assert.equal(errors.length, 1);
    assert.match(errors[0], /points of beacons can not be written; the beacons are kept/);
    for (const line of worker.logs())
      for (const word of [row.visitor, visitor.token, visitor.cookie, visitor.more["cf-connecting-ip"]])
        assert.ok(!line.includes(word), line);
  });
});
