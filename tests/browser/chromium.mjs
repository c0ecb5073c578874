// A real Chromium for tests: the browser that scripts/browser.mjs finds, dressed as one that a person holds.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ROOT } from "../e2e/worker.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** The name Chromium goes by with a window. Without one it says `HeadlessChrome`, and lists of bots hold that. */
export const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";

/** A browser. `flags` are switches beside the usual; `without` some that Playwright sets and a person's browser has not. */
export async function launch({ flags = [], without = [] } = {}) {
  const executablePath = execFileSync(process.execPath, [join(ROOT, "scripts/browser.mjs")], { encoding: "utf8" }).trim();
  const args = [...FLAGS, `--user-agent=${USER_AGENT}`, ...flags];
  return chromium.launch({ executablePath, headless: true, args, ignoreDefaultArgs: without });
}

/** What the `halftone` header of a browser's response says: version, why, revision. */
export function said(response) {
  const header = response?.headers().halftone ?? "";
  return Object.fromEntries(
    header
      .split(", ")
      .filter(Boolean)
      .map((item) => item.split("=").map((part) => part.replaceAll('"', ""))),
  );
}

/** Records every response of a page or context but those of Halftone's own addresses, which are of no version; these too if asked. */
export function record(page, { own = false } = {}) {
  const seen = [];
  page.on("response", (response) => {
    const url = response.url();
    const path = new URL(url).pathname;
    if (!own && path.startsWith("/_halftone/")) return;
    seen.push({
      url,
      path,
      status: response.status(),
      type: response.request().resourceType(),
      ...said(response),
    });
  });
  return seen;
}

/** What a page says on the console as a warning of its own making: errors, and errors nobody caught. */
export function complaints(page) {
  const heard = [];
  page.on("console", (message) => message.type() === "error" && heard.push(message.text()));
  page.on("pageerror", (error) => heard.push(String(error)));
  return heard;
}

/**
 * Asks for pages until a revision is in force.
 *
 * An isolate looks for what is in force in the background of a request, at most every five seconds; the pages asked for
 * meanwhile are what lets it look. `at` is the address of such a page.
 */
export async function inForce(worker, at, revision) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    // A robot's page is no row of anybody's.
    const response = await worker.navigate(at, { headers: { "user-agent": "Googlebot/2.1" } });
    await response.body?.cancel();
    if ((response.headers.get("halftone") ?? "").includes(`revision=${revision}`)) return revision;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`revision ${revision} is not in force after 30 seconds`);
}

/** A function that publishes a config and waits until it is in force at an address, which is `site`'s. */
export function livePlan(worker, at = "/", site = undefined) {
  return async (config) => {
    const revisions = await worker.publish(config);
    return inForce(worker, at, revisions[site ?? Object.keys(revisions)[0]]);
  };
}

/** Asks a page again and again until what it answers is true; `question` may be asynchronous. */
export async function until(page, question) {
  const deadline = Date.now() + 30_000;
  while (!(await page.evaluate(question))) {
    if (Date.now() > deadline) throw new Error(`after half a minute it is still not so: ${question}`);
  }
}
