// A real Workbox site: its worker keeps a whole build in the browser and answers pages without asking the edge. What a
// rollback does to that.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateSW } from "workbox-build";
import { startWorker } from "../e2e/worker.mjs";
import { buildSite, settled } from "./builds.mjs";
import { launch, livePlan, record, until } from "./chromium.mjs";

/** Two sites under rollout: at `bare` stable has no worker, at `both` it has one of the same name. */
const config = (step) => {
  const site = (name) => ({
    hosts: [`${name}.localhost`],
    versions: { old: `assets:${name}-old`, new: `assets:${name}-new` },
    stable: "old",
    rollout: { canary: "new", steps: ["100%"], step },
  });
  return { sites: { bare: { ...site("bare"), default: true }, both: site("both") } };
};

let worker;
let browser;
let publish;

before(async () => {
  const folders = {
    "bare-old": await buildSite("bare-old", { version: "old" }),
    "bare-new": await withWorker("bare-new", "new"),
    "both-old": await withWorker("both-old", "old"),
    "both-new": await withWorker("both-new", "new"),
  };
  worker = await startWorker({ name: "service-worker", config: config(1), folders });
  browser = await launch();
  publish = livePlan(worker);
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

/** A build whose pages register a worker that Workbox made: it precaches every file and takes pages over at once. */
async function withWorker(folder, version) {
  const out = await buildSite(folder, { version, script: 'navigator.serviceWorker.register("/sw.js");' });
  const { count, warnings } = await generateSW({
    globDirectory: out,
    globPatterns: ["**/*.{html,js,css}"],
    swDest: `${out}/sw.js`,
    inlineWorkboxRuntime: true,
    sourcemap: false,
    skipWaiting: true,
    clientsClaim: true,
    cleanupOutdatedCaches: true,
  });
  assert.deepEqual({ count, warnings }, { count: 5, warnings: [] }, "two pages, two scripts and a style are precached");
  return out;
}

const whole = (version) => [version, version, version];
const site = (name) => Object.assign(new URL(worker.url), { hostname: `${name}.localhost` }).href;

/** A page view: what it is made of, and whether the edge was asked for it. */
async function view(page, name) {
  const response = await page.goto(site(name));
  return { made: await settled(page), fromWorker: response.fromServiceWorker() };
}

/** A visitor whose browser keeps the canary: two page views, the second out of their own cache. */
async function visitorOfCanary(name) {
  const context = await browser.newContext();
  const page = await context.newPage();
  assert.deepEqual(await view(page, name), { made: whole("new"), fromWorker: false });
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
  assert.deepEqual(await view(page, name), { made: whole("new"), fromWorker: true });
  return { context, page };
}

test("after a rollback a worker that stable does not have leaves the browser, and the page after that is stable", async () => {
  const { context, page } = await visitorOfCanary("bare");
  const other = await context.newPage();
  assert.deepEqual(await view(other, "bare"), { made: whole("new"), fromWorker: true });
  await publish(config(0), site("bare"));

  // The page itself never reaches the edge; the look for a newer worker that the browser takes after it does.
  const seen = record(context);
  assert.deepEqual(await view(page, "bare"), { made: whole("new"), fromWorker: true });
  await until(page, async () => (await navigator.serviceWorker.getRegistrations()).length === 0);
  assert.deepEqual(await view(page, "bare"), { made: whole("old"), fromWorker: false });
  const { status, version, why } = seen.find((response) => response.path === "/sw.js");
  assert.deepEqual({ status, version, why }, { status: 200, version: "old", why: "stable" });

  // A page that was open all the time was not reloaded, and goes on working.
  assert.deepEqual(await settled(other), whole("new"));
  await other.click("#more");
  await other.waitForFunction(() => document.querySelector("#lazy").textContent === "lazy part of new");
  await context.close();
});

test("after a rollback to a version with a worker of its own, that one takes over with its own files", async () => {
  await publish(config(1), site("both"));
  const { context, page } = await visitorOfCanary("both");
  await publish(config(0), site("both"));

  assert.deepEqual(await view(page, "both"), { made: whole("new"), fromWorker: true });
  // Stable's worker fetches what it keeps while the visitor's open page is still the canary's; all of it is stable's.
  await until(page, async () => {
    const pages = await Promise.all(
      (await caches.keys()).map(async (name) => (await caches.open(name)).match("/index.html", { ignoreSearch: true })),
    );
    const texts = await Promise.all(pages.filter(Boolean).map((response) => response.text()));
    return texts.length > 0 && texts.every((text) => text.includes('data-version="old"'));
  });
  assert.deepEqual(await view(page, "both"), { made: whole("old"), fromWorker: true });
  await context.close();
});
