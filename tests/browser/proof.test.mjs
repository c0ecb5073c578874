// What a rollout does by itself, on the real runtime with real browsers: a healthy canary goes all the way, one region goes back
// alone, a dead intake holds, liars change nothing, and neither a changing base rate nor bots are taken for what they are not.
//
// Limits are wider than usual, so that hundreds of visitors are evidence enough and not thousands.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startOrigin } from "../e2e/origin.mjs";
import { eventually, random, visit } from "../e2e/population.mjs";
import { startWorker, writeBuild } from "../e2e/worker.mjs";
import { inForce, launch } from "./chromium.mjs";
import { Crowd, elsewhere, isUnderWay, PAGES } from "./crowd.mjs";

const MOST_VISITORS = 800;
/** What a page's script says of it. */
const ALIVE = { e: "alive", at: 90 };
const ERROR = { e: "error", kind: "error", at: 100 };
const OFF = { origin_failure: false, poor_lcp: false, poor_inp: false, poor_cls: false };
const guards = { missing: { limit: "40%" }, errors: { limit: "40%" }, ...OFF };

function config(origin) {
  const site = (name, v2, rollout, more = {}) => ({
    hosts: [`${name}.localhost`],
    versions: { v1: "assets:fine", v2 },
    stable: "v1",
    rollout: { canary: "v2", guards, ...rollout },
    feedback: { shards: 1 },
    ...more,
  });
  const half = { steps: [{ weight: "50%", hold: "1h" }, "100%"] };
  const step = (weight) => ({ weight, hold: "0s", least_visitors: 20 });
  const wave = (areas) => ({ areas, hold: "1h" });
  return {
    geo_headers: { country: "CF-IPCountry" },
    sites: {
      healthy: site("healthy", "assets:again", { steps: [step("20%"), step("50%"), step("100%")] }),
      regions: site(
        "regions",
        { origin: `${origin}/regions` },
        { strategy: "geographic", steps: [wave({ NZ: "50%", FR: "50%" }), wave({ NZ: "100%", FR: "100%" })] },
      ),
      liars: site("liars", "assets:again", half),
      simpson: site("simpson", "assets:again", { steps: [{ weight: "10%", hold: "1h" }, { weight: "50%", hold: "1h" }, "100%"] }),
      bots: site("bots", "assets:white", half),
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
    const white = request.headers["cf-ipcountry"] === "NZ";
    response.writeHead(200, { "content-type": "text/html" }).end(white ? PAGES.white : PAGES.fine);
  });
  const build = (name, text) => writeBuild(`proof-${name}`, { "index.html": text });
  const folders = { fine: build("fine", PAGES.fine), again: build("again", PAGES.fine), white: build("white", PAGES.white) };
  worker = await startWorker({ name: "proof", config: config(origin.url), folders });
  browser = await launch();
});

after(async () => {
  console.log(`\n${table.join("\n")}\n`);
  await browser?.close();
  await worker?.close();
  await origin?.close();
});

test("a healthy canary is ramped and promoted with nobody touching it", async () => {
  const crowd = new Crowd(worker, browser, "healthy");
  const now = await crowd.comeUntil(({ phase }) => phase === "promoted", MOST_VISITORS);
  assert.equal(now.phase, "promoted", JSON.stringify(now.verdicts));
  assert.equal(now.stable, "v2");
  const entries = await crowd.replays();
  const decisions = entries.flatMap(({ decisions }) => decisions).filter(({ kind }) => kind !== "mark");
  assert.deepEqual(
    decisions.map(({ kind, by, step }) => `${kind} ${by} ${step.join("-")}`),
    ["start deploy 0-1", "advance evidence 1-2", "advance evidence 2-3", "promote evidence 3-3"],
  );
  table.push(`healthy: promoted after ${crowd.seen.pages} page views`);
});

