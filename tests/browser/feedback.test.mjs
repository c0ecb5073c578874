// What pages say of themselves, all the way: real Chromium, the injected script, the Worker, and the row it keeps of each page
// view; and what the rows amount to once they are old enough.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startOrigin } from "../e2e/origin.mjs";
import { startWorker, writeBuild } from "../e2e/worker.mjs";
import { inForce, launch } from "./chromium.mjs";
import { drawn } from "./drawn.mjs";
import { BIT, eventually, Intake } from "./intake.mjs";
import { window } from "./raw-tabs.mjs";

/** Old enough for what shows while a page loads, and for everything; ms. */
const FAST = 33_000;
const SLOW = 303_000;

/** Nearly everyone draws v2; a few draw v1, so that it is a draw. */
const NEARLY_ALL = "99%";

const html = (body, head = "") => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">${head}</head><body>${body}</body></html>`;

const WORDS = `<h1>A page</h1><p>${"Some words of it. ".repeat(100)}</p><a href="/next">Next</a>`;

const STRICT = "default-src 'none'; script-src 'nonce-c2VjcmV0'; style-src 'self'; img-src data:; connect-src 'self'";

const at = (name, path = "/") => Object.assign(new URL(path, worker.url), { hostname: `${name}.localhost` }).href;

/** Every test has a site of its own, and so counts of its own. */
function config(origin) {
  const site = (name, v2, { v1 = "assets:old", share = NEARLY_ALL, feedback = {} } = {}) => ({
    hosts: [`${name}.localhost`],
    versions: { v1, v2 },
    stable: "v1",
    rollout: { canary: "v2", steps: [share] },
    feedback: { shards: 1, ...feedback },
  });
  const by = (path) => ({ origin: `${origin}${path}` });
  const sites = {
    broken: site("broken", "assets:broken"),
    white: site("white", "assets:white"),
    blocked: site("blocked", "assets:white"),
    scriptless: site("scriptless", "assets:white"),
    strict: site("strict", by("/strict")),
    closed: site("closed", by("/closed")),
    kept: site("kept", "assets:fine"),
    confirmed: site("confirmed", "assets:fine"),
    behind: site("behind", "assets:fine"),
    ahead: site("ahead", "assets:fine"),
    reloading: site("reloading", "assets:fine", { feedback: { on_recall: "reload" } }),
    telling: site("telling", "assets:fine", { feedback: { on_recall: "event" } }),
    idle: { versions: { v1: "assets:old" }, stable: "v1", default: true },
  };
  return { sites };
}

let origin;
let worker;
let browser;
let visit;

before(async () => {
  const pages = (body, head) => ({
    "index.html": html(body, head),
    "next.html": html(`<h1>Next</h1>${WORDS}`),
    "style.css": "body { margin: 1em; }",
  });
  const folders = {
    old: writeBuild("pages-old", pages("<h1>As it was</h1>")),
    fine: writeBuild("pages-fine", pages(WORDS)),
    broken: writeBuild("pages-broken", pages(WORDS, '<script>throw new Error("broken at once")</script>')),
    white: writeBuild("pages-white", pages("")),
  };
  origin = await startOrigin((request, response) => {
    if (!/^\/(strict|closed)\/$/.test(request.url)) return response.writeHead(200, { "content-type": "text/css" }).end();
    const policy = request.url === "/strict/" ? STRICT : "default-src 'none'";
    const links = request.url === "/strict/" ? html(WORDS) : `<!doctype html><title>A page</title>${WORDS}`;
    response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(links);
  });
  worker = await startWorker({ name: "pages", config: config(origin.url), folders });
  browser = await launch({ without: ["--disable-back-forward-cache"] });
  visit = drawn(worker, browser);
});

after(async () => {
  await browser?.close();
  await worker?.close();
  await origin?.close();
});

const has = (row, bit) => (row.bits & bit) !== 0;

describe("a page that breaks", () => {
  test("because a script of it throws at once is alive with an error, and a goal it meets is kept", async () => {
    const { context, page, intake } = await visit("broken");
    const row = await intake.row(context, BIT.alive | BIT.error);
    assert.equal(row.errors, 1);
    await page.evaluate(() => halftone.goal("signup"));
    await intake.row(context, 0, ({ goals }) => goals === "signup");
    await context.close();
    const fast = await intake.aged(FAST, "v2 errors");
    assert.deepEqual([fast["v2 trials"], fast["v2 errors"], fast["v2 missing"]], [1, 1, undefined]);
    const slow = await intake.aged(SLOW - FAST, "v2 slow_trials");
    assert.deepEqual([slow["v2 goal.signup"], slow["v2 errors_reported"]], [1, 1]);
  });

  const ways = {
    white: ["that stays white", BIT.lateFcp, {}],
    blocked: [
      "that stays white and whose page script never loads",
      0,
      { prepare: (page) => page.route("**/_halftone/page.js", (route) => route.abort()) },
    ],
    scriptless: ["that stays white with JavaScript off", 0, { options: { javaScriptEnabled: false } }],
  };
  for (const [name, [which, says, how]] of Object.entries(ways)) {
    test(`${which} is missing`, async () => {
      const { context, intake } = await visit(name, "v2", how);
      // The last that a white page says; by then it had time to say that it lives.
      const row = await intake.row(context, BIT.proven | BIT.trial | says);
      assert.ok(!has(row, BIT.alive | BIT.error), `bits ${row.bits}`);
      await context.close();
      const counts = await intake.aged(FAST, "v2 missing");
      const names = ["trials", "missing", "pages_missing", "pages_alive", "errors"];
      assert.deepEqual(
        names.map((counter) => counts[`v2 ${counter}`] ?? 0),
        [1, 1, 1, 0, 0],
      );
    });
  }
});

