// Builds uploaded by `halftone deploy`: the page script's tag is in their files, so that pages need no rewriter on their way,
// and what pages of real Chromium say arrives as it does from pages the edge put it into.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { around, OPERATOR, TOKENS } from "../e2e/guests.mjs";
import { startWorker, writeBuild } from "../e2e/worker.mjs";
import { launch } from "./chromium.mjs";
import { drawn } from "./drawn.mjs";
import { BIT } from "./intake.mjs";

const SCRIPT = '<script async src="/_halftone/page.js"></script>';

const html = (version, head = "") => `<!doctype html>
<html lang="en"><head>${head}<meta charset="utf-8"><title>${version}</title><link rel="icon" href="data:,"></head>
<body><h1>${version} ü</h1><p>${"Some words of it. ".repeat(100)}</p></body></html>
`;
const policy = (text) => `<meta http-equiv="Content-Security-Policy" content="${text}">`;

const files = (version) => ({
  "/index.html": html(version),
  "/broken.html": html(version, '<script>throw new Error("broken at once")</script>'),
  "/own.html": html(version, policy("default-src 'self' data:; script-src 'self' 'unsafe-inline'")),
  "/closed.html": html(version, policy("default-src 'none'")),
  "/part.html": "<li>A part of a page</li>\n",
  "/404.html": html(`${version}: nothing here`),
  "/app-0a1b2c3d.js": "document.title += ' ran';",
});

const site = (name, rest = {}) => ({
  hosts: [`${name}.localhost`],
  versions: { v1: `r2:BUILDS/@${name}/v1`, v2: `r2:BUILDS/@${name}/v2` },
  stable: "v1",
  rollout: { canary: "v2", steps: ["50%"], decide: "never" },
  ...rest,
  feedback: { shards: 1, ...rest.feedback },
});

const SITES = {
  shop: site("shop", { default: true }),
  own: site("own", { feedback: { inject: false } }),
  plain: site("plain"),
  idle: { hosts: ["idle.localhost"], versions: { v1: "r2:BUILDS/@idle/v1" }, stable: "v1" },
};

let worker;
let browser;
let visit;
let guest;
const done = {};

/** The list of a build's files by their names; what they hold is the bucket's to say. */
function listed(name, version) {
  const hash = (text) => createHash("sha256").update(text).digest("hex");
  const entries = Object.entries(files(version)).map(([path, text]) => [path, [hash(text), text.length, "text/plain"]]);
  const list = { format: "halftone-build/1", site: name, version, made_s: 1, files: Object.fromEntries(entries) };
  return [`halftone-builds/${name}/${version}.json`, JSON.stringify(list)];
}

