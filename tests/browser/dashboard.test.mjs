// The dashboard in Chromium, on the admin hostname of a real Worker: the door, one look, what an operator does with it, and
// that everybody can read it: axe looks at every view, in light and dark, on a phone and on a wide screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../e2e/population.mjs";
import { complaints } from "./chromium.mjs";
import { ask, at, backdate, fill, lapse, OPERATOR, spread, VIEWER } from "./dashboard-site.mjs";
import { looksRight, visits } from "./dashboard-visits.mjs";

const { worker, door, signIn, inside } = visits("dashboard");

test("a token opens the door, and the session can not be read by a script", async (t) => {
  const { page, context, loaded } = await door(t);
  await looksRight(page, "login");
  await signIn(page, "this-is-no-token-of-anybody");
  await page.getByRole("alert").filter({ hasText: "No such token" }).waitFor();
  await signIn(page);
  await page.getByText("ann operator").waitFor();
  const [cookie] = await context.cookies();
  assert.deepEqual(
    { name: cookie.name, httpOnly: cookie.httpOnly, sameSite: cookie.sameSite },
    { name: "halftone-admin", httpOnly: true, sameSite: "Strict" },
  );
  assert.equal(await page.evaluate(() => document.cookie + JSON.stringify(localStorage)), "{}");
  assert.deepEqual(
    loaded.filter((url) => !url.startsWith(at(worker(), "admin"))),
    [],
  );
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Your token").waitFor();
  assert.deepEqual(await context.cookies(), []);
});

test("one look says what is live, which step, what the evidence says, what is next, and who did what", async (t) => {
  const { page } = await inside(t);
  const heard = complaints(page);
  const many = { trials: 1100, missing: 3, errors: 5, poor_lcp: 78, poor_inp: 27, poor_cls: 11 };
  const arms = {
    canary: many,
    stable: { trials: 20_900, missing: 62, errors: 49, poor_lcp: 1455, poor_inp: 501, poor_cls: 202 },
  };
  await fill(worker(), "shop", { arms });
  const main = page.locator("main");
  await page.getByRole("heading", { name: "2026-11-26 is with 5 % of visitors." }).waitFor();
  await main.getByText("20\u202f900").first().waitFor();
  for (const words of ["Rolling out", "95 %", "What happens next", "25 % get 2026-11-26", "by a deploy", "Blank pages"])
    assert.ok(await main.getByText(words).first().isVisible(), words);
  assert.match(
    await main
      .getByRole("img", { name: /of the way to safe/ })
      .first()
      .getAttribute("aria-label"),
    /^\d+ % of the way to harm/,
  );
  assert.match(await page.title(), /5\s%\s+2026-11-26 · shop/);
  await looksRight(page, "now");
  assert.deepEqual(heard, []);
});

