// What the page script reports of a page that lives, in Chromium: errors, web vitals, soft navigations and goals.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { HELLO, html, SCRIPT, STUB, startSite } from "./page-site.mjs";
import { window } from "./raw-tabs.mjs";

let site;
let browser;
let tab;

before(async () => {
  site = await startSite();
  browser = await launch();
  tab = await browser.newPage();
});

after(async () => {
  await browser?.close();
  await site?.close();
});

async function drained(path, page = tab) {
  const before = site.of(path, "goal").length;
  await page.evaluate(() => halftone.goal("done"));
  await site.until(path, "goal", before + 1);
}

/** Errors without what differs from run to run, in an order of their own: several requests keep none. */
const errors = (path) =>
  site
    .of(path, "error")
    .map(({ kind, message, source }) => [kind, message, source].join(" | "))
    .sort();

const BROKEN = `
  <script>window.onload = () => setTimeout(() => Promise.reject(new TypeError("refused")))</script>
  <link rel="stylesheet" href="/gone.css?v=1"><link rel="preload" as="script" href="/gone-too.js">
  <script src="/gone.js"></script><img src="/gone.png">
  <script>null.broken</script>`;

test("with the stub, what broke before the script came is told, and what breaks after it", async () => {
  site.serve("/stubbed", html(`${HELLO}${BROKEN}`, STUB));
  await tab.goto(site.url("/stubbed"));
  await tab.waitForFunction(() => window.__halftone.length >= 5);
  await tab.addScriptTag({ url: "/_halftone/page.js" });
  await site.until("/stubbed", "error", 4);
  await tab.evaluate(() => {
    const late = Object.assign(document.createElement("script"), { src: "https://127.0.0.1:1/elsewhere/late.js?key=1" });
    document.head.append(late);
  });
  await site.until("/stubbed", "error", 5);
  await drained("/stubbed");
  assert.deepEqual(errors("/stubbed"), [
    "error | Uncaught TypeError: Cannot read properties of null (reading 'broken') | /stubbed",
    "rejection | refused | ",
    "script |  | /elsewhere/late.js",
    "script |  | /gone.js",
    "style |  | /gone.css",
  ]);
  const now = await tab.evaluate(() => performance.now());
  for (const { at } of site.of("/stubbed", "error")) assert.ok(Number.isInteger(at) && at > 0 && at < now);
});

test("without the stub, scripts and styles that failed before the script came are found, each told once", async () => {
  site.serve("/bare", html(`${HELLO}${BROKEN}`, ""));
  await tab.goto(site.url("/bare"));
  await tab.evaluate(() => new Promise((later) => setTimeout(later)));
  await tab.addScriptTag({ url: "/_halftone/page.js" });
  await site.until("/bare", "error", 2);
  await tab.evaluate(() => {
    for (const src of ["/gone.js", "/gone-later.js"])
      document.head.append(Object.assign(document.createElement("script"), { src }));
  });
  await site.until("/bare", "error", 3);
  await drained("/bare");
  assert.deepEqual(errors("/bare"), ["script |  | /gone-later.js", "script |  | /gone.js", "style |  | /gone.css"]);
});

test("at most five errors of a page are told", async () => {
  const loop = "<script>for (let n = 0; n < 4; n++) Promise.reject(n);</script>";
  await tab.goto(site.serve("/many", html(`${HELLO}${loop}`, STUB + SCRIPT)));
  await site.until("/many", "error", 4);
  await tab.evaluate(() => {
    for (let n = 0; n < 20; n++) setTimeout(() => Promise.reject(new Error(`number ${n}`)));
  });
  await site.until("/many", "error", 5);
  await tab.evaluate(() => new Promise((later) => setTimeout(later, 50)));
  await drained("/many");
  assert.equal(site.of("/many", "error").length, 5);
});

test("an error tells no query, no fragment and not more than 200 characters; what is not the page's is not told", async () => {
  await tab.goto(site.serve("/private", html()));
  await site.until("/private", "alive");
  await tab.evaluate(() => {
    const say = (message, filename = "") => dispatchEvent(new ErrorEvent("error", { message, filename }));
    say("of an extension", "chrome-extension://abcdef/content.js");
    say("ResizeObserver loop completed with undelivered notifications.");
    say(
      `no answer from https://api.example/user?mail=a@b.example#top of ${"x".repeat(300)}`,
      "https://cdn.example/a/app.js?key=1#2",
    );
    dispatchEvent(new PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: undefined }));
    dispatchEvent(new PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: Object.create(null) }));
    dispatchEvent(new PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: { message: 12 } }));
  });
  await drained("/private");
  const message = `no answer from https://api.example/user of ${"x".repeat(300)}`.slice(0, 200);
  assert.deepEqual(errors("/private"), [
    `error | ${message} | /a/app.js`,
    "rejection |  | ",
    "rejection |  | ",
    "rejection |  | ",
  ]);
});

