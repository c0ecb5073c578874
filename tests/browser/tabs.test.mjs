// Several tabs of one visitor, on two builds with content-hashed names: what stays open goes on working while the
// visitor moves, forward and back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWorker } from "../e2e/worker.mjs";
import { buildSite, settled } from "./builds.mjs";
import { complaints, launch, livePlan, record, said } from "./chromium.mjs";

/** `?use=` moves a visitor by a rule; without it the rollout at `step` decides. */
const config = (step) => ({
  sites: {
    shop: {
      versions: { old: "assets:old", new: "assets:new" },
      stable: "old",
      rollout: { canary: "new", steps: ["100%"], step },
      rules: [
        { name: "old", when: { query: { use: "old" } }, serve: "old" },
        { name: "new", when: { query: { use: "new" } }, serve: "new" },
      ],
    },
  },
});

let worker;
let browser;
let publish;

before(async () => {
  // Pages say whether they were loaded or came out of the back/forward cache.
  const script = `addEventListener("pageshow", (event) => { document.documentElement.dataset.shown = event.persisted ? "kept" : "loaded"; });`;
  const folders = {
    old: await buildSite("tabs-old", { version: "old", script }),
    new: await buildSite("tabs-new", { version: "new", script }),
  };
  worker = await startWorker({ name: "tabs", config: config(1), folders });
  browser = await launch({ without: ["--disable-back-forward-cache"] });
  publish = livePlan(worker);
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

const whole = (version) => [version, version, version];

/** A tab that shows a page and writes down what it asked for. */
async function open(context, path) {
  const page = await context.newPage();
  const tab = { page, seen: record(page), wrong: complaints(page) };
  tab.response = await page.goto(new URL(path, worker.url).href);
  tab.made = await settled(page);
  return tab;
}

/** Presses the button of a tab and gives the request that brought the lazy part. */
async function loadMore(tab) {
  tab.seen.length = 0;
  await tab.page.click("#more");
  await tab.page.waitForFunction(() => document.querySelector("#lazy").textContent !== "");
  assert.deepEqual(tab.wrong, []);
  return {
    words: await tab.page.textContent("#lazy"),
    chunk: tab.seen.find((response) => /\/lazy-\w+\.js$/.test(response.path)),
  };
}

test("of two tabs on two versions, one navigates and the other still loads its lazy chunk", async () => {
  const context = await browser.newContext();
  const first = await open(context, "/?use=old");
  const second = await open(context, "/?use=new");
  assert.deepEqual([first.made, second.made], [whole("old"), whole("new")]);

  await second.page.click("a");
  await second.page.waitForURL("**/about");
  assert.deepEqual(await settled(second.page), whole("new"));

  const older = await loadMore(first);
  assert.equal(older.words, "lazy part of old");
  const { status, version, why } = older.chunk;
  assert.deepEqual({ status, version, why }, { status: 200, version: "old", why: "skew" });

  const newer = await loadMore(second);
  assert.equal(newer.words, "lazy part of new");
  assert.deepEqual([newer.chunk.version, newer.chunk.why], ["new", "page"]);

  // The first tab navigates at last: it is where its visitor is, whole.
  await first.page.click("a");
  await first.page.waitForURL("**/about");
  assert.deepEqual(await settled(first.page), whole("new"));
  await context.close();
});

test("a tab that was open before a rollback goes on working, and its next navigation is on stable", async () => {
  const context = await browser.newContext();
  const before = await open(context, "/");
  assert.deepEqual(before.made, whole("new"));
  assert.equal(said(before.response).why, "canary");

  const revision = await publish(config(0));
  const after = await open(context, "/");
  assert.deepEqual(after.made, whole("old"));
  assert.equal(said(after.response).revision, String(revision));

  const more = await loadMore(before);
  assert.equal(more.words, "lazy part of new");
  assert.deepEqual([more.chunk.version, more.chunk.why], ["new", "skew"]);

  await before.page.click("a");
  await before.page.waitForURL("**/about");
  assert.deepEqual(await settled(before.page), whole("old"));
  await context.close();
});

test("a page the browser kept whole comes back whole, though its visitor has moved", async () => {
  await publish(config(1));
  const context = await browser.newContext();
  const tab = await open(context, "/?use=old");
  await tab.page.goto(new URL("/about?use=new", worker.url).href);
  assert.deepEqual(await settled(tab.page), whole("new"));

  await walk(tab.page, "back");
  assert.equal(await tab.page.evaluate(() => document.documentElement.dataset.shown), "kept", "out of the back/forward cache");
  assert.deepEqual(await settled(tab.page), whole("old"));
  assert.equal((await loadMore(tab)).words, "lazy part of old");

  await walk(tab.page, "forward");
  assert.deepEqual(await settled(tab.page), whole("new"));
  assert.equal((await loadMore(tab)).words, "lazy part of new");
  await context.close();
});

test("a page the browser did not keep is asked for again when going back, and is one version all the same", async () => {
  const context = await browser.newContext();
  const tab = await open(context, "/?use=old");
  // Whoever listens for `unload` is not kept.
  await tab.page.evaluate(() => addEventListener("unload", () => {}));
  await tab.page.goto(new URL("/about?use=new", worker.url).href);
  await walk(tab.page, "back");
  assert.equal(await tab.page.evaluate(() => document.documentElement.dataset.shown), "loaded");
  assert.deepEqual(await settled(tab.page), whole("old"));
  assert.equal((await loadMore(tab)).words, "lazy part of old");
  await context.close();
});

/** Back or forward by the page's own history, which is the browser's way and not the debugger's. */
async function walk(page, where) {
  const from = page.url();
  await page.evaluate((where) => void setTimeout(() => history[where]()), where);
  // A kept page is shown without loading anything.
  await page.waitForURL((url) => url.href !== from, { waitUntil: "commit" });
  await page.waitForFunction(() => document.documentElement.dataset.shown !== undefined);
}