test("what somebody else does is seen without a reload, and a viewer sees it and can not act", async (t) => {
  const { page } = await inside(t, { site: "blog", token: VIEWER });
  await page.getByRole("heading", { name: "v2 is with 50 % of visitors." }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Roll back" }).count(), 0);
  await page.evaluate(() => {
    globalThis.isTheSamePage = true;
  });
  await ask(worker(), "pause?site=blog", { why: "lunch" });
  await page.getByText("Paused", { exact: true }).first().waitFor();
  await page.getByText("lunch").waitFor();
  assert.equal(await page.evaluate(() => globalThis.isTheSamePage), true);
  const status = await page.evaluate(async () => {
    const init = { method: "POST", body: "{}", headers: { "halftone-dashboard": "1" } };
    return (await fetch("/api/v1/resume?site=blog", init)).status;
  });
  assert.equal(status, 403);
});

test("an operator takes a release back with two clicks, clears it and tries again", async (t) => {
  const { page } = await inside(t, { site: "blog" });
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("dialog").getByLabel("Why?").fill("after lunch");
  await looksRight(page, "ask", { fullPage: false });
  await page.getByRole("dialog").getByRole("button", { name: "Go on" }).click();
  await page.getByRole("status").getByText("Goes on: after lunch").waitFor();

  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("heading", { name: "v2 was rolled back. Everybody gets v1." }).waitFor();
  assert.equal((await ask(worker(), "status?site=blog")).phase, "rolled_back");
  await looksRight(page, "rolled-back");

  await page.getByRole("button", { name: "Clear v2" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Clear v2" }).click();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "v2 is with 50 % of visitors." }).waitFor();
  assert.equal((await ask(worker(), "status?site=blog")).rollout.attempt, 2);
});

test("the keyboard alone is enough to come in, to ask for something, to think better of it, and to do it", async (t) => {
  const { page } = await door(t);
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  /** Goes on from one thing to the next until this button has the focus. */
  const tabTo = async (name) => {
    for (let n = 0; n < 80 && (await focused()) !== name; n++) await page.keyboard.press("Tab");
    assert.equal(await focused(), name);
  };
  // The field has the focus as the page opens.
  await page.keyboard.type(OPERATOR);
  await page.keyboard.press("Enter");
  await page.locator("#main").waitFor();
  await page.goto(`${at(worker(), "admin")}#/blog/now`);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await tabTo("Pause");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  // It does not leave the dialog while that is open.
  for (let n = 0; n < 12; n++) {
    const isWithin = () => {
      const { activeElement } = document;
      return activeElement === document.body || activeElement.closest("dialog") !== null;
    };
    assert.ok(await page.evaluate(isWithin));
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await focused(), "Pause");
  assert.equal((await ask(worker(), "status?site=blog")).phase, "ramping");

  await page.keyboard.press("Enter");
  await dialog.waitFor();
  // The button has the focus; the reason is before it.
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("by hand");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("by hand").waitFor();
  assert.equal((await ask(worker(), "status?site=blog")).phase, "paused");
  await ask(worker(), "resume?site=blog", {});
});

test("an operator agrees to a step that asks for it, and promotes without waiting for more", async (t) => {
  const { page } = await inside(t, { site: "forum" });
  const dialog = page.getByRole("dialog");
  const waitsFor = async () => (await ask(worker(), "status?site=forum")).waiting.map((one) => one.for);
  assert.ok((await waitsFor()).includes("approval"));
  await page.getByRole("button", { name: "Approve" }).click();
  await dialog.getByLabel("Why?").fill("it reads well");
  await dialog.getByRole("button", { name: "Approve" }).click();
  await page
    .getByRole("status")
    .getByText(/it reads well/)
    .waitFor();
  await page.getByRole("button", { name: "Approve" }).waitFor({ state: "detached" });
  assert.ok(!(await waitsFor()).includes("approval"));

  await page.getByRole("button", { name: "Promote" }).click();
  await dialog.getByText("v2 replaces v1 for everybody now, whatever the evidence says.").waitFor();
  await dialog.getByRole("button", { name: "Promote" }).click();
  await page.getByRole("heading", { name: "v2 is the new stable version. Everybody gets it." }).waitFor();
  const { phase, stable } = await ask(worker(), "status?site=forum");
  assert.deepEqual([phase, stable], ["promoted", "v2"]);
});

test("a visitor from New Zealand is imagined, and a link shows a version to somebody", async (t) => {
  const { page, context } = await inside(t, { site: "blog", view: "visitors" });
  await page.getByRole("button", { name: "What would they get?" }).click();
  await page.getByText("A visitor is drawn: ").waitFor();
  await page.getByLabel("Country").selectOption({ label: "New Zealand" });
  await page.getByRole("button", { name: "What would they get?" }).click();
  await page.getByText("A visitor from New Zealand gets v2.").waitFor();
  await page.getByText("The rule “new-zealand-first” is for them.").waitFor();
  await page.getByRole("button", { name: "Link to v2" }).click();
  const link = page.getByLabel("Link to v2");
  await link.waitFor();
  await looksRight(page, "visitors");

  await page.getByLabel("Country").selectOption({ label: "Germany" });
  await page.getByRole("combobox", { name: /^Browser/ }).selectOption("A search engine’s robot");
  await page.getByLabel("Address", { exact: true }).fill("nonsense:");
  await page.getByRole("button", { name: "What would they get?" }).click();
  await page.getByRole("alert").filter({ hasText: "whole address" }).waitFor();
  const other = await context.newPage();
  // Where pages are served it takes some seconds until it is known that v2 is no longer in quarantine.
  const address = await link.inputValue();
  await eventually(async () => (await other.goto(address)).ok(), "the page of the link");
  assert.equal(await other.locator("p").textContent(), "new");
  assert.ok(!other.url().includes("halftone-preview"));
});

test("a freeze lets nothing go forward, unless somebody says why it has to", async (t) => {
  const { page } = await inside(t, { site: "blog" });
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Freeze", exact: true }).click();
  await dialog.getByLabel("Why?").fill("the fair");
  await looksRight(page, "freeze", { fullPage: false });
  await dialog.getByRole("button", { name: "Freeze", exact: true }).click();
  await page.getByText(/^Frozen until .*: the fair\. Nothing goes forward/).waitFor();

  await page.getByRole("button", { name: "Next step" }).click();
  await dialog.getByRole("button", { name: "Next step" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Do it all the same").check();
  await dialog.getByLabel("Why?").fill("a broken checkout");
  await dialog.getByRole("button", { name: "Next step" }).click();
  await page
    .getByRole("status")
    .getByText(/a broken checkout/)
    .waitFor();

  await page.getByRole("button", { name: "End the freeze", exact: true }).click();
  await dialog.getByRole("button", { name: "End the freeze", exact: true }).click();
  await page.getByRole("button", { name: "Freeze", exact: true }).waitFor();
  assert.equal((await ask(worker(), "status?site=blog")).freeze, null);
});

test("history says who, when and why, and any revision can be gone back to", async (t) => {
  const { page } = await inside(t, { site: "blog", view: "history" });
  await page.getByText("after lunch").waitFor();
  await looksRight(page, "history");
  const before = (await ask(worker(), "status?site=blog")).revision;
  await page.getByRole("button", { name: "Go back to this" }).last().click();
  await page.getByRole("dialog").getByLabel("Why?").fill("as it was");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Restore/ })
    .click();
  await page.locator("main").getByText("Restored").first().waitFor();
  assert.ok((await ask(worker(), "status?site=blog")).revision > before);
});

/** What was counted when so many visitors had been drawn, at odds of five in a hundred: nothing is wrong with the canary. */
function counted(visitors, step) {
  const odds = { 1: [500, 9500], 2: [2500, 7500] }[step];
  const part = odds[0] / (odds[0] + odds[1]);
  const arm = (trials, slow) => ({
    trials: Math.round(trials),
    pages: Math.round(trials * 2.4),
    pages_missing: Math.round(trials * 0.008),
    missing: Math.round(trials * 0.003),
    errors: Math.round(trials * 0.004),
    origin_failure: Math.round(trials * 0.001),
    poor_lcp: Math.round(trials * 0.07 * slow),
    poor_inp: Math.round(trials * 0.025),
    poor_cls: Math.round(trials * 0.01),
    ...spread("lcp", 1700 * slow, trials),
    ...spread("inp", 120, trials),
    ...spread("cls", 300, trials),
    ...spread("fcp", 900 * slow, trials),
  });
  return {
    step,
    odds: odds.join("|"),
    arms: { canary: arm(visitors * part, 0.9), stable: arm(visitors * (1 - part), 1) },
    taken: Math.round(visitors * 7.2),
    drops: { duplicate: Math.round(visitors / 90), bot: Math.round(visitors / 300), expired: Math.round(visitors / 1200) },
  };
}

test("charts show the course over time, with what was decided, as a picture and as numbers", async (t) => {
  const MINUTE = 60_000;
  const from = Date.now() - 150 * MINUTE;
  let seen = await backdate(worker(), "shop", 0, from);
  const frames = (step, first, last) =>
    Array.from({ length: last - first }, (_, n) => ({ at_ms: from + (first + n) * 5 * MINUTE, ...counted((n + 1) * 900, step) }));
  await lapse(worker(), "shop", frames(1, 1, 14));
  await ask(worker(), "advance?site=shop", { why: "a quiet evening" });
  seen = await backdate(worker(), "shop", seen, from + 14 * 5 * MINUTE);
  await lapse(worker(), "shop", frames(2, 14, 31));
  assert.ok(seen > 1);

  const { page } = await inside(t, { view: "charts" });
  const heard = complaints(page);
  for (const title of [
    "Share of each version",
    "Missing pages",
    "What pages sent",
    "Largest content painted",
    "Are both groups as large as drawn?",
    "The canary’s part of drawn visitors",
  ])
    await page.getByRole("figure").filter({ hasText: title }).locator("canvas").waitFor();
  const proof = page.getByRole("img", { name: /^The proof: safe/ });
  assert.equal(await proof.count(), 6);
  const decisions = page.getByRole("list", { name: "Decisions in this chart" });
  await decisions.getByText("Next step 2 by ann").waitFor();
  await decisions.getByText("a quiet evening").waitFor();
  const painted = await page.locator("canvas").evaluateAll((all) =>
    all.map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, n) => n % 4 === 3 && value > 0);
    }),
  );
  assert.ok(painted.length > 15 && painted.every(Boolean), `${painted}`);
  const split = page.getByRole("figure").filter({ hasText: "Share of each version" });
  await split.getByText("As a table").click();
  await split.getByRole("row").nth(10).waitFor();
  const rows = await split.getByRole("row").allInnerTexts();
  assert.ok(rows.length > 10 && rows.some((row) => /95\s%/.test(row)) && rows.some((row) => /75\s%/.test(row)), rows.join("\n"));
  await split.getByText("As a table").click();
  await looksRight(page, "charts", { further: { "charts-more": "section:has(> #vitals)" } });
  await split.getByText("As a table").click();
  await split.getByRole("row").nth(10).waitFor();
  await page.getByRole("button", { name: "An hour" }).click();
  const oldest = (all) => all.at(-1).split("\t")[0];
  assert.notEqual(oldest(await split.getByRole("row").allInnerTexts()), oldest(rows));
  assert.deepEqual(heard, []);
});

