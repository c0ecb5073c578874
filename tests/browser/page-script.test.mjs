// The page script in Chromium, by itself: when a page says that it lives, and whom it speaks for at all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { eventually } from "./intake.mjs";
import { buildScript, HELLO, html, page, SCRIPT, STUB, startSite } from "./page-site.mjs";
import { openAlone, window } from "./raw-tabs.mjs";

let site;
let browser;
let tab;

before(async () => {
  site = await startSite();
  browser = await launch({ without: ["--disable-back-forward-cache"] });
  tab = await browser.newPage();
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** What pages of a path have said, without what a slow machine has them say besides: that paints are late, and vitals. */
const kinds = (path) =>
  site
    .of(path)
    .map(({ e }) => e)
    .filter((e) => e !== "late" && e !== "vital");

/** Has the page say one last thing and waits until that has come: whatever was said before has come too. */
async function drained(path, page = tab) {
  await page.evaluate(() => halftone.goal("done"));
  await site.until(path, "goal");
}

/** Everything the page has asked of the place that takes beacons, as it was asked; for pages that should ask nothing. */
function posts(page) {
  const seen = [];
  page.on("request", (request) => request.method() === "POST" && seen.push(request.postData()));
  return seen;
}

/** Two frames painted and then a task: by then a script that has something to say has said it. */
const settled = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));

test("the script is at most 5120 bytes brotli, and the build says how many", () => {
  const { said, script } = buildScript();
  const [, size] = /^size: \S+page\.js (\d+) bytes brotli, at most 5120\n$/.exec(said);
  assert.ok(Number(size) > 0 && Number(size) <= 5120);
  assert.match(script, /^\/\* Halftone, MIT; holds web-vitals [\d.]+, Google LLC, Apache-2\.0 \*\/\n/);
  assert.doesNotMatch(script, /\beval\b|new Function/);
});

test("a page says that it is alive once, when its first contentful paint was", async () => {
  await tab.goto(site.serve("/alive", html()));
  const alive = await site.until("/alive", "alive");
  const painted = await tab.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  assert.equal(alive.at, Math.round(painted));
  assert.match(alive.type, /^text\/plain\b/);
  await drained("/alive");
  assert.deepEqual(kinds("/alive"), ["alive", "goal"]);
  assert.equal(await tab.evaluate(() => halftone.version), "v2");
});

test("a page that stays white never says that it is alive, and says that its paints are late", async () => {
  await tab.goto(site.serve("/white", html("")));
  await site.until("/white", "late", 2);
  await drained("/white");
  assert.deepEqual(kinds("/white"), ["goal"]);
  assert.deepEqual(
    site.of("/white", "late").map(({ names }) => names),
    [["FCP"], ["LCP"]],
  );
  await tab.evaluate(() => document.body.append("at last"));
  await site.until("/white", "alive");
});

test("a script that comes late says alive and not late of a page that painted in time", async () => {
  await tab.goto(site.serve("/slow-script", html(HELLO, "")));
  await tab.waitForFunction(() => performance.now() > 2600 && performance.getEntriesByType("paint").length === 2);
  await tab.addScriptTag({ url: "/_halftone/page.js" });
  await site.until("/slow-script", "alive");
  await settled(tab);
  await drained("/slow-script");
  assert.deepEqual(kinds("/slow-script"), ["alive", "goal"]);
  assert.deepEqual(site.of("/slow-script", "late"), []);
});

test("a page opened in a background tab says hidden at once, alive when it is looked at, and is never late", async () => {
  const open = await window(browser);
  await (await open("about:blank")).show();
  const behind = await open(site.serve("/behind", html()), { background: true });
  await site.until("/behind", "hidden");
  assert.equal(await behind.evaluate(() => document.visibilityState), "hidden");
  await behind.evaluate(() => new Promise((later) => setTimeout(later, 2600 - performance.now())));
  assert.deepEqual(kinds("/behind"), ["hidden"]);
  await behind.show();
  const { at } = await site.until("/behind", "alive");
  assert.ok(at >= 2500, "painted only when it was looked at");
  await drained("/behind", behind);
  assert.deepEqual(kinds("/behind"), ["hidden", "alive", "goal"]);
  assert.deepEqual(site.of("/behind", "late"), []);
  await behind.close();
});

