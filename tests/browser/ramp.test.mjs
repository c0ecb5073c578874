// A whole rollout before the same forty visitors: 1, 5, 25, 50, 100 %, and the rollback, each as a live plan.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { requirePackage, startWorker } from "../e2e/worker.mjs";
import { launch, livePlan, said } from "./chromium.mjs";

const VISITORS = 40;
const STEPS = ["1%", "5%", "25%", "50%", "100%"];

/** The rollout at a step; 0 is before it, or rolled back. */
const at = (step) => ({
  sites: {
    docs: {
      versions: { v4: "assets:v4", v5: "assets:v5" },
      stable: "v4",
      rollout: { id: "five", canary: "v5", steps: STEPS, step },
    },
  },
});

let worker;
let browser;
let publish;
/** One open page each, in forty profiles that share nothing. */
const visitors = [];

before(async () => {
  const folders = { v4: requirePackage("swagger-ui-v4"), v5: requirePackage("swagger-ui-v5") };
  worker = await startWorker({ name: "ramp", config: at(1), folders });
  browser = await launch();
  publish = livePlan(worker);
  for (let n = 0; n < VISITORS; n++) {
    // Two hundred and forty page loads: what counts here is the cookie, so the pages need not draw themselves.
    const context = await browser.newContext({ javaScriptEnabled: false });
    visitors.push(await context.newPage());
  }
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

/** Every visitor comes once more; the numbers of those who get the canary. */
async function onCanary() {
  const theirs = new Set();
  for (const [number, page] of visitors.entries()) {
    const { version } = said(await page.goto(worker.url.href, { waitUntil: "commit" }));
    if (version === "v5") theirs.add(number);
  }
  return theirs;
}

test("a ramp from 1 to 100 % moves nobody back, and a rollback moves everybody at the next navigation", async () => {
  let before = await onCanary();
  const sizes = [before.size];
  for (let step = 2; step <= STEPS.length; step++) {
    await publish(at(step));
    const now = await onCanary();
    for (const number of before) assert.ok(now.has(number), `visitor ${number} was moved back at ${STEPS[step - 1]}`);
    sizes.push(now.size);
    before = now;
  }
  assert.equal(before.size, VISITORS, "at 100 % everybody has the canary");
  // Forty draws at 50 % that all fall on one side: 2 in 10¹² runs.
  assert.ok(sizes[3] > 0 && sizes[3] < VISITORS, `${sizes} of ${VISITORS}`);

  await publish(at(0));
  assert.deepEqual([...(await onCanary())], [], "after the rollback nobody has it");
});
