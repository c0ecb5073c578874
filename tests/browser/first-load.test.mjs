// A real published site in two builds, in real Chromium: what a visitor sees from the first load to the rollback.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { requirePackage, startWorker } from "../e2e/worker.mjs";
import { launch, record } from "./chromium.mjs";

const config = (step) => ({
  sites: {
    docs: {
      versions: { v4: "assets:v4", v5: "assets:v5" },
      stable: "v4",
      rollout: { canary: "v5", steps: ["1%", "5%", "25%", "50%", "100%"], step },
    },
  },
});

let worker;
let browser;

before(async () => {
  const folders = { v4: requirePackage("swagger-ui-v4"), v5: requirePackage("swagger-ui-v5") };
  worker = await startWorker({ name: "first-load", config: config(4), folders });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

/** A new visitor's first load, waited for until the site has drawn itself. */
async function visit(context) {
  const page = await context.newPage();
  const seen = record(page);
  const response = await page.goto(worker.url.href, { waitUntil: "networkidle" });
  await page.waitForSelector(".swagger-ui .topbar, .swagger-ui .info, .swagger-ui", { state: "attached" });
  const version = /version=([^,]+)/.exec(response.headers().halftone)[1];
  return { page, seen, version };
}

test("every request of a first load is answered, and by one version", async () => {
  const versions = new Set();
  for (let n = 0; n < 12; n++) {
    const context = await browser.newContext();
    const { seen, version } = await visit(context);
    versions.add(version);
    assert.ok(seen.length >= 5, `${seen.length} requests`);
    for (const response of seen) {
      assert.equal(response.status, 200, response.url);
      assert.equal(response.version, version, response.url);
    }
    await context.close();
  }
  assert.deepEqual([...versions].sort(), ["v4", "v5"], "twelve visitors at 50 % meet both versions");
});

test("a visitor keeps their version over fifty navigations", async () => {
  const context = await browser.newContext();
  const { page, version } = await visit(context);
  for (let n = 0; n < 50; n++) {
    const response = await page.goto(`${worker.url.href}?n=${n}`, { waitUntil: "commit" });
    assert.match(response.headers().halftone, new RegExp(`version=${version},`));
  }
  await context.close();
});
