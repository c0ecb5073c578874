// Visits to the dashboard in Chromium: a Worker and a browser for a test file, people who are in, and how a view has to look.
//
// With PICTURES=docs/images in the environment every view is also written there as a picture, as the documents show it.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { after, before } from "node:test";
import { ROOT } from "../e2e/worker.mjs";
import { launch } from "./chromium.mjs";
import { at, axe, OPERATOR, startSite } from "./dashboard-site.mjs";
import { shrunk } from "./picture.mjs";

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** A site of a name that is no other file's, as long as the tests of this one run: `worker()`, and who comes to it. */
export function visits(name) {
  let worker;
  let browser;

  before(async () => {
    worker = await startSite(name);
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await worker?.close();
  });

  /** A profile with a page at the dashboard's door. */
  async function door(t, viewport = WIDE) {
    const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
    t.after(() => context.close());
    const page = await context.newPage();
    const loaded = [];
    page.on("request", (request) => loaded.push(request.url()));
    await page.goto(at(worker, "admin"));
    await page.getByLabel("Your token").waitFor();
    return { context, page, loaded };
  }

  async function signIn(page, token = OPERATOR) {
    await page.getByLabel("Your token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Somebody who is in, at a view of a site. */
  async function inside(t, { site = "shop", view = "now", token = OPERATOR, viewport = WIDE } = {}) {
    const visit = await door(t, viewport);
    await signIn(visit.page, token);
    await visit.page.locator("#main").waitFor();
    await visit.page.goto(`${at(worker, "admin")}#/${site}/${view}`);
    await visit.page.locator("main h1").first().waitFor();
    return visit;
  }

  return { worker: () => worker, door, signIn, inside };
}

/** No picture is longer, px. */
const LONGEST = 1600;

/** Looks at a view in light and dark, on both sizes: axe finds nothing; and takes its pictures. */
export async function looksRight(page, name, { fullPage = true } = {}) {
  for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await axe(page), [], `${name}, ${size}, ${colorScheme}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name}, ${size}: ${overflow} px wider than the screen`);
      if (env.PICTURES) await picture(page, name, `${size} ${colorScheme}`, fullPage ? viewport.width : null);
    }
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Which looks of a view are kept, and how the file's name says so. */
const KEPT = { "wide light": "", "wide dark": "-dark", "phone dark": "-phone" };

/** A picture of a page of this width, or of what is on the screen. */
async function picture(page, name, kind, width) {
  if (!Object.hasOwn(KEPT, kind)) return;
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const whole = { fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(height, LONGEST) } };
  const png = await page.screenshot(width === null ? {} : whole);
  writeFileSync(join(ROOT, env.PICTURES, `dashboard-${name}${KEPT[kind]}.png`), shrunk(png));
}
