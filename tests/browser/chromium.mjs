// A real Chromium for tests: the browser that scripts/browser.mjs finds.

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

export async function launch() {
  const path = execFileSync(process.execPath, [join(ROOT, "scripts/browser.mjs")], { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath: path, headless: true, args: FLAGS });
}

/** Records every response of a page: address, status and the version that answered. */
export function record(page) {
  const seen = [];
  page.on("response", (response) => {
    const header = response.headers().halftone ?? "";
    seen.push({ url: response.url(), status: response.status(), version: /version="?([^",]+)/.exec(header)?.[1], why: /why=(\w+)/.exec(header)?.[1] });
  });
  return seen;
}
