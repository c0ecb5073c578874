// Pages that are no evidence, or not yet, in Chromium: prerendered ones that nobody looks at, pages whose token their browser does
// not show them, and pages whose own policy, inside their HTML, stops the page script or what it has to say.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startOrigin } from "../e2e/origin.mjs";
import { startWorker, writeBuild } from "../e2e/worker.mjs";
import { launch, USER_AGENT } from "./chromium.mjs";
import { drawn } from "./drawn.mjs";
import { BIT, eventually, Intake } from "./intake.mjs";
import { openAlone } from "./raw-tabs.mjs";

const FAST = 33_000;
/** A host that is not this machine by its name, so that a page of it is plain http as elsewhere. */
const PLAIN_HOST = "plain.example";
const WORDS = `<h1>A page</h1><p>${"Some words of it. ".repeat(50)}</p>`;

const html = (body, head = "") => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
const policy = (text) => `<meta http-equiv="Content-Security-Policy" content="${text}">`;

/** Policies inside a page, by what they stop. */
const POLICIES = {
  scripts: "default-src 'none'; img-src data:; connect-src 'self'",
  beacons: "default-src 'self'; script-src 'self' 'unsafe-inline'; img-src data:; connect-src 'none'",
};

function config(origin) {
  const site = (name, v1, v2, hosts = []) => ({
    hosts: [`${name}.localhost`, ...hosts],
    versions: { v1, v2 },
    stable: "v1",
    rollout: { canary: "v2", steps: ["50%"], decide: "never" },
    feedback: { shards: 1 },
  });
  const by = { origin: `${origin}/ahead` };
  return {
    sites: {
      ahead: site("ahead", by, by),
      plain: site("plain", "assets:fine", "assets:again", [PLAIN_HOST]),
      silent: site("silent", "assets:fine", "assets:again"),
      scripts: site("scripts", "assets:scripts", "assets:scripts"),
      beacons: site("beacons", "assets:beacons", "assets:beacons"),
      idle: { versions: { v1: "assets:fine" }, stable: "v1", default: true },
    },
  };
}

let worker;
let browser;
let visit;
let origin;
/** Who asked for a path of the site that is fetched ahead, by path. */
const asked = new Map();
let go;

/** Two pages are prerendered; when the test says so the first of them is gone to. */
const FRONT = html(
  `${WORDS}<a href="/next">Next</a><script>fetch("/go").then(() => document.querySelector("a").click())</script>`,
  `<script type="speculationrules">${JSON.stringify({
    prerender: [{ source: "list", urls: ["/next", "/never"], eagerness: "immediate" }],
  })}</script>`,
);

before(async () => {
  go = Promise.withResolvers();
  origin = await startOrigin(async (request, response) => {
    const path = request.url.replace("/ahead", "");
    asked.set(path, request.headers);
    if (path === "/go") await go.promise;
    const page = {
      "/": FRONT,
      "/next": html(`${WORDS}<img src="/drawn-next">`),
      "/never": html(`${WORDS}<img src="/drawn-never">`),
    }[path];
    if (page) response.writeHead(200, { "content-type": "text/html" }).end(page);
    else response.writeHead(204).end();
  });
  const build = (name, head = "") => writeBuild(`uncounted-${name}`, { "index.html": html(WORDS, head) });
  const folders = { fine: build("fine"), again: build("again") };
  for (const [name, text] of Object.entries(POLICIES)) folders[name] = build(name, policy(text));
  worker = await startWorker({ name: "uncounted", config: config(origin.url), folders });
  browser = await launch({ flags: [`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`] });
  visit = drawn(worker, browser);
});

after(async () => {
  await browser?.close();
  await worker?.close();
  await origin?.close();
});

/** What pages of a version amount to, by counter. */
async function amounts(intake, version, counter) {
  const counts = await intake.aged(FAST, `${version} ${counter}`);
  return (...names) => names.map((name) => counts[`${version} ${name}`] ?? 0);
}

test("a prerendered page is counted when somebody looks at it, and never if nobody does", async (t) => {
  const alone = openAlone(Object.assign(new URL(worker.url), { hostname: "ahead.localhost" }).href, [
    `--user-agent=${USER_AGENT}`,
  ]);
  t.after(alone.close);
  await eventually(() => ["/go", "/drawn-next", "/drawn-never"].every((path) => asked.has(path)), "two prerendered pages");
  for (const path of ["/next", "/never"]) assert.match(asked.get(path)["sec-purpose"], /prerender/);
  const intake = new Intake(worker, "ahead");
  const first = await intake.row(undefined, BIT.alive);
  assert.equal((await intake.rows()).length, 1, "nobody has looked at the others");
  go.resolve();
  const second = await intake.row(undefined, BIT.alive, ({ page }) => page !== first.page);
  assert.equal(second.visitor, first.visitor);
  assert.equal((await intake.rows()).length, 2);
  await alone.close();
  const counted = await amounts(intake, first.cell.split("|")[2], "pages_alive");
  assert.deepEqual(counted("pages", "pages_alive", "trials", "pages_missing"), [2, 2, 1, 0]);
});

describe("a page that can not read its token is untested, neither missing nor a trial", () => {
  async function assertUntested(context, intake) {
    await intake.row(undefined, BIT.untested | BIT.proven);
    await context.close();
    const counted = await amounts(intake, "v2", "pages_untested");
    assert.deepEqual(counted("pages", "pages_untested", "trials", "missing", "pages_missing"), [1, 1, 0, 0, 0]);
  }
  const timings = (page) => page.evaluate(() => performance.getEntriesByType("navigation")[0].serverTiming?.length ?? 0);

  test("in a browser that knows no such entries, whose page says so", async () => {
    const { context, page, response, intake } = await visit("silent", "v2", {
      prepare: (page) => page.addInitScript(() => Reflect.deleteProperty(PerformanceResourceTiming.prototype, "serverTiming")),
    });
    assert.match(response.headers()["server-timing"], /halftone-page/);
    assert.equal(await timings(page), 0);
    await assertUntested(context, intake);
  });

  for (const name of Object.keys(POLICIES)) {
    test(`where a policy inside its HTML stops its ${name}`, async () => {
      const { context, page, intake } = await visit(name, "v2");
      await page.waitForLoadState();
      await assertUntested(context, intake);
    });
  }
});

test("a page over plain http is not counted at all: browsers do not say there what they ask for", async () => {
  const { context, page, response } = await visit("plain", "v2", {
    url: Object.assign(new URL(worker.url), { hostname: PLAIN_HOST }).href,
  });
  assert.equal((await response.request().allHeaders())["sec-fetch-dest"], undefined);
  assert.doesNotMatch(response.headers()["server-timing"], /halftone-page/);
  assert.equal(await page.evaluate(() => [...document.scripts].some(({ src }) => src.includes("page.js"))), false);
  await context.close();
  // A page of the same site that is counted, and comes later.
  const { context: later, intake } = await visit("plain", "v2");
  await intake.row(undefined, BIT.alive);
  assert.ok((await intake.rows()).every(({ bits }) => !(bits & BIT.untested)));
  await later.close();
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
