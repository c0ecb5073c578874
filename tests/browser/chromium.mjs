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
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";

/** A browser. `flags` are switches of Chromium beside the usual ones. */
export async function launch(flags = []) {
  const executablePath = execFileSync(process.execPath, [join(ROOT, "scripts/browser.mjs")], { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath, headless: true, args: [...FLAGS, `--user-agent=${USER_AGENT}`, ...flags] });
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

/** Records every response of a page or context: address, path, status, and what the header says. */
export function record(page) {
  const seen = [];
  page.on("response", (response) => {
    const url = response.url();
    seen.push({
      url,
      path: new URL(url).pathname,
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
 * Publishes a plan to a running Worker and asks for pages until it is in force.
 *
 * An isolate looks for a new plan in the background of a request, at most every five seconds.
 */
export async function publish(worker, plan, at = "/") {
  const env = await worker.env();
  await env.PLANS.put("plan", plan);
  const { revision } = JSON.parse(plan);
  for (let asked = 0; asked < 5000; asked++) {
    const response = await worker.navigate(at);
    const header = response.headers.get("halftone") ?? "";
    await response.body?.cancel();
    if (header.includes(`revision=${revision}`)) return;
  }
  throw new Error(`revision ${revision} is not in force after 5000 requests`);
}