test("a page that goes out of sight before it paints was not opened hidden, and is not late", async () => {
  const open = await window(browser);
  const first = await open(site.serve("/left", html('<script>onload = () => halftone.goal("done")</script>')));
  await site.until("/left", "goal");
  const second = await open("about:blank");
  await second.show();
  await first.is("hidden");
  await first.evaluate(() => new Promise((later) => setTimeout(later, 2600 - performance.now())));
  await first.evaluate(() => halftone.goal("later"));
  await site.until("/left", "goal", 2);
  assert.deepEqual(kinds("/left"), ["goal", "goal"]);
  assert.deepEqual(site.of("/left", "late"), []);
  await first.close();
  await second.close();
});

const silent = {
  "without a token": { timing: "origin;dur=12" },
  "with a token that is none": { timing: 'halftone-page;desc="a b"' },
  "whose visitor has Global Privacy Control on": {
    init: () => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }),
  },
};
for (const [which, { timing, init }] of Object.entries(silent)) {
  test(`a page ${which} sends nothing, and its API can be called all the same`, async () => {
    const context = await browser.newContext();
    if (init) await context.addInitScript(init);
    const quiet = await context.newPage();
    const seen = posts(quiet);
    const path = `/silent-${Object.keys(silent).indexOf(which)}`;
    await quiet.goto(site.serve(path, (_, response, fresh) => page(response, html(), timing ?? fresh)));
    await quiet.evaluate(() => {
      halftone.goal("signup");
      setTimeout(() => {
        throw new Error("broken");
      });
    });
    await settled(quiet);
    await quiet.goto("about:blank");
    assert.deepEqual(seen, []);
    assert.deepEqual(site.of(path), []);
    await context.close();
  });
}

test("a page of a browser that knows no Server-Timing says that it is untested, and nothing else ever", async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => Reflect.deleteProperty(PerformanceResourceTiming.prototype, "serverTiming"));
  const old = await context.newPage();
  const seen = posts(old);
  await old.goto(site.serve("/timeless", html()));
  await eventually(() => seen.length > 0, "what it says");
  await old.evaluate(() => halftone.goal("signup"));
  await settled(old);
  await old.goto("about:blank");
  assert.deepEqual(seen.map(JSON.parse), [[{ t: "-", e: "untested" }]]);
  await context.close();
});

test("a browser that writes down how a document came only when it has come whole is heard from then on", async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    const { getEntriesByType } = Performance.prototype;
    Performance.prototype.getEntriesByType = function (type) {
      return type === "navigation" && document.readyState !== "complete" ? [] : getEntriesByType.call(this, type);
    };
  });
  const late = await context.newPage();
  await late.goto(site.serve("/written-late", html()));
  await site.until("/written-late", "alive");
  await drained("/written-late", late);
  assert.deepEqual(kinds("/written-late"), ["alive", "goal"]);
  await context.close();
});

test("a page in a frame sends nothing; the page around it does", async () => {
  site.serve("/framed", html());
  const seen = posts(tab);
  await tab.goto(site.serve("/around", html('<h1>Hello</h1><iframe src="/framed"></iframe>')));
  await tab.frames()[1].evaluate(() => halftone.goal("inside"));
  await drained("/around");
  assert.deepEqual(site.of("/framed"), []);
  assert.ok(seen.length > 0);
});

test("a script that is in the page twice speaks once", async () => {
  await tab.goto(site.serve("/twice", html(HELLO, SCRIPT + SCRIPT)));
  await site.until("/twice", "alive");
  await tab.addScriptTag({ url: "/_halftone/page.js?again" });
  await tab.evaluate(() => setTimeout(() => Promise.reject(new Error("once"))));
  await site.until("/twice", "error");
  await settled(tab);
  await drained("/twice");
  assert.deepEqual(kinds("/twice"), ["alive", "error", "goal"]);
});

test("what a page itself calls `halftone` stays the page's", async () => {
  await tab.goto(site.serve("/own", html(HELLO, `<script>window.halftone = { mine: true }</script>${SCRIPT}`)));
  await site.until("/own", "alive");
  assert.deepEqual(await tab.evaluate(() => window.halftone), { mine: true });
  await tab.goto(site.serve("/element", html('<h1 id="halftone">Hello</h1>')));
  await drained("/element");
});

