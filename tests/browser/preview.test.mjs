// A signed preview link as somebody opens it: made by the command line, in a real browser, while the rollout stands at 0 %.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KEY, ROOT, startWorker } from "../e2e/worker.mjs";
import { buildSite, settled } from "./builds.mjs";
import { complaints, launch, record, said } from "./chromium.mjs";

const OTHER_KEY = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
const COOKIE = "halftone-preview";

let worker;
let browser;

before(async () => {
  // The same names in both builds: whatever comes from the other one shows.
  const build = (version) => buildSite(`preview-${version}`, { version, hashed: false });
  worker = await startWorker({
    name: "preview",
    config: {
      sites: {
        shop: {
          versions: { v1: "assets:v1", v2: "assets:v2" },
          stable: "v1",
          rollout: { canary: "v2", steps: ["50%"], step: 0 },
        },
      },
    },
    folders: { v1: await build("v1"), v2: await build("v2") },
  });
  browser = await launch();
});

after(async () => {
  try {
    await browser?.close();
  } finally {
    await worker?.close();
  }
});

const v1 = ["v1", "v1", "v1"];
const v2 = ["v2", "v2", "v2"];
const at = (path) => new URL(path, worker.url).href;

/** A link as `halftone preview v2` prints it. */
function link(path, key = KEY) {
  const program = join(ROOT, "target/release/halftone");
  const words = ["preview", "v2", join(worker.work, "halftone.json"), "--url", at(path)];
  return execFileSync(program, words, { encoding: "utf8", env: { ...process.env, HALFTONE_KEYS: key } }).trim();
}

/** Runs a test's body in a context of its own, which is closed whatever happens. */
async function visiting(body) {
  const context = await browser.newContext();
  try {
    await body(context, await context.newPage());
  } finally {
    await context.close();
  }
}

/** The preview cookie of a context. */
async function previewCookie(context) {
  return (await context.cookies(worker.url.href)).find((cookie) => cookie.name === COOKIE);
}

test("opens its version on the clean address at 0 %, whole, marked and kept out of indexes", () =>
  visiting(async (context, page) => {
    assert.equal(said(await page.goto(at("/"))).version, "v1");
    const seen = record(page);
    const wrong = complaints(page);
    const opened = await page.goto(link("/about?x=1"));
    assert.equal(page.url(), at("/about?x=1"));
    assert.deepEqual(said(opened), { version: "v2", why: "preview", revision: "1" });
    assert.deepEqual(await settled(page), v2);

    const redirect = await opened.request().redirectedFrom().response();
    assert.equal(redirect.status(), 303);
    assert.equal(await redirect.headerValue("location"), "/about?x=1");
    assert.equal(await opened.headerValue("x-robots-tag"), "noindex");
    const { value, ...cookie } = await previewCookie(context);
    assert.match(value, /^v2~/);
    assert.deepEqual(cookie, {
      name: COOKIE,
      domain: worker.url.hostname,
      path: "/",
      // It ends with the browser's session.
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: "Lax",
    });

    const mark = page.getByText("Preview of version v2");
    assert.ok(await mark.isVisible());
    const { x, y, width, height } = await mark.boundingBox();
    const screen = page.viewportSize();
    assert.ok(x >= 0 && y >= 0 && x + width <= screen.width && y + height <= screen.height, "it is on the screen");

    await page.click("#more");
    await page.getByText("lazy part of v2").waitFor();
    const files = seen.filter((response) => response.type !== "document");
    assert.deepEqual(files.map((response) => response.path).sort(), ["/assets/lazy.js", "/assets/main.css", "/assets/main.js"]);
    for (const { status, version, why, path } of files) assert.deepEqual([status, version, why], [200, "v2", "preview"], path);
    assert.deepEqual(wrong, []);

    await page.click('a[href="/"]');
    await page.waitForURL(at("/"));
    assert.deepEqual(await settled(page), v2, "so is the next page");
    assert.ok(await mark.isVisible());
  }));

test("ends by the link in its mark, on the same page, and the visitor is back on the version they had", () =>
  visiting(async (context, page) => {
    await page.goto(at("/"));
    const before = await context.cookies();
    await page.goto(link("/about"));
    assert.deepEqual(await settled(page), v2);

    await page.getByText("Leave the preview").click();
    await page.waitForURL(at("/about"));
    assert.deepEqual(await settled(page), v1);
    assert.equal(await page.getByText("Preview of version").count(), 0);
    assert.deepEqual(await context.cookies(), before, "the preview's cookie is gone, the visitor's is as it was");
    const again = await page.reload();
    assert.deepEqual(said(again), { version: "v1", why: "stable", revision: "1" });
    assert.equal(await again.headerValue("x-robots-tag"), null);
  }));

test("shows nothing to anybody else: a context without the cookie is on stable", () =>
  visiting(async (context, page) => {
    await page.goto(link("/"));
    assert.deepEqual(await settled(page), v2);
    const { cookies, origins } = await context.storageState();
    assert.ok(cookies.some((cookie) => cookie.name === COOKIE));

    const kept = { cookies: cookies.filter((cookie) => cookie.name !== COOKIE), origins };
    for (const storageState of [undefined, kept]) {
      const other = await browser.newContext({ storageState });
      try {
        const theirs = await other.newPage();
        assert.equal(said(await theirs.goto(at("/"))).why, "stable");
        assert.deepEqual(await settled(theirs), v1);
        assert.equal(await previewCookie(other), undefined);
      } finally {
        await other.close();
      }
    }
    await page.reload();
    assert.deepEqual(await settled(page), v2, "meanwhile the preview goes on");
  }));

test("that is not right says on the screen what is wrong, and opens nothing", async () => {
  const good = link("/about?x=1");
  const expiry = /=v2~([^~]+)~/.exec(good)[1];
  // The command line makes no link that is over already; so it is signed here, in the same way.
  assert.ok(good.endsWith(token(expiry)));
  const over = (Math.floor(Date.now() / 1000) - 1).toString(36);
  const [changed, expired] = [/^This preview link is not valid here: it was changed/, /^This preview link has expired\./];
  for (const [what, address, words] of [
    ["a garbled link", at("/about?halftone-preview=nonsense"), changed],
    ["one cut off", good.slice(0, -1), changed],
    ["one for another version", good.replace("=v2~", "=v1~"), changed],
    ["one whose time was put off", good.replace(expiry, (Number.parseInt(expiry, 36) + 60).toString(36)), changed],
    ["one of another key", link("/about", OTHER_KEY), changed],
    ["an expired one", at(`/about?halftone-preview=${token(over)}`), expired],
  ]) {
    await visiting(async (context, page) => {
      const answer = await page.goto(address);
      assert.equal(answer.status(), 403, what);
      assert.ok(await page.getByText(words).isVisible(), what);
      assert.deepEqual(await context.cookies(), [], what);
      await page.goto(at("/about"));
      assert.deepEqual(await settled(page), v1, what);
    });
  }
});

/** The token of a link to v2 until a time, seconds since 1970 in base 36. */
function token(expiry) {
  const key = createHmac("sha256", Buffer.from(KEY, "base64url")).update("halftone preview 1").digest();
  const signature = createHmac("sha256", key).update(["shop", worker.url.hostname, "v2", expiry].join("\0")).digest();
  return `v2~${expiry}~${signature.subarray(0, 16).toString("base64url")}`;
}
