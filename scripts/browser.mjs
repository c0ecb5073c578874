// Prints the browser the tests use: Playwright's own if it is installed, else the system's. Exit code 1 if there is none.
import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";

const usable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const candidates = [
  process.env.CHROMIUM,
  chromium.executablePath(),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const found = candidates.find((path) => path && usable(path));
if (found) console.log(found);
else process.exitCode = 1;