/** The last of each vital that a page has told. */
const vitals = (path) => Object.fromEntries(site.of(path, "vital").map((vital) => [vital.name, vital]));

test("vitals go out when the page does, with what it shifted and how long a click took", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const busy = `<button onclick="const from = performance.now(); while (performance.now() - from < 250);">work</button>`;
  const shifted = `<div id="top"></div><div style="height: 60vh; width: 100vw; background: gray">picture</div>`;
  await page.goto(site.serve("/measured", html(`${busy}${shifted}`)));
  await site.until("/measured", "alive");
  await page.evaluate(
    () =>
      new Promise((shifted) => {
        new PerformanceObserver(shifted).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            document.querySelector("#top").style.height = "300px";
          }),
        );
      }),
  );
  await page.click("button");
  await page.waitForFunction(() => performance.interactionCount > 0);
  assert.deepEqual(site.of("/measured", "vital"), []);
  await page.goto("about:blank");
  await site.until("/measured", "vital", 5);
  const { LCP, INP, CLS, FCP, TTFB } = vitals("/measured");
  assert.ok(INP.value >= 200, `${INP.value} is a slow click`);
  assert.ok(CLS.value > 0.1 && CLS.value < 1, `${CLS.value} is a large shift`);
  assert.ok(TTFB.value > 0 && TTFB.value <= FCP.value && FCP.value <= LCP.value);
  assert.equal(Math.round(FCP.value), site.of("/measured", "alive")[0].at);
  for (const { id, type } of [LCP, INP, CLS, FCP, TTFB]) {
    assert.ok(id.length > 10 && id.length <= 40);
    assert.match(type, /^text\/plain\b/);
  }
  await context.close();
});

test("a page that comes and goes tells each time only what has changed, under the same id", async () => {
  const open = await window(browser);
  const script = "<script>onload = () => setTimeout(() => halftone.goal('ready'), 50)</script>";
  const page = await open(site.serve("/coming", html(`${HELLO}<p id="top"></p><p style="height: 50vh">text</p>${script}`)));
  await site.until("/coming", "goal");
  const other = await open("about:blank");
  await other.show();
  await site.until("/coming", "vital", 4);
  assert.deepEqual(Object.keys(vitals("/coming")).sort(), ["CLS", "FCP", "LCP", "TTFB"]);
  const { CLS } = vitals("/coming");
  assert.equal(CLS.value, 0);
  await page.show();
  await page.evaluate(
    () =>
      new Promise((shifted) => {
        new PerformanceObserver(shifted).observe({ type: "layout-shift" });
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            document.querySelector("#top").style.height = "200px";
          }),
        );
      }),
  );
  await other.show();
  const moved = await site.until("/coming", "vital", 5);
  assert.deepEqual([moved.name, moved.id], ["CLS", CLS.id]);
  assert.ok(moved.value > 0);
  await page.show();
  await other.show();
  await page.evaluate(() => halftone.goal("done"));
  await site.until("/coming", "goal", 2);
  assert.equal(site.of("/coming", "vital").length, 5);
  await page.close();
  await other.close();
});

test("while the page stands its vitals are told after ten seconds and after four and a half minutes", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  // What waits for longer than any test does is kept, to be called when the test says so.
  await page.addInitScript(() => {
    const { setTimeout } = window;
    window.kept = [];
    window.setTimeout = (act, wait, ...given) =>
      wait > 5000 ? window.kept.push({ act, at: performance.now() + wait }) : setTimeout(act, wait, ...given);
  });
  await page.goto(site.serve("/standing", html()));
  await site.until("/standing", "alive");
  await drained("/standing", page);
  assert.deepEqual(site.of("/standing", "vital"), []);
  const due = await page.evaluate(() => window.kept.map(({ at }) => Math.round(at / 100) / 10));
  assert.deepEqual(due, [10, 270]);
  await page.evaluate(() => window.kept[0].act());
  await site.until("/standing", "vital", 4);
  assert.deepEqual(Object.keys(vitals("/standing")).sort(), ["CLS", "FCP", "LCP", "TTFB"]);
  await page.evaluate(() => window.kept[1].act());
  await site.until("/standing", "vital", 8);
  await context.close();
});

