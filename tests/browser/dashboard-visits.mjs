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

/**
 * A site of a name that is no other file's, as long as the tests of this one run: `worker()`, and who comes to it. `prepare` may say
 * what `startSite` is to have otherwise.
 */
export function visits(name, prepare = () => ({})) {
  let worker;
  let browser;

  before(async () => {
    worker = await startSite(name, await prepare());
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await worker?.close();
  });

  /** A profile with a page of the dashboard; its requests bring these headers. */
  async function arrive(t, { viewport = WIDE, headers = {} } = {}) {
    const context = await browser.newContext({ viewport, reducedMotion: "reduce", extraHTTPHeaders: headers });
    t.after(() => context.close());
    const page = await context.newPage();
    const loaded = [];
    page.on("request", (request) => loaded.push(request.url()));
    await page.goto(at(worker, "admin"));
    return { context, page, loaded };
  }

  /** The same, at its door. */
  async function door(t, viewport) {
    const visit = await arrive(t, { viewport });
    await visit.page.getByLabel("Your token").waitFor();
    return visit;
  }

  async function signIn(page, token = OPERATOR) {
    await page.getByLabel("Your token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Somebody who is in, at a view of a site. */
  async function inside(t, { site = "shop", view = "now", token = OPERATOR, viewport } = {}) {
    const visit = await door(t, viewport);
    await signIn(visit.page, token);
    await visit.page.locator("#main").waitFor();
    await visit.page.goto(`${at(worker, "admin")}#/${site}/${view}`);
    await visit.page.locator("main h1").first().waitFor();
    return visit;
  }

  return { worker: () => worker, arrive, door, signIn, inside };
}

/** No picture is longer, px. */
const LONGEST = 1600;

/**
 * Looks at a view in light and dark, on both sizes: axe finds nothing, and nothing is wider than its place; and takes its pictures.
 * `further` are those of what stands further down: by name, where each begins.
 */
export async function looksRight(page, name, { fullPage = true, further = {} } = {}) {
  for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await axe(page), [], `${name}, ${size}, ${colorScheme}`);
      assert.deepEqual(await page.evaluate(tooWide), [], `${name}, ${size}`);
      if (!env.PICTURES) continue;
      const kind = `${size} ${colorScheme}`;
      await picture(page, name, kind, fullPage ? viewport.width : null);
      for (const [other, from] of Object.entries(further)) await picture(page, other, kind, viewport.width, from);
    }
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}

/** In a page: what is wider than the screen or its card. */
function tooWide() {
  const all = [document.documentElement, ...document.querySelectorAll(".card")];
  return all
    .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    .map(
      ({ tagName, textContent, scrollWidth, clientWidth }) =>
        `${tagName} by ${scrollWidth - clientWidth} px: ${textContent.slice(0, 40)}`,
    );
}

/** Which looks of a view are kept, and how the file's name says so. */
const KEPT = { "wide light": "", "wide dark": "-dark", "phone dark": "-phone" };

/** A picture of a page of this width, from an element downwards where one is named, or of what is on the screen. */
async function picture(page, name, kind, width, from = "body") {
  if (!Object.hasOwn(KEPT, kind)) return;
  const y = await page.locator(from).evaluate((element) => Math.floor(element.getBoundingClientRect().top + scrollY));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const whole = { fullPage: true, clip: { x: 0, y, width, height: Math.min(height - y, LONGEST) } };
  const png = await page.screenshot(width === null ? {} : whole);
  writeFileSync(join(ROOT, env.PICTURES, `dashboard-${name}${KEPT[kind]}.png`), shrunk(png));
}