test("charts of a site without a rollout say what will be there", async (t) => {
  const { page } = await inside(t, { site: "docs", view: "charts" });
  await page.getByText("Nothing is compared while nobody is drawn.").waitFor();
  await looksRight(page, "charts-empty");
});

test("a site without a rollout has a view, too", async (t) => {
  const { page } = await inside(t, { site: "docs" });
  await page.getByRole("heading", { name: "Everybody gets v1. No rollout is running." }).waitFor();
  await looksRight(page, "idle");
});

test("until the first answers are there, each view says what it waits for", async (t) => {
  const { page } = await inside(t, { site: "docs" });
  const answers = Promise.withResolvers();
  t.after(answers.resolve);
  await page.route(/\/api\/v1\/(glance|series)|editor\.js/, async (route) => {
    await answers.promise;
    await route.continue();
  });
  const main = page.locator("main");
  await page.goto(`${at(worker(), "admin")}#/docs/charts`);
  await main.getByText("Looking …").waitFor();
  await page.reload();
  await page.getByText("Asking where your site stands.").waitFor();
  await looksRight(page, "loading");
  answers.resolve();
  await main.getByRole("heading", { name: "Charts" }).waitFor();
  await page.getByText("Asking where your site stands.").waitFor({ state: "detached" });
});