test("where one region goes bad, only that region goes back", async () => {
  const headers = (n) => ({ "cf-ipcountry": n % 2 === 0 ? "NZ" : "FR" });
  const crowd = new Crowd(worker, browser, "regions", { headers });
  const isBack = ({ rollout }) => rollout.areas_back.length > 0;
  const now = await crowd.comeUntil((now) => isBack(now) || !isUnderWay(now), MOST_VISITORS);
  assert.deepEqual([now.phase, now.rollout.areas_back], ["ramping", ["NZ"]], JSON.stringify(now.verdicts));
  await inForce(worker, crowd.at, now.revision);
  const back = crowd.seen.pages;
  // Another crowd: nobody of New Zealand has the canary, and about half of France still has.
  const versions = { NZ: new Set(), FR: new Set() };
  for (let n = 0; n < 40; n++) {
    const country = n % 2 === 0 ? "NZ" : "FR";
    const { version, context } = await crowd.visitor({ "cf-ipcountry": country });
    versions[country].add(version);
    await context.close();
  }
  assert.deepEqual([[...versions.NZ], [...versions.FR].sort()], [["v1"], ["v1", "v2"]]);
  const later = await crowd.counted();
  assert.deepEqual([later.phase, later.rollout.areas_back], ["ramping", ["NZ"]]);
  await crowd.replays();
  table.push(`one region: New Zealand went back after ${back} page views of both, France did not`);
});

test("one tab with ten thousand errors, and one network with a thousand visitors that lie, change nothing", async () => {
  const crowd = new Crowd(worker, browser, "liars");
  await crowd.come();
  const context = await browser.newContext({ extraHTTPHeaders: { "cf-connecting-ip": elsewhere() } });
  const page = await context.newPage();
  await page.goto(crowd.at);
  await page.evaluate(async () => {
    for (let n = 0; n < 10_000; n++) {
      reportError(new Error(`error ${n}`));
      if (n % 500 === 0) await new Promise((done) => setTimeout(done));
    }
  });
  await page.goto("about:blank");
  const one = await crowd.counted();
  const votes = ({ counts }) => {
    const { canary, stable } = counts.find(({ guard }) => guard === "errors");
    return canary.votes + stable.votes;
  };
  assert.equal(votes(one), 1, "ten thousand errors of one visitor are one vote");
  await context.close();
  const address = elsewhere();
  const broken = ({ version }) => (version === "v2" ? [ALIVE, ERROR] : [ALIVE]);
  const liars = { path: crowd.at, headers: () => ({ "cf-connecting-ip": address }) };
  await visit(worker, 1000, broken, liars);
  const now = await crowd.counted();
  assert.ok(votes(now) <= 1 + Math.max(10, 0.02 * 1000), `${votes(now)} votes`);
  assert.ok(["ramping", "held"].includes(now.phase), now.phase);
  assert.deepEqual(now.quarantine, []);
  await crowd.replays();
  table.push(`liars: ${votes(now)} votes of 10,000 errors of one tab and of 1,000 visitors of one network; ${now.phase}`);
});

test("a ramp through a rising base rate, the same in both arms, is not read as harm", async () => {
  const crowd = new Crowd(worker, browser, "simpson");
  const chance = random(20261126);
  const failing = (share) => () => (chance() < share ? [ALIVE, ERROR] : [ALIVE]);
  const to = { path: crowd.at };
  await visit(worker, 400, failing(0.04), to);
  await crowd.counted();
  const { decisions } = await worker.admin("advance?site=simpson", { why: "a test" });
  await inForce(worker, crowd.at, decisions.at(-1).revision);
  await visit(worker, 400, failing(0.3), to);
  const now = await crowd.counted();
  const { canary, stable } = now.counts.find(({ guard }) => guard === "errors");
  const rate = ({ bad, trials }) => bad / trials;
  assert.ok(rate(canary) > 1.3 * rate(stable), `pooled, the canary looks worse: ${rate(canary)} against ${rate(stable)}`);
  assert.equal(now.phase, "ramping");
  assert.ok(now.verdicts.every(({ says }) => says !== "harm"));
  await crowd.replays();
  table.push(
    `changing base rate: pooled, ${(100 * rate(canary)).toFixed(1)} % of the canary's and ${(100 * rate(stable)).toFixed(1)} % of stable's visitors had errors; no harm`,
  );
});

