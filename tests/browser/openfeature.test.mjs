// OpenFeature in a page: the real SDK and its real remote provider ask the site's own host, and hear what the page is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { cookiesOf, ROOT, requirePackage, said as saidBy, startWorker, writeBuild } from "../e2e/worker.mjs";
import { launch, said } from "./chromium.mjs";

const SCRIPT = `
import { OpenFeature } from "@openfeature/web-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
const provider = new OFREPWebProvider({ baseUrl: location.origin + "/_halftone" });
window.flags = OpenFeature.setProviderAndWait(provider).then(() => {
  const client = OpenFeature.getClient();
  return {
    version: client.getStringDetails("halftone.version", "none"),
    canary: client.getBooleanDetails("halftone.canary", false),
    other: client.getBooleanDetails("other", true),
    again: () => OpenFeature.setContext({ targetingKey: "somebody", page: Date.now() }),
  };
});`;

let worker;
let browser;

before(async () => {
  requirePackage("@openfeature/ofrep-web-provider");
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const html = (version) =>
    `<!doctype html><html lang="en" data-version="${version}"><head><title>A page</title><link rel="icon" href="data:,">` +
    `<script type="module" src="/flags.js"></script></head><body><h1>A page</h1></body></html>`;
  const files = (version) => ({ "index.html": html(version), "flags.js": outputFiles[0].text });
  worker = await startWorker({
    name: "openfeature",
    config: {
      sites: {
        shop: {
          versions: { v1: "assets:v1", v2: "assets:v2", v3: "assets:v3" },
          stable: "v1",
          rollout: { canary: "v2", steps: ["50%"] },
          rules: [{ name: "staff", when: { query: { staff: "*" } }, serve: "v3" }],
        },
        still: { hosts: ["still.localhost"], versions: { v1: "assets:v1" }, stable: "v1" },
      },
    },
    folders: Object.fromEntries(["v1", "v2", "v3"].map((id) => [id, writeBuild(`flags-${id}`, files(id))])),
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

/** A fresh visitor's page, its version, and what the SDK says of it. */
async function visit(path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const response = await page.goto(new URL(path, worker.url).href);
  const flags = await page.evaluate(() => window.flags.then(({ again, ...flags }) => JSON.parse(JSON.stringify(flags))));
  return { context, page, flags, version: said(response).version };
}

test("the SDK in a page sees the assignment of that page, for every version there is", async () => {
  const seen = new Set();
  // Each visitor draws v1 or v2 with even odds: both have come before long.
  while (!(seen.has("v1") && seen.has("v2"))) {
    const { context, page, flags, version } = await visit("/");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.version), version);
    assert.deepEqual([flags.version.value, flags.version.variant, flags.version.reason], [version, version, "SPLIT"]);
    assert.equal(flags.canary.value, version === "v2");
    assert.equal(flags.canary.variant, version === "v2" ? "canary" : "stable");
    assert.deepEqual([flags.other.value, flags.other.errorCode], [true, "FLAG_NOT_FOUND"]);
    const before = await context.cookies();
    await page.evaluate(async () => (await window.flags).again());
    assert.deepEqual(await context.cookies(), before, "asking changes no cookie");
    seen.add(version);
    await context.close();
  }
  const { context, flags } = await visit("/?staff=1");
  assert.deepEqual([flags.version.value, flags.version.reason, flags.canary.value], ["v3", "TARGETING_MATCH", false]);
  await context.close();
});

const ask = (path, init = {}) =>
  worker.fetch(`/_halftone/ofrep/v1/evaluate/flags${path}`, { method: "POST", body: '{"context":{}}', ...init });

test("all flags have an entity tag, and who has them already is told so", async () => {
  const page = await worker.navigate("/");
  const headers = { cookie: cookiesOf(page) };
  const first = await ask("", { headers });
  assert.equal(first.headers.get("set-cookie"), null);
  assert.equal(first.headers.get("cache-control"), "private, no-cache");
  const { flags } = await first.json();
  assert.equal(flags[0].value, saidBy(page).version);
  const again = await ask("", { headers: { ...headers, "if-none-match": first.headers.get("etag") } });
  assert.equal(again.status, 304);
  const staff = await worker.navigate("/?staff=1", { headers });
  const moved = await ask("", {
    headers: { cookie: cookiesOf(staff, headers.cookie), "if-none-match": first.headers.get("etag") },
  });
  assert.equal(moved.status, 200);
  assert.equal((await moved.json()).flags[0].value, "v3");
});

test("one flag, errors, and who brings no cookie, as the protocol has it", async () => {
  const one = await ask("/halftone.version");
  assert.equal(one.status, 200);
  const { key, value, reason } = await one.json();
  assert.deepEqual([key, value, reason], ["halftone.version", "v1", "DEFAULT"]);
  const none = await ask("/nope");
  assert.deepEqual([none.status, (await none.json()).errorCode], [404, "FLAG_NOT_FOUND"]);
  const broken = await ask("/halftone.version", { body: "{" });
  assert.deepEqual([broken.status, (await broken.json()).errorCode], [400, "PARSE_ERROR"]);
  const odd = await ask("", { body: '{"context":[]}' });
  assert.deepEqual([odd.status, (await odd.json()).errorCode], [400, "INVALID_CONTEXT"]);
  assert.equal((await ask("", { body: `"${"x".repeat(70_000)}"` })).status, 413);
  assert.equal((await ask("", { method: "GET", body: undefined })).status, 405);
  const still = await worker.fetch("http://still.localhost/_halftone/ofrep/v1/evaluate/flags/halftone.version", {
    method: "POST",
  });
  assert.equal((await still.json()).reason, "STATIC");
});
