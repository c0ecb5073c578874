// What a page does when the edge says that its version was rolled back, in Chromium: the event, the reload that is never under
// anybody's hands, and the question of a page that comes back into sight.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { HELLO, html, startSite } from "./page-site.mjs";
import { window } from "./raw-tabs.mjs";

let site;
let browser;

before(async () => {
  site = await startSite();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** Writes down each recall event in the tab, over its reloads; `prevent` deals with it as a page may. */
const LISTENER = (prevent) => `<script>
  addEventListener("halftone:recall", (event) => {
    const seen = JSON.parse(sessionStorage.seen ?? "[]");
    sessionStorage.seen = JSON.stringify([...seen, event.detail.version]);
    if (${prevent}) event.preventDefault();
  });</script>`;

const seen = (page) => page.evaluate(() => JSON.parse(sessionStorage.seen ?? "[]"));

/** A tab that counts what its page has been answered and has dealt with: what follows on an answer is done before the next task. */
async function counting() {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => {
    const { fetch } = window;
    window.answered = 0;
    window.fetch = (...request) => {
      const answer = fetch(...request);
      answer.finally(() => setTimeout(() => window.answered++)).catch(() => {});
      return answer;
    };
  });
  return page;
}

let goals = 0;

/** Says something, so that the page is answered, and comes back when it has dealt with the answer. */
async function hear(page) {
  const answered = await page.evaluate((name) => {
    halftone.goal(name);
    return window.answered;
  }, `goal-${goals++}`);
  await page.waitForFunction((answered) => window.answered > answered, answered);
}

/** A tab on a page that listens, alive, whose version is called back from its next beacon on. */
async function recalled(path, { recall = "v2;reload", body = HELLO, prevent = false } = {}) {
  delete site.recall[path];
  const page = await counting();
  let loads = 0;
  page.on("domcontentloaded", () => {
    loads++;
  });
  await page.goto(site.serve(path, html(`${LISTENER(prevent)}${body}`)));
  await site.until(path, "alive");
  site.recall[path] = recall;
  return {
    page,
    loads: () => loads,
    hear: () => hear(page),
    /** The same where the answer makes the page load anew. */
    hearAndReload: async () => {
      const alive = site.of(path, "alive").length;
      await page.evaluate((name) => halftone.goal(name), `goal-${goals++}`);
      await site.until(path, "alive", alive + 1);
    },
    reloaded: (times) => site.until(path, "alive", times + 1),
    close: () => page.context().close(),
  };
}

/** Lets the script believe that more time has passed than any test takes. */
const later = (page, ms) =>
  page.evaluate((ms) => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + ms;
  }, ms);

test("a recall is told to the page once per version and tab", async () => {
  const tab = await recalled("/told", { recall: "v2" });
  await tab.hear();
  assert.deepEqual(await seen(tab.page), ["v2"]);
  await tab.hear();
  assert.deepEqual(await seen(tab.page), ["v2"]);
  await tab.page.goto(site.serve("/told-too", html(LISTENER(false))));
  site.recall["/told-too"] = "v2";
  await tab.page.evaluate(() => halftone.goal("done"));
  await site.until("/told-too", "goal");
  site.recall["/told-too"] = "v3";
  await tab.page.evaluate(() => halftone.goal("more"));
  await tab.page.waitForFunction(() => sessionStorage.seen.includes("v3"));
  assert.deepEqual(await seen(tab.page), ["v2", "v3"]);
  await tab.close();
});

test("where the site wants it the page loads anew, once, whatever it is told after that", async () => {
  const tab = await recalled("/anew");
  await tab.hearAndReload();
  assert.deepEqual(await seen(tab.page), ["v2"]);
  await tab.hear();
  await tab.hear();
  assert.equal(tab.loads(), 2);
  assert.deepEqual(await seen(tab.page), ["v2"]);
  await tab.close();
});

test("without the site's wish, or where the page prevents it, nothing is loaded anew", async () => {
  for (const options of [{ recall: "v2" }, { prevent: true }]) {
    const tab = await recalled(`/stays-${Object.keys(options)}`, options);
    await tab.hear();
    await tab.hear();
    assert.deepEqual(await seen(tab.page), ["v2"]);
    assert.equal(tab.loads(), 1);
    await tab.close();
  }
});