test("while Halftone does not answer, the dashboard says so and shows what it last knew", async (t) => {
  const { page, context } = await inside(t, { site: "docs" });
  await page.getByRole("heading", { name: /Everybody gets v1/ }).waitFor();
  await context.setOffline(true);
  await page.getByRole("alert").filter({ hasText: "has not answered" }).waitFor();
  await looksRight(page, "no-answer");
  assert.ok(await page.getByRole("heading", { name: /Everybody gets v1/ }).isVisible());
  await context.setOffline(false);
  await page.getByText("live", { exact: true }).waitFor();
});

test("no hostname of a site has any of it, and a page there can do nothing with a session", async (t) => {
  for (const path of ["/dashboard/app.js", "/api/v1/glance", "/api/v1/login", "/_halftone/dashboard/app.js"]) {
    const response = await worker().fetch(at(worker(), "shop", path));
    const text = await response.text();
    assert.ok(
      response.status === 404 && !text.includes("preact") && !text.includes("error"),
      `${path}: ${response.status} ${text}`,
    );
  }
  const home = await worker().fetch(at(worker(), "shop"));
  assert.match(await home.text(), /<p>(old|new)<\/p>/);
  assert.equal(home.headers.get("content-security-policy"), null);

  // To a browser both hostnames are of one site, so the cookie goes along; the origin does not match.
  const { context } = await inside(t);
  const page = await context.newPage();
  await page.goto(at(worker(), "shop"));
  const said = await page.evaluate(
    async (to) => {
      const init = { method: "POST", mode: "no-cors", credentials: "include", body: "{}" };
      const plain = await fetch(`${to}api/v1/rollback?site=shop`, init);
      const marked = await fetch(`${to}api/v1/rollback?site=shop`, {
        ...init,
        mode: "cors",
        headers: { "halftone-dashboard": "1" },
      }).catch(() => "no");
      const read = await fetch(`${to}api/v1/glance`, { credentials: "include" }).catch(() => "no");
      return [plain.type, marked, read];
    },
    at(worker(), "admin"),
  );
  assert.deepEqual(said, ["opaque", "no", "no"]);
  assert.equal((await ask(worker(), "status?site=shop")).phase, "ramping");
});
