// Makes docs/images/demo.png, the picture in the README, from a running `make dev`: `node scripts/picture.mjs [URL]`.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const url = process.argv[2] ?? "http://127.0.0.1:8787/";
const executablePath = execFileSync(process.execPath, ["scripts/browser.mjs"], { encoding: "utf8" }).trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const shots = [];
for (const version of ["v1", "v2"]) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 720 } });
  await page.goto(`${url}?show=${version}`, { waitUntil: "networkidle" });
  shots.push(`data:image/png;base64,${(await page.screenshot()).toString("base64")}`);
}
const page = await browser.newPage({ viewport: { width: 1240, height: 470 } });
const figure = (src, name) => `<figure><img src="${src}"><figcaption>${name}</figcaption></figure>`;
await page.setContent(`<style>
  body { margin: 0; padding: 20px; display: flex; gap: 20px; background: #e9e7e3; font: 15px system-ui; color: #333 }
  figure { margin: 0 } img { width: 590px; display: block; border-radius: 8px; box-shadow: 0 2px 12px #0003 }
  figcaption { text-align: center; padding-top: 8px }
</style>${figure(shots[0], "half of the visitors: version v1, stable")}${figure(shots[1], "the other half: version v2, canary")}`);
mkdirSync("docs/images", { recursive: true });
await page.screenshot({ path: "docs/images/demo.png" });
await browser.close();