test("white screens among as many bots are rolled back and never safe", async () => {
  const crowd = new Crowd(worker, browser, "bots");
  let most = 0;
  let now;
  do {
    await crowd.come();
    // A robot that is on no list keeps no cookie and runs no script, and is new every time.
    for (let n = 0; n < 24; n++) {
      const headers = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0", "cf-connecting-ip": elsewhere() };
      await (await worker.navigate(crowd.at, { headers })).body?.cancel();
    }
    now = await crowd.counted();
    most = Math.max(
      most,
      ...(now.verdicts ?? []).filter(({ guard, says }) => guard === "missing" && says === "safe").map(() => 1),
    );
  } while (isUnderWay(now) && crowd.seen.pages < MOST_VISITORS);
  assert.equal(now.phase, "rolled_back", JSON.stringify(now.verdicts));
  assert.match(now.quarantine[0].why, /^missing /);
  assert.equal(most, 0, "it was never safe");
  await crowd.replays();
  table.push(`white among bots: rolled back after ${crowd.seen.pages} page views of people and as many of bots`);
});

test("while the intake is dead for ten minutes the rollout is held and pages are served, and then it goes on", async () => {
  const folders = {
    fine: writeBuild("proof-fine", { "index.html": PAGES.fine }),
    again: writeBuild("proof-again", { "index.html": PAGES.fine }),
  };
  const site = {
    hosts: ["dead.localhost"],
    versions: { v1: "assets:fine", v2: "assets:again" },
    stable: "v1",
    default: true,
    rollout: { canary: "v2", guards, steps: [{ weight: "50%", hold: "1h" }, "100%"] },
    feedback: { shards: 1 },
  };
  // Built with a clock of the Controller that a test can set forward.
  const worker = await startWorker({
    name: "proof-dead",
    config: { sites: { dead: site } },
    folders,
    features: "fault-injection",
  });
  try {
    const crowd = new Crowd(worker, browser, "dead");
    await crowd.come();
    assert.equal((await crowd.counted()).phase, "ramping");
    const [intake] = await worker.objects("INTAKE");
    const [controller] = await worker.objects("CONTROLLER");
    const rows = await worker.storage("INTAKE", intake);
    await rows.exec("ALTER TABLE pages RENAME TO gone");
    const helm = await worker.storage("CONTROLLER", controller);
    const [{ name, value }] = await helm.exec("SELECT name, value FROM helm WHERE name LIKE 'newest %'");
    await helm.exec(`UPDATE helm SET value = '${value}\nclock 660000' WHERE name = '${name}'`);
    const held = await eventually(async () => {
      const now = await crowd.status();
      return now.phase === "held" ? now : null;
    }, "a hold");
    assert.equal(held.held, "silent");
    const versions = new Set();
    for (let n = 0; n < 12; n++) {
      const { version, context } = await crowd.visitor();
      versions.add(version);
      await context.close();
    }
    assert.deepEqual([...versions].sort(), ["v1", "v2"], "pages are served as before");
    assert.equal((await crowd.status()).phase, "held");
    await rows.exec("ALTER TABLE gone RENAME TO pages");
    await crowd.come();
    await crowd.counted();
    await eventually(async () => (await crowd.status()).phase === "ramping", "that it goes on");
    const entries = await crowd.replays();
    const kinds = entries.flatMap(({ decisions }) => decisions).map(({ kind, code }) => `${kind} ${code}`);
    assert.deepEqual(
      kinds.filter((kind) => /^(hold|resume)/.test(kind)),
      ["hold silent", "resume silent"],
    );
  } finally {
    await worker.close();
  }
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
