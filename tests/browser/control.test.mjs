// The loop closed by real browsers: canaries that are broken in four ways are rolled back by what Chromium saw of them, and the
// same build again is not. The table at the end says after how many page views, how many visitors the fault met, and how many page
// views the best possible bet would have needed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startOrigin } from "../e2e/origin.mjs";
import { startWorker, writeBuild } from "../e2e/worker.mjs";
import { inForce, launch } from "./chromium.mjs";
import { bestPossible, briefly, CROWD, Crowd, isUnderWay, PAGES, untilPicture } from "./crowd.mjs";

/** Nothing here needs more. */
const MOST_VISITORS = 600;

function config(origin) {
  const site = (name, v2, v1 = "assets:fine") => ({
    hosts: [`${name}.localhost`],
    versions: { v1, v2 },
    stable: "v1",
    rollout: { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"] },
    feedback: { shards: 1 },
  });
  const by = (path) => ({ origin: `${origin}${path}` });
  return {
    sites: {
      white: site("white", "assets:white"),
      throwing: site("throwing", "assets:throwing"),
      slow: site("slow", by("/slow"), by("/fast")),
      failing: site("failing", by("/failing")),
      same: site("same", "assets:again"),
      idle: { versions: { v1: "assets:fine" }, stable: "v1", default: true },
    },
  };
}

let origin;
let worker;
let browser;
const table = [];

before(async () => {
  origin = await startOrigin((request, response) => {
    const late = /picture-(\d+)/.exec(request.url);
    if (request.url.startsWith("/failing")) return response.writeHead(503).end("out of order");
    if (late) {
      // A picture of few bytes for its size is taken for a background and not for the largest paint.
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 6"><!--${" =".repeat(8000)}--><rect width="8" height="6" fill="teal"/></svg>`;
      return setTimeout(
        () => response.writeHead(200, { "content-type": "image/svg+xml", "cache-control": "no-store" }).end(svg),
        Number(late[1]),
      );
    }
    const ms = request.url.startsWith("/slow") ? 2700 : 1200;
    response.writeHead(200, { "content-type": "text/html" }).end(PAGES.pictured(ms));
  });
  const build = (name, text) => writeBuild(`closed-loop-${name}`, { "index.html": text });
  const folders = {
    fine: build("fine", PAGES.fine),
    again: build("again", PAGES.fine),
    white: build("white", PAGES.white),
    throwing: build("throwing", PAGES.throwing(20)),
  };
  worker = await startWorker({ name: "closed-loop", config: config(origin.url), folders });
  browser = await launch();
});

after(async () => {
  console.log(`\n${table.join("\n")}\n`);
  await browser?.close();
  await worker?.close();
  await origin?.close();
});

/** It has said how long its largest paint took. */
const painted = ({ lcp }) => lcp !== null;

for (const { name, what, guard, best, stay = briefly, heard } of [
  { name: "white", what: "stays white", guard: "missing", best: bestPossible(1) },
  { name: "throwing", what: "throws for one in five", guard: "errors", best: bestPossible(0.2) },
  {
    name: "slow",
    what: "has its largest paint 1.5 s later",
    guard: "poor_lcp",
    best: bestPossible(1, 0.25),
    stay: untilPicture,
    heard: painted,
  },
  { name: "failing", what: "has an origin that answers 503", guard: "origin_failure", best: bestPossible(1) },
]) {
  test(`a canary that ${what} is rolled back by what browsers saw`, async () => {
    const crowd = new Crowd(worker, browser, name, { stay, heard });
    const now = await crowd.comeUntil((now) => !isUnderWay(now), MOST_VISITORS);
    assert.equal(now.phase, "rolled_back", JSON.stringify(now));
    assert.match(now.quarantine[0].why, new RegExp(`^${guard} `));
    const { pages, v2 = 0 } = crowd.seen;
    const harmed = { white: v2, throwing: await crowd.harmed(), slow: v2, failing: 0 }[name];
    table.push(
      `${what}: rolled back after ${pages} page views (the best possible: ${Math.ceil(best)}; looked every ${CROWD}), ${harmed} visitors met the fault`,
    );
    await inForce(worker, crowd.at, now.revision);
    const { version, context } = await crowd.visitor();
    assert.equal(version, "v1");
    await context.close();
    await crowd.replays();
  });
}

test("a build that was rolled back is not begun again before a person clears it", async () => {
  const ask = (what, body = {}) => worker.admin(`${what}?site=white`, { why: "a test", ...body });
  await assert.rejects(ask("retry"), /quarantine/);
  const crowd = new Crowd(worker, browser, "white");
  const { version, context } = await crowd.visitor();
  assert.equal(version, "v1");
  await context.close();
  await ask("clear", { version: "v2" });
  await ask("retry");
  const { phase, rollout } = await crowd.status();
  assert.deepEqual([phase, rollout.attempt], ["ramping", 2]);
  // It is as white as before.
  await inForce(worker, crowd.at, (await crowd.status()).revision);
  const again = await crowd.comeUntil((now) => !isUnderWay(now), MOST_VISITORS);
  assert.equal(again.phase, "rolled_back");
  await crowd.replays();
});

test("the same build again is not harmful", async () => {
  const crowd = new Crowd(worker, browser, "same");
  for (let n = 0; n < 4; n++) await crowd.come();
  const now = await crowd.counted();
  assert.equal(now.phase, "ramping");
  assert.ok(now.verdicts.every(({ says }) => says !== "harm"));
  const missing = now.counts.find(({ guard }) => guard === "missing");
  assert.ok(missing.canary.trials > 20 && missing.canary.bad === 0, JSON.stringify(missing));
  await crowd.replays();
});