for (const [which, init] of [
  ["with the Navigation API", () => {}],
  ["in a browser without the Navigation API", () => Reflect.deleteProperty(window, "navigation")],
]) {
  test(`a soft navigation is told where the path changes, ${which}`, async () => {
    const context = await browser.newContext();
    await context.addInitScript(init);
    const page = await context.newPage();
    const path = `/app-${which.length}`;
    await page.goto(site.serve(path, html('<h1>Hello</h1><a id="hash" href="#there">there</a>')));
    await site.until(path, "alive");
    const own = await page.evaluate(() => Object.hasOwn(history, "pushState"));
    assert.equal(own, which.includes("without"), "wrapped only where there is no other way");
    await page.click("#hash");
    await page.evaluate(() => history.replaceState({ kept: 1 }, "", "?q=1"));
    await page.evaluate(() => halftone.goal("same-path"));
    await site.until(path, "goal");
    assert.deepEqual(site.of(path, "soft"), []);
    await page.evaluate(() => history.pushState({ kept: 2 }, "", "/elsewhere"));
    await site.until(path, "soft");
    assert.deepEqual(await page.evaluate(() => [location.pathname, history.state]), ["/elsewhere", { kept: 2 }]);
    await page.evaluate(() => history.back());
    await site.until(path, "soft", 2);
    await page.evaluate(() => history.replaceState(null, "", "/third"));
    await site.until(path, "soft", 3);
    assert.deepEqual(site.of(path, "error"), []);
    await context.close();
  });
}

test("a goal is told once per page and name, and only under a name that a goal can have", async () => {
  await tab.goto(site.serve("/goals", html()));
  await site.until("/goals", "alive");
  const warnings = [];
  tab.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
  await tab.evaluate(() => {
    for (const name of ["signup", "signup", "Sign up", "", undefined, "-a", "x".repeat(41), "2_b-c"]) halftone.goal(name);
    halftone.goal("x".repeat(40));
  });
  await site.until("/goals", "goal", 3);
  await drained("/goals");
  assert.deepEqual(
    site.of("/goals", "goal").map(({ name }) => name),
    ["signup", "2_b-c", "x".repeat(40), "done"],
  );
  assert.equal(warnings.length, 5);
  assert.equal(warnings[0], "halftone: Sign up can not name a goal: /^[a-z0-9][a-z0-9_-]{0,39}$/ can");
});

test("an attribute makes a goal of a click and of a form's submission, also where the page stops the event", async () => {
  const body = `
    <div onclick="event.stopPropagation()"><button data-halftone-goal="buy"><b>Buy</b></button></div>
    <form data-halftone-goal="signup" onsubmit="event.preventDefault(); event.stopImmediatePropagation()">
      <input name="mail"><button id="send">Send</button>
    </form><p>nothing</p>
    <section data-halftone-goal="Wrong Name">no</section>`;
  await tab.goto(site.serve("/attributes", html(body)));
  await site.until("/attributes", "alive");
  await tab.click("p");
  await tab.click("section");
  await tab.click("input");
  await drained("/attributes");
  assert.equal(site.of("/attributes", "goal").length, 1);
  await tab.click("b");
  await tab.click("b");
  await site.until("/attributes", "goal", 2);
  await tab.click("#send");
  await site.until("/attributes", "goal", 3);
  await tab.evaluate(() => halftone.goal("last"));
  await site.until("/attributes", "goal", 4);
  assert.deepEqual(
    site.of("/attributes", "goal").map(({ name }) => name),
    ["done", "buy", "signup", "last"],
  );
});

test("what is said in one task goes out in one request, of at most 50", async () => {
  await tab.goto(site.serve("/together", html()));
  await site.until("/together", "alive");
  const requests = [];
  tab.on("request", (request) => {
    const said = request.postData();
    if (said?.includes("goal-")) requests.push(JSON.parse(said).length);
  });
  await tab.evaluate(() => {
    for (let n = 0; n < 60; n++) halftone.goal(`goal-${n}`);
  });
  await site.until("/together", "goal", 50);
  assert.deepEqual(requests, [50]);
});