test("a page under another prefix speaks there", async () => {
  const asked = tab.waitForRequest((request) => request.url().endsWith("/-/ht/in"));
  site.serve("/-/ht/page.js", (_, response) =>
    response.writeHead(200, { "content-type": "text/javascript" }).end(buildScript().script),
  );
  await tab.goto(site.serve("/prefix", html(HELLO, '<script async src="/-/ht/page.js?v=1"></script>')));
  assert.match((await asked).postData(), /"e":"alive"/);
});

test("a page out of the back/forward cache is no new page: it says nothing, and its vitals stay those of its first view", async () => {
  const context = await browser.newContext();
  const kept = await context.newPage();
  await kept.addInitScript(() =>
    addEventListener("pageshow", ({ persisted }) => {
      window.persisted = persisted;
    }),
  );
  await kept.goto(site.serve("/kept", html()));
  await site.until("/kept", "alive");
  await drained("/kept", kept);
  await kept.goto(site.serve("/away", html()));
  await site.until("/away", "alive");
  await site.until("/kept", "vital", 3);
  const ids = () => new Set(site.of("/kept", "vital").map(({ id }) => id));
  const before = ids();
  await kept.evaluate(() => void setTimeout(() => history.back()));
  await kept.waitForFunction(() => window.persisted === true);
  await settled(kept);
  await kept.evaluate(() => halftone.goal("again"));
  await site.until("/kept", "goal", 2);
  await kept.evaluate(() => void setTimeout(() => history.forward()));
  await kept.waitForURL("**/away", { waitUntil: "commit" });
  assert.deepEqual(kinds("/kept"), ["alive", "goal", "goal"]);
  assert.deepEqual(ids(), before, "a restored page would have new ids");
  await context.close();
});

test("a 304 brings a new token, which is the one the page speaks with", async () => {
  const context = await browser.newContext();
  const again = await context.newPage();
  const answered = [];
  site.serve("/stored", (request, response, timing, token) => {
    const status = request.headers["if-none-match"] === '"one"' ? 304 : 200;
    answered.push({ status, token });
    const headers = { "content-type": "text/html", etag: '"one"', "cache-control": "no-cache", "server-timing": timing };
    response.writeHead(status, headers).end(status === 304 ? undefined : html());
  });
  await again.goto(site.url("/stored"));
  await site.until("/stored", "alive");
  await again.goto("about:blank");
  await again.goto(site.url("/stored"));
  await site.until("/stored", "alive", 2);
  assert.deepEqual(
    answered.map(({ status }) => status),
    [200, 304],
  );
  const spoken = site.of("/stored", "alive").map(({ token }) => token);
  assert.deepEqual(
    spoken,
    answered.map(({ token }) => token),
  );
  assert.equal(
    await again.evaluate(() => {
      const { serverTiming } = performance.getEntriesByType("navigation")[0];
      return serverTiming.find(({ name }) => name === "halftone-page").description;
    }),
    answered[1].token,
  );
  await context.close();
});

/** A page that has the browser fetch another one ahead, to which a link leads. */
function pageBefore(action, to, more = "") {
  const rules = JSON.stringify({ [action]: [{ source: "list", urls: [to], eagerness: "immediate" }] });
  return html(`${HELLO}<a href="${to}">next</a>${more}`, `${SCRIPT}<script type="speculationrules">${rules}</script>`);
}

test("a page that was prefetched says activated when it is looked at, and then alive", async () => {
  const context = await browser.newContext();
  const ahead = await context.newPage();
  const fetched = Promise.withResolvers();
  site.serve("/prefetched", (_, response, timing) => fetched.resolve(page(response, html(), timing)));
  await ahead.goto(site.serve("/before-prefetch", pageBefore("prefetch", "/prefetched")));
  await fetched.promise;
  await drained("/before-prefetch", ahead);
  assert.deepEqual(site.of("/prefetched"), []);
  await ahead.click("a");
  await site.until("/prefetched", "alive");
  // Two requests, and the network keeps no order among them.
  assert.deepEqual((await site.until("/prefetched", "activated")) && kinds("/prefetched").sort(), ["activated", "alive"]);
  await context.close();
});

