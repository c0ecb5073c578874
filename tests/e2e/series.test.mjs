// The course of a site over time, as the Controller keeps it for charts: a point at each decision, so many and no more; and what a
// visitor would get who is only imagined.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWorker, writeBuild } from "./worker.mjs";

const build = (version) => writeBuild(`series-${version}`, { "index.html": `<!doctype html><title>${version}</title>` });

let worker;
before(async () => {
  worker = await startWorker({
    name: "series",
    config: {
      sites: {
        shop: {
          hosts: ["shop.example"],
          versions: { v1: "assets:v1", v2: "assets:v2" },
          stable: "v1",
          bots: "stable",
          rollout: { canary: "v2", steps: ["10%", "50%", "100%"] },
          rules: [
            { name: "friends", when: { header: { "x-friend": "yes" } }, serve: "canary" },
            { name: "new-zealand-first", when: { country: "NZ" }, split: { v1: "30%", v2: "70%" } },
          ],
          feedback: { shards: 1 },
        },
      },
    },
    folders: { v1: build("v1"), v2: build("v2") },
  });
});
after(() => worker?.close());

const splits = ({ points }) => points.map(({ split }) => split[""].v2 ?? 0);

async function sqlOfController() {
  const [id] = await worker.objects("CONTROLLER");
  return worker.storage("CONTROLLER", id);
}

/** Pages are asked for until they are of a revision: an isolate hears of one within seconds. */
async function isServed(revision) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    const response = await worker.navigate("https://shop.example/", { headers: { "user-agent": "Googlebot/2.1" } });
    await response.body?.cancel();
    if (response.headers.get("halftone").includes(`revision=${revision}`)) return;
  }
  throw new Error(`revision ${revision} is not served after half a minute`);
}

test("every decision is a point that says who got what from then on", async () => {
  assert.deepEqual(splits(await worker.admin("series")), [10]);
  await worker.admin("advance", { why: "further" });
  await worker.admin("rollback", { why: "back" });
  const series = await worker.admin("series");
  assert.deepEqual(splits(series), [10, 50, 0]);
  assert.deepEqual(
    series.points.map(({ phase, revision }) => [phase, revision]),
    [
      ["ramping", 1],
      ["ramping", 2],
      ["rolled_back", 3],
    ],
  );
  assert.equal(series.points[1].guards[0].guard, "missing");
  const [, second] = series.points;
  assert.deepEqual(splits(await worker.admin(`series?after=${second.at_ms}`)), [0]);
  assert.equal(series.now.phase, "rolled_back");
});

test("of more points than are kept, every second one of the older half goes", async () => {
  const sql = await sqlOfController();
  const [{ point }] = await sql.exec("SELECT point FROM points ORDER BY at LIMIT 1");
  const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    INSERT INTO points SELECT i, '${point.replaceAll("'", "''")}' FROM n`;
  await sql.exec(many);
  const [{ before }] = await sql.exec("SELECT count(*) AS before FROM points");
  await worker.admin("clear", { why: "to try again", version: "v2" });
  await worker.admin("retry", { why: "again" });
  const [{ left, oldest }] = await sql.exec("SELECT count(*) AS left, min(at) AS oldest FROM points");
  assert.ok(before > 500 && left <= before - 100 && left > 200, `${before} became ${left}`);
  assert.equal(oldest, 1);
  const { points } = await worker.admin("series");
  assert.deepEqual(
    points.map(({ at_ms }) => at_ms),
    points.map(({ at_ms }) => at_ms).sort((one, other) => one - other),
  );
});

test("a visitor who is imagined gets what a visitor there would get, and nothing is drawn for it", async () => {
  const ask = (body) => worker.admin("imagine", { url: "https://shop.example/", ...body });
  assert.deepEqual((await ask({})).shares, [
    ["v1", 90],
    ["v2", 10],
  ]);
  const there = await ask({ country: "nz" });
  assert.deepEqual(
    [there.rule, there.shares],
    [
      "new-zealand-first",
      [
        ["v1", 30],
        ["v2", 70],
      ],
    ],
  );
  const friend = await ask({ country: "NZ", headers: "X-Friend: yes" });
  assert.deepEqual([friend.rule, friend.version, friend.shares], ["friends", "v2", [["v2", 100]]]);
  assert.equal((await ask({ user_agent: "Googlebot/2.1" })).why, "bot");
  const { cells } = await worker.admin("tallies");
  assert.deepEqual(cells, []);
  // Somebody who was here before keeps what they have.
  await isServed(there.revision);
  for (let n = 0; n < 5; n++) {
    const response = await worker.navigate("https://shop.example/");
    const [cookie] = response.headers.getSetCookie().map((line) => line.split(";")[0].replace("__Host-", ""));
    await response.body?.cancel();
    const version = /version="?(v\d)/.exec(response.headers.get("halftone"))?.[1];
    const again = await ask({ url: "http://shop.example/", cookies: cookie });
    assert.deepEqual([again.version, again.shares], [version, [[version, 100]]]);
  }
  await assert.rejects(ask({ url: "shop" }), /bad_parameter/);
});

test("a preview link is made for a version there is, and for no other", async () => {
  const { url, until_ms } = await worker.admin("preview", { version: "v2", url: "https://shop.example/a", minutes: 5 });
  assert.match(url, /^https:\/\/shop\.example\/a\?halftone-preview=v2~/);
  assert.ok(until_ms > Date.now() && until_ms <= Date.now() + 300_000);
  const opened = await worker.navigate(url);
  assert.deepEqual([opened.status, opened.headers.get("location")], [303, "/a"]);
  await assert.rejects(worker.admin("preview", { version: "v9", url: "https://shop.example/" }), /no_version/);
});

test("the text of a config is kept with the revision it made, and what was published without one says so", async () => {
  const first = await worker.admin("source");
  assert.equal(JSON.parse(first.text).sites.shop.stable, "v1");
  const { offer, revision } = await worker.admin("config");
  const changed = { ...offer, site: { ...offer.site, rules: [] } };
  await worker.admin("publish", { offer: changed, parent: revision, why: "fewer rules", source: "{}" });
  const second = await worker.admin("source");
  assert.deepEqual([second.text, second.sources.length], ["{}", 2]);
  assert.equal((await worker.admin(`source?revision=${first.revision}`)).text, first.text);
});