describe("a page with a Content-Security-Policy", () => {
  test("that asks for a nonce is given the script with it, comes alive and says nothing on the console", async () => {
    const { context, page, wrong, response, intake } = await visit("strict");
    assert.equal(response.headers()["content-security-policy"], STRICT);
    await intake.row(context, BIT.alive);
    assert.equal(await page.evaluate(() => document.querySelector('script[src="/_halftone/page.js"]').nonce), "c2VjcmV0");
    assert.ok(await page.evaluate(() => Array.isArray(window.__halftone)));
    assert.deepEqual(wrong, []);
    await context.close();
  });

  test("that lets no script in is left as it is and out of the test, and says nothing on the console", async () => {
    const { context, page, wrong, response, intake } = await visit("closed");
    await intake.row(context, BIT.untested);
    assert.equal(await page.evaluate(() => document.scripts.length), 0);
    assert.doesNotMatch(response.headers()["server-timing"] ?? "", /halftone-page/);
    assert.deepEqual(wrong, []);
    await context.close();
    const counts = await intake.aged(FAST, "v2 pages_untested");
    assert.deepEqual([counts["v2 pages"], counts["v2 trials"], counts["v2 pages_missing"]], [1, undefined, undefined]);
  });
});

test("a page out of the back/forward cache opens no row, and nothing is missing", async () => {
  const shown = (page) =>
    page.addInitScript(() =>
      addEventListener("pageshow", ({ persisted }) => {
        window.persisted = persisted;
      }),
    );
  const { context, page, intake } = await visit("kept", "v2", { prepare: shown });
  const first = await intake.row(context, BIT.alive);
  await page.click("a");
  const second = await intake.row(context, BIT.alive, (row) => row.page !== first.page);
  await page.evaluate(() => void setTimeout(() => history.back()));
  await page.waitForFunction(() => window.persisted === true);
  await page.evaluate(() => halftone.goal("again"));
  await eventually(async () => (await intake.rows(context)).some(({ goals }) => goals === "again"), "the goal");
  const rows = await intake.rows(context);
  assert.deepEqual(
    rows.map((row) => [row.page, has(row, BIT.alive), row.goals]),
    [
      [first.page, true, "again"],
      [second.page, true, ""],
    ],
  );
  await context.close();
  const counts = await intake.aged(FAST, "v2 pages_alive");
  assert.deepEqual([counts["v2 pages"], counts["v2 pages_alive"], counts["v2 pages_missing"]], [2, 2, undefined]);
});

test("a page that a 304 confirmed speaks with the token that came with it", async () => {
  const { context, page, intake } = await visit("confirmed");
  const came = () =>
    page.evaluate(() => {
      const { serverTiming, transferSize, encodedBodySize } = performance.getEntriesByType("navigation")[0];
      const tokens = serverTiming.filter(({ name }) => name === "halftone-page").map(({ description }) => description);
      return { tokens, stored: transferSize < encodedBodySize };
    });
  const first = await came();
  const row = await intake.row(context, BIT.alive);
  await page.goto("about:blank");
  await page.goto(at("confirmed"));
  const second = await came();
  assert.deepEqual([first.stored, second.stored], [false, true], "the second body was the stored one");
  assert.deepEqual([first.tokens.length, second.tokens.length], [1, 1]);
  assert.notEqual(second.tokens[0], first.tokens[0]);
  const again = await intake.row(context, BIT.alive, ({ page }) => page !== row.page);
  assert.ok(!has(again, BIT.trial | BIT.first), "the draw's trial is its first page");
  assert.equal((await intake.rows(context)).length, 2);
  await context.close();
});

test("a page opened in a background tab says that it is hidden, and is no trial", async () => {
  const intake = new Intake(worker, "behind");
  const open = await window(browser);
  const front = await open("about:blank");
  await front.show();
  const behind = await open(at("behind"), { background: true });
  const [row] = await eventually(async () => {
    const rows = await intake.rows();
    return rows.length > 0 && has(rows[0], BIT.hidden) ? rows : null;
  }, "a row that says hidden");
  assert.ok(!has(row, BIT.alive), `bits ${row.bits}`);
  await behind.close();
  await front.close();
  const version = row.cell.split("|")[2];
  const counts = await intake.aged(FAST, `${version} pages_hidden`);
  assert.deepEqual(
    ["pages", "pages_hidden", "draws", "trials", "pages_missing", "missing"].map((counter) => counts[`${version} ${counter}`]),
    [1, 1, 1, undefined, undefined, undefined],
  );
});

