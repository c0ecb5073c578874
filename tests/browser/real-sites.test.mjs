// What visitors of real sites send back, in Chromium: our demo, and a single-page application as its makers build it, in two
// releases of years apart. They come alive, are measured, break, meet goals, and are called back.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { requirePackage, startWorker } from "../e2e/worker.mjs";
import { inForce, launch } from "./chromium.mjs";
import { drawn, stay } from "./drawn.mjs";
import { BIT, eventually } from "./intake.mjs";

/** What is clicked in each site. */
const PLACES = { demo: "h1", docs: ".swagger-ui .topbar" };

const site = (name, v1, v2) => ({
  hosts: [`${name}.localhost`],
  versions: { v1, v2 },
  stable: "v1",
  rollout: { canary: "v2", steps: ["50%"], decide: "never" },
  feedback: { shards: 1, on_recall: "event" },
});
const config = {
  sites: {
    demo: site("demo", "assets:demo1", "assets:demo2"),
    docs: site("docs", "assets:docs4", "assets:docs5"),
    idle: { versions: { v1: "assets:demo1" }, stable: "v1", default: true },
  },
};

let worker;
let browser;
let visit;

before(async () => {
  const folders = {
    demo1: "www/v1",
    demo2: "www/v2",
    docs4: requirePackage("swagger-ui-v4"),
    docs5: requirePackage("swagger-ui-v5"),
  };
  worker = await startWorker({ name: "real-sites", config, folders });
  // As a person's browser is: a page that is left lives on for a while, and has time to hear how long its last click took.
  browser = await launch({ without: ["--disable-back-forward-cache"] });
  visit = drawn(worker, browser);
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

const has = (row, bit) => (row.bits & bit) !== 0;
const measured = (row) => [row.ttfb, row.fcp, row.lcp, row.inp, row.cls].every((value) => value !== null);

for (const [name, place] of Object.entries(PLACES)) {
  describe(`the site ${name}`, () => {
    for (const version of ["v1", "v2"]) {
      test(`in ${version} comes alive, and its vitals are kept when it is left after a click`, async () => {
        const { context, page, intake } = await visit(name, version, { prepare: stay });
        await intake.row(context, BIT.alive | BIT.proven | BIT.trial | BIT.first);
        await page.click(place);
        await page.goto("about:blank");
        const row = await intake.row(context, BIT.alive, measured);
        assert.match(row.cell, version === "v1" ? /^drawn\|s\|v1\|1\|-\|5000\|5000$/ : /^drawn\|c\|v2\|1\|-\|5000\|5000$/);
        assert.ok(row.fcp > 0 && row.lcp >= row.fcp && row.fcp >= row.ttfb, JSON.stringify(row));
        assert.ok(!has(row, BIT.error | BIT.hidden | BIT.untested), `bits ${row.bits}`);
        assert.equal((await intake.rows(context)).length, 1);
        await context.close();
      });

      test(`in ${version} tells an error that nobody caught, a goal of its script and one of its markup`, async () => {
        const { context, page, intake } = await visit(name, version, { prepare: stay });
        await intake.row(context, BIT.alive);
        await page.evaluate(() => {
          setTimeout(() => {
            throw new Error("the counter is closed");
          });
        });
        await page.evaluate(() => halftone.goal("signup"));
        await page.locator(place).evaluate((element) => element.setAttribute("data-halftone-goal", "looked-closer"));
        await page.click(place);
        const goals = (row) => row.goals.split(",").sort().join();
        const row = await intake.row(context, BIT.alive | BIT.error, (row) => goals(row) === "looked-closer,signup");
        assert.equal(row.errors, 1);
        await context.close();
      });
    }

    test("calls back the pages of a version that was rolled back, and no others", async () => {
      const open = [];
      for (const version of ["v1", "v2"]) open.push(await visit(name, version, { prepare: stay }));
      for (const { context, page, intake } of open) {
        await page.evaluate(() => {
          window.recalls = [];
          addEventListener("halftone:recall", ({ detail }) => window.recalls.push(detail.version));
        });
        await intake.row(context, BIT.alive);
      }
      const { decisions } = await worker.admin(`rollback?site=${name}`, { why: "a test" });
      await inForce(worker, new URL(open[0].page.url()).origin, decisions[0].revision);
      const answers = await Promise.all(
        open.map(async ({ page }) => {
          const answered = page.waitForResponse((response) => response.url().endsWith("/_halftone/in"));
          await page.evaluate(() => halftone.goal("after"));
          return (await answered).headers()["halftone-recall"];
        }),
      );
      assert.deepEqual(answers, [undefined, "v2"]);
      const [stable, canary] = open.map(({ page }) => page);
      await eventually(() => canary.evaluate(() => window.recalls.length > 0), "a recall");
      assert.deepEqual(await canary.evaluate(() => window.recalls), ["v2"]);
      assert.deepEqual(await stable.evaluate(() => window.recalls), []);
      for (const { context } of open) await context.close();
    });
  });
}

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