before(async () => {
  worker = await startWorker({
    name: "uploaded",
    config: { admin: { host: "localhost" }, sites: SITES },
    files: Object.fromEntries(
      Object.entries(SITES).flatMap(([name, { versions }]) => Object.keys(versions).map((id) => listed(name, id))),
    ),
    secrets: { HALFTONE_TOKENS: TOKENS },
  });
  for (const [name, { versions }] of Object.entries(SITES)) {
    for (const id of Object.keys(versions)) {
      const folder = writeBuild(`uploaded-${id}`, files(id));
      const more = name === "plain" ? ["--no-tag"] : [];
      done[`${name} ${id}`] = await worker.halftone(
        ["deploy", folder, "--version", id, "--site", name, "--json", ...more],
        OPERATOR,
      );
    }
  }
  browser = await launch();
  visit = drawn(worker, browser);
  ({ guest } = around(worker, OPERATOR));
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

/** As it is: what is packed on its way has no length beforehand. */
const WHOLE = { "accept-encoding": "identity" };
const tags = (text) => text.split(SCRIPT).length - 1;

describe("a page that was uploaded", () => {
  test("has the tag first in its head, and comes whole: its length and the tag of its own content with it", async () => {
    const one = await guest("shop.localhost");
    const response = await one.open("/", WHOLE);
    const text = await response.text();
    assert.match(
      text,
      /<html lang="en"><head><script>\(w=>.*<\/script><script async src="\/_halftone\/page\.js"><\/script><meta/,
    );
    assert.equal(tags(text), 1);
    assert.ok(one.token, "the page is told to report");
    assert.equal(Number(response.headers.get("content-length")), Buffer.byteLength(text));
    const content = createHash("sha256").update(text).digest("hex").slice(0, 32);
    assert.equal(response.headers.get("etag"), `"${one.version}~~${content}"`);
    // Besides the tag nothing is another: what was put in is what is more.
    const [before, behind] = [text.indexOf("<script>(w=>"), text.indexOf(SCRIPT) + SCRIPT.length];
    assert.equal(text.slice(0, before) + text.slice(behind), files(one.version)["/index.html"]);
  });

  test("that the visitor has is confirmed with a token of its own, and HEAD says what GET does", async () => {
    const one = await guest("shop.localhost");
    const response = await one.open("/", WHOLE);
    const { token } = one;
    await response.body?.cancel();
    const known = await one.open("/", { "if-none-match": response.headers.get("etag") });
    assert.equal(known.status, 304);
    assert.ok(one.token && one.token !== token);
    const head = await worker.navigate("http://shop.localhost/", { method: "HEAD", headers: one.headers(WHOLE) });
    for (const name of ["content-length", "etag", "content-type"])
      assert.equal(head.headers.get(name), response.headers.get(name), name);
  });

  test("has the tag wherever it is shown: to robots, as what is not there, and while no rollout runs", async () => {
    for (const [host, path, headers] of [
      ["shop", "/", { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" }],
      ["shop", "/nothing/here", {}],
      ["idle", "/", {}],
    ]) {
      const response = await worker.navigate(`http://${host}.localhost${path}`, { headers });
      assert.equal(tags(await response.text()), 1, `${host}${path}`);
    }
  });

  test("that only a part of a page is, or whose policy keeps the script out, is left to the edge", async () => {
    assert.deepEqual(JSON.parse(done["shop v1"]).untagged_for_their_policy, ["/closed.html"]);
    const manifest = JSON.parse(readFileSync(join(worker.work, "halftone-builds/shop/v1.json"), "utf8"));
    assert.deepEqual(manifest.tagged, { prefix: "/_halftone", except: ["/closed.html", "/part.html"] });
    const one = await guest("shop.localhost");
    for (const [path, count] of Object.entries({ "/closed": 1, "/part": 1, "/own": 1, "/broken": 1 })) {
      const response = await one.open(path, WHOLE);
      assert.equal(tags(await response.text()), count, path);
      assert.equal(response.headers.has("content-length"), path === "/own" || path === "/broken", path);
    }
    const part = await worker.fetch("http://shop.localhost/part.html", { headers: { "sec-fetch-dest": "empty" } });
    assert.ok(!(await part.text()).includes("<script"));
  });

  test("is the site's own text where it includes the script itself, and the edge's to change with --no-tag", async () => {
    const own = await (await (await guest("own.localhost")).open("/")).text();
    assert.equal(tags(own), 0);
    assert.equal(JSON.parse(done["own v1"]).tagged, false);
    const plain = await guest("plain.localhost");
    const response = await plain.open("/", WHOLE);
    assert.equal(tags(await response.text()), 1);
    assert.equal(response.headers.get("content-length"), null);
    assert.equal(JSON.parse(done["plain v1"]).tagged, false);
  });

  test("is told by people's words which page has none", async () => {
    const folder = writeBuild("uploaded-v1", files("v1"));
    const said = await worker.halftone(["deploy", folder, "--version", "v1", "--site", "shop"], OPERATOR);
    assert.match(said, /^\/closed\.html stays as it is: its content security policy keeps the page script out/m);
    assert.doesNotMatch(said, /part\.html/);
  });
});

describe("in Chromium a page that was uploaded", () => {
  test("comes alive", async () => {
    const { context, wrong, intake } = await visit("shop", "v2");
    await intake.row(context, BIT.alive | BIT.trial);
    assert.deepEqual(wrong, []);
    await context.close();
  });

  test("tells of what broke before its script was there", async () => {
    const { context, page, intake } = await visit("shop", "v2");
    await page.goto(new URL("/broken", page.url()).href);
    const row = await intake.row(context, BIT.alive | BIT.error);
    assert.equal(row.errors, 1);
    await context.close();
  });

  test("with a policy of its own that lets it speak comes alive too, and says nothing on the console", async () => {
    const { context, page, wrong, intake } = await visit("shop", "v2");
    const first = await intake.row(context, BIT.alive);
    await page.goto(new URL("/own", page.url()).href);
    await intake.row(context, BIT.alive, ({ page: id }) => id !== first.page);
    assert.equal(await page.evaluate(() => typeof window.halftone.goal), "function");
    assert.deepEqual(wrong, []);
    await context.close();
  });
});