test("a page fetched ahead of its navigation has a row once somebody looks at it, and comes alive", async () => {
  const { context, page, intake } = await visit("ahead");
  const fetched = page.waitForEvent("requestfinished", (request) => request.url() === at("ahead", "/next"));
  const rules = JSON.stringify({ prefetch: [{ source: "list", urls: ["/next"], eagerness: "immediate" }] });
  await page.evaluate(
    (markup) => document.head.append(document.createRange().createContextualFragment(markup)),
    `<script type="speculationrules">${rules}</script>`,
  );
  assert.match((await (await fetched).allHeaders())["sec-purpose"], /^prefetch/);
  await page.evaluate(() => halftone.goal("fetched"));
  const first = await intake.row(context, BIT.alive, ({ goals }) => goals === "fetched");
  assert.equal((await intake.rows(context)).length, 1);
  await page.click("a");
  await page.waitForURL("**/next");
  assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation")[0].deliveryType), "navigational-prefetch");
  await intake.row(context, BIT.alive, (row) => row.page !== first.page);
  await page.evaluate(() => halftone.goal("seen"));
  const second = await intake.row(context, BIT.alive, ({ goals }) => goals === "seen");
  assert.deepEqual(
    (await intake.rows(context)).map(({ page }) => page),
    [first.page, second.page],
  );
  await context.close();
  const counts = await intake.aged(FAST, "v2 pages_alive");
  assert.deepEqual([counts["v2 pages"], counts["v2 pages_alive"], counts["v2 pages_missing"]], [2, 2, undefined]);
});

test("pages of a version that was rolled back are recalled: they reload once, or only get the event, as the site wants", async () => {
  /** Counts loads and recalls of a tab where a reload does not undo it. */
  const watch = (page) =>
    page.addInitScript(() => {
      const count = (name) => sessionStorage.setItem(name, Number(sessionStorage.getItem(name)) + 1);
      count("loads");
      addEventListener("halftone:recall", ({ detail }) => count(`recalled ${detail.version}`));
    });
  const counted = ({ page }) => page.evaluate(() => ["loads", "recalled v2"].map((name) => Number(sessionStorage.getItem(name))));
  const reloading = await visit("reloading", "v2", { prepare: watch });
  const telling = await visit("telling", "v2", { prepare: watch });
  const holding = await visit("reloading", "v2", { prepare: watch });
  await holding.page.evaluate(() => addEventListener("halftone:recall", (event) => event.preventDefault()));
  const all = [reloading, telling, holding];
  /** What the next answer to this page says: a page may speak of itself at any time, and is told as soon as it does. */
  const answer = async ({ page }, says) => {
    const answered = page.waitForResponse((response) => response.url().endsWith("/_halftone/in") && says(response));
    return async () => (await answered).headers()["halftone-recall"];
  };
  /** Says something, and waits until the page has heard the answer. */
  const say = async (one, name) => {
    const heard = await answer(one, (response) => response.request().postData().includes(name));
    await one.page.evaluate((goal) => halftone.goal(goal), name);
    return heard();
  };
  for (const one of all) assert.equal(await say(one, "before"), undefined);
  const recall = await Promise.all(all.map((one) => answer(one, (response) => "halftone-recall" in response.headers())));

  for (const site of ["reloading", "telling"]) {
    const { decisions } = await worker.admin(`rollback?site=${site}`, { why: "a test" });
    await inForce(worker, at(site), decisions[0].revision);
  }
  for (const { page } of all) await page.evaluate(() => globalThis.halftone?.goal("after"));
  assert.deepEqual(await Promise.all(recall.map((heard) => heard())), ["v2;reload", "v2", "v2;reload"]);
  await eventually(async () => (await counted(reloading).catch(() => [0]))[0] === 2, "a load anew");
  // No rollout runs any more, so the page it got now is not asked to say anything.
  await reloading.page.waitForLoadState();
  assert.equal(await reloading.page.evaluate(() => [...document.scripts].some(({ src }) => src.includes("page.js"))), false);
  for (const one of all) await eventually(async () => (await counted(one))[1] === 1, "a recall");
  // The others have been told: nothing comes of what it says from now on.
  for (const name of ["later", "later-still"])
    assert.deepEqual(await Promise.all([telling, holding].map((one) => say(one, name))), ["v2", "v2;reload"]);
  assert.deepEqual(await Promise.all(all.map(counted)), [
    [2, 1],
    [1, 1],
    [1, 1],
  ]);
  for (const { page } of [telling, holding]) assert.equal(await page.evaluate(() => halftone.version), "v2");
  for (const { context } of all) await context.close();
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