test("a tab that may keep nothing is not loaded anew twice", async () => {
  const refuse = `<script>
    Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("refused", "SecurityError"); } });</script>`;
  const page = await counting();
  let loads = 0;
  page.on("domcontentloaded", () => {
    loads++;
  });
  site.recall["/forgetful"] = "v2;reload";
  await page.goto(site.serve("/forgetful", html(refuse + HELLO)));
  await site.until("/forgetful", "alive", 2);
  await hear(page);
  await hear(page);
  assert.equal(loads, 2);
  await page.context().close();
});

const FIELDS = {
  "an input": '<input id="field">',
  "a text area": '<textarea id="field"></textarea>',
  "a list": '<select id="field"><option>a<option>b</select>',
  "an editable text": '<div id="field" contenteditable>text</div>',
  "an input in a shadow tree": `<div id="field"></div><script>
    const shadow = document.querySelector("#field").attachShadow({ mode: "open", delegatesFocus: true });
    shadow.innerHTML = "<input>";</script>`,
};
for (const [what, field] of Object.entries(FIELDS)) {
  test(`while ${what} has the focus the page is not loaded anew, and when it is left it is`, async () => {
    const tab = await recalled(`/focus-${Object.keys(FIELDS).indexOf(what)}`, { body: HELLO + field });
    await tab.page.evaluate(() => document.querySelector("#field").focus());
    await tab.hear();
    await tab.hear();
    assert.equal(tab.loads(), 1);
    assert.deepEqual(await seen(tab.page), ["v2"]);
    await tab.page.evaluate(() => document.activeElement.blur());
    await tab.reloaded(1);
    await tab.close();
  });
}

test("somebody who typed and left the field keeps the page for half a minute", async () => {
  const tab = await recalled("/pause", { body: `${HELLO}<input id="field">` });
  await tab.page.click("#field");
  await tab.page.keyboard.press("a");
  await tab.page.keyboard.press("Backspace");
  await tab.page.evaluate(() => document.activeElement.blur());
  await tab.hear();
  await tab.hear();
  assert.equal(tab.loads(), 1);
  await later(tab.page, 31_000);
  await tab.reloaded(1);
  await tab.close();
});

test("what somebody has filled in and not sent is never thrown away, not even out of sight", async () => {
  const body = `${HELLO}<form onsubmit="event.preventDefault()"><input id="field"><button>Send</button></form>`;
  const tab = await recalled("/unsent", { body });
  await tab.page.fill("#field", "half a letter");
  await tab.page.evaluate(() => document.activeElement.blur());
  await later(tab.page, 31_000);
  await tab.hear();
  await tab.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await tab.hear();
  assert.equal(tab.loads(), 1);
  assert.equal(await tab.page.inputValue("#field"), "half a letter");
  await tab.page.click("button");
  await tab.reloaded(1);
  await tab.close();
});

test("a field that only has the focus does not keep a page that goes out of sight", async () => {
  const open = await window(browser);
  const body = `${LISTENER(false)}${HELLO}<input autofocus id="field"><script>onload = () => field.focus()</script>`;
  const page = await open(site.serve("/focused", html(body)));
  await site.until("/focused", "alive");
  await page.evaluate(() => document.querySelector("#field").focus());
  site.recall["/focused"] = "v2;reload";
  await page.evaluate(() => halftone.goal("done"));
  await page.evaluate(
    () => new Promise((told) => (sessionStorage.seen ? told() : addEventListener("halftone:recall", () => told()))),
  );
  assert.equal(site.of("/focused", "hidden").length, 0);
  const other = await open("about:blank");
  await other.show();
  await site.until("/focused", "hidden");
  await page.close();
  await other.close();
});

test("a page that is seen again after a minute asks once, and one that was away for less does not", async () => {
  const open = await window(browser);
  const page = await open(site.serve("/asking", html()));
  await site.until("/asking", "alive");
  const other = await open("about:blank");
  const away = async (ms) => {
    await other.show();
    await page.is("hidden");
    await page.evaluate(`() => { const now = Date.now; Date.now = () => now() + ${ms}; }`);
    await page.show();
  };
  await away(50_000);
  await page.evaluate(() => halftone.goal("done"));
  await site.until("/asking", "goal");
  assert.deepEqual(site.of("/asking", "ask"), []);
  site.recall["/asking"] = "v2";
  const told = page.evaluate(() => new Promise((told) => addEventListener("halftone:recall", ({ detail }) => told(detail))));
  await away(60_000);
  await site.until("/asking", "ask");
  assert.deepEqual(await told, { version: "v2" });
  await page.evaluate(() => halftone.goal("later"));
  await site.until("/asking", "goal", 2);
  assert.equal(site.of("/asking", "ask").length, 1);
  await page.close();
  await other.close();
});
