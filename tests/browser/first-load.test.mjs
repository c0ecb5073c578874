// A real published site in two builds, in real Chromium: the first load of new visitors, and staying with a version.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { requirePackage, startWorker } from "../e2e/worker.mjs";
import { complaints, launch, record, said } from "./chromium.mjs";

const config = {
  sites: {
    docs: {
      versions: { v4: "assets:v4", v5: "assets:v5" },
      stable: "v4",
      rollout: { canary: "v5", steps: ["1%", "5%", "25%", "50%", "100%"], step: 4 },
    },
  },
};

let worker;
let browser;

before(async () => {
  const folders = { v4: requirePackage("swagger-ui-v4"), v5: requirePackage("swagger-ui-v5") };
  worker = await startWorker({ name: "first-load", config, folders });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

test("every request of a first load is answered, and by one version", async () => {
  const met = new Set();
  // Twelve visitors, and on until both versions were met: sixty at 50 % do not miss one in 10¹⁷ runs.
  for (let n = 0; n < 12 || (met.size < 2 && n < 60); n++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const seen = record(page);
    const wrong = complaints(page);
    // The site describes an API of another host; no test leaves this machine.
    await page.route(
      (url) => url.origin !== worker.url.origin,
      (route) => route.abort(),
    );
    const { version } = said(await page.goto(worker.url.href));
    await page.waitForSelector(".swagger-ui .topbar");
    const own = seen.filter((response) => response.url.startsWith(worker.url.origin));
    assert.ok(
      own.filter((response) => response.type === "script").length >= 3,
      `scripts among ${own.map((response) => response.path)}`,
    );
    for (const response of own) {
      assert.equal(response.status, 200, response.url);
      assert.equal(response.version, version, response.url);
    }
    assert.deepEqual(
      wrong.filter((line) => !line.includes("ERR_FAILED")),
      [],
    );
    met.add(version);
    await context.close();
  }
  assert.deepEqual([...met].sort(), ["v4", "v5"]);
});

test("a visitor keeps their version over fifty navigations", async () => {
  for (const wanted of ["v4", "v5"]) {
    const { context, page } = await visitorOn(wanted);
    for (let n = 0; n < 50; n++) {
      const response = await page.goto(`${worker.url.href}?n=${n}`, { waitUntil: "commit" });
      assert.equal(said(response).version, wanted, `navigation ${n}`);
      assert.equal(await response.headerValue("set-cookie"), null, "nothing changed, so no cookie is set");
    }
    await context.close();
  }
});

/** A visitor who was drawn into this version. */
async function visitorOn(wanted) {
  for (let n = 0; n < 40; n++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const { version, why } = said(await page.goto(worker.url.href, { waitUntil: "commit" }));
    if (version === wanted) {
      assert.equal(why, wanted === "v5" ? "canary" : "stable");
      return { context, page };
    }
    await context.close();
  }
  throw new Error(`forty visitors at 50 % and none on ${wanted}`);
}
