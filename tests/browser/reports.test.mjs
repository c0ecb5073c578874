// A browser's own reports, by the Reporting API, from Chromium itself: what a page can not tell, because it does not know or is gone.
//
// Browsers deliver them over https alone, to whoever may use the background, about a minute late; the flag that Chromium's own
// tests use makes that a moment.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWorker, writeBuild } from "../e2e/worker.mjs";
import { launch } from "./chromium.mjs";
import { drawn } from "./drawn.mjs";
import { eventually } from "./intake.mjs";

const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,"></head>
<body><h1>A page</h1></body></html>`;

const site = (name, feedback = {}) => ({
  hosts: [`${name}.localhost`],
  versions: { v1: "assets:v1", v2: "assets:v2" },
  stable: "v1",
  rollout: { canary: "v2", steps: ["50%"], decide: "never" },
  feedback: { shards: 1, ...feedback },
});
const config = {
  sites: {
    shop: site("shop"),
    spared: site("spared", { browser_reports: false }),
    idle: { versions: { v1: "assets:v1" }, stable: "v1", default: true },
  },
};

let worker;
let browser;
let visit;

before(async () => {
  const folders = Object.fromEntries(["v1", "v2"].map((name) => [name, writeBuild(`reports-${name}`, { "index.html": html })]));
  worker = await startWorker({ name: "reports", config, folders, secure: true });
  browser = await launch({ flags: ["--short-reporting-delay", "--ignore-certificate-errors"] });
  visit = drawn(worker, browser);
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

const OPTIONS = { permissions: ["background-sync"], ignoreHTTPSErrors: true };

test("what a page does that will end one day is counted for its version, as is its crash", async () => {
  for (const version of ["v1", "v2"]) {
    const { context, page, response, intake } = await visit("shop", version, { options: OPTIONS });
    assert.match(response.headers()["reporting-endpoints"], /^default="\/_halftone\/reports\?t=1~/);
    const requests = [];
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    await page.evaluate(() => addEventListener("unload", () => {}));
    const deprecated = `${version} report.deprecation:UnloadHandler`;
    await eventually(async () => (await intake.counts())[deprecated] === 1, "a report of what is deprecated");
    const crashed = page.waitForEvent("crash");
    await page.goto("chrome://crash").catch(() => {});
    await crashed;
    await eventually(async () => (await intake.counts())[`${version} report.crash:`] === 1, "a report of a crash");
    assert.ok(!requests.includes("/_halftone/reports"), "the browser's own reports are not the page's requests");
    await context.close();
  }
});

test("a browser is asked for no reports where the site wants none", async () => {
  const { context, response } = await visit("spared", "v2", { options: OPTIONS });
  assert.match(response.headers()["server-timing"], /halftone-page/);
  assert.equal(response.headers()["reporting-endpoints"], undefined);
  await context.close();
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