test("a prerendered page says nothing until it is looked at; then activated, what broke, and alive, counted from there", async () => {
  const body = `${HELLO}<img src="/drawn"><script>setTimeout(() => { throw new Error("unseen"); })</script>`;
  site.serve("/prerendered", html(body, STUB + SCRIPT));
  const drawn = Promise.withResolvers();
  site.serve("/drawn", (_, response) => drawn.resolve(response.writeHead(204).end()));
  let before;
  let gone;
  site.serve("/go", async (_, response) => {
    await drawn.promise;
    before = site.of("/prerendered");
    gone = performance.now();
    response.writeHead(204).end();
  });
  // The page goes its way by itself, a second after the other one is there.
  const go = `<script>fetch("/go").then(() => setTimeout(() => document.querySelector("a").click(), 1000))</script>`;
  const alone = openAlone(site.serve("/before-prerender", pageBefore("prerender", "/prerendered", go)));
  after(alone.close);
  const { at, arrived } = await site.until("/prerendered", "alive");
  assert.deepEqual(before, []);
  assert.ok(at <= arrived - gone - 998, "the second and more that passed before is not counted");
  await site.until("/prerendered", "error");
  await site.until("/prerendered", "activated");
  assert.deepEqual(kinds("/prerendered").sort(), ["activated", "alive", "error"]);
});

test("a page out of a service worker's cache says so and nothing else; one that it fetched is like any other", async () => {
  const context = await browser.newContext();
  const worked = await context.newPage();
  const worker = `
    addEventListener("install", (event) => event.waitUntil(caches.open("all").then((all) => all.add("/cached"))));
    addEventListener("activate", (event) => event.waitUntil(clients.claim()));
    addEventListener("fetch", (event) => {
      if (event.request.mode !== "navigate") return;
      event.respondWith(event.request.url.endsWith("/cached") ? caches.match("/cached") : fetch(event.request));
    });`;
  site.serve("/sw.js", (_, response) => response.writeHead(200, { "content-type": "text/javascript" }).end(worker));
  site.serve("/cached", html());
  await worked.goto(site.serve("/install", html()));
  await worked.evaluate(async () => {
    await navigator.serviceWorker.register("/sw.js");
    if (!navigator.serviceWorker.controller)
      await new Promise((claimed) => navigator.serviceWorker.addEventListener("controllerchange", claimed, { once: true }));
  });
  await worked.goto(site.serve("/fetched", html()));
  assert.ok(await worked.evaluate(() => performance.getEntriesByType("navigation")[0].workerStart > 0));
  await site.until("/fetched", "alive");
  await worked.goto(site.url("/cached"));
  await site.until("/cached", "worker");
  await settled(worked);
  await worked.evaluate(() => halftone.goal("signup"));
  await worked.goto(site.serve("/after", html()));
  await site.until("/after", "alive");
  assert.deepEqual(kinds("/cached"), ["worker"]);
  await context.close();
});

const LACKING = {
  PerformanceObserver: () => Reflect.deleteProperty(window, "PerformanceObserver"),
  "Array.prototype.at": () => Reflect.deleteProperty(Array.prototype, "at"),
  sendBeacon: () => Reflect.deleteProperty(Navigator.prototype, "sendBeacon"),
  fetch: () => Reflect.deleteProperty(window, "fetch"),
  "the navigation entry": () => {
    performance.getEntriesByType = () => [];
  },
};
for (const [what, init] of Object.entries(LACKING)) {
  test(`a browser without ${what} sees no error of the script, and its pages can call the API`, async () => {
    const context = await browser.newContext();
    await context.addInitScript(init);
    const old = await context.newPage();
    const wrong = [];
    old.on("pageerror", (error) => wrong.push(String(error)));
    await old.goto(site.serve(`/lacking-${Object.keys(LACKING).indexOf(what)}`, html(`${HELLO}<button>press</button>`)));
    await old.evaluate(() => document.querySelector("h1").replaceChildren("changed"));
    await old.click("button");
    await old.evaluate(() => history.pushState(null, "", "/pushed"));
    await old.evaluate(() => halftone.goal("signup"));
    await settled(old);
    await old.goto("about:blank");
    assert.deepEqual(wrong, []);
    await context.close();
  });
}
