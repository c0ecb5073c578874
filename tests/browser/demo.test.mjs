// The demo as it is deployed: the repository's own halftone.json and its two builds, in a real browser, on a narrow and on
// a wide screen. That the builds are what their sources make is tested elsewhere.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, startWorker } from "../e2e/worker.mjs";
import { complaints, launch, record, said } from "./chromium.mjs";

const SHOTS = join(ROOT, "tests/.work/demo/screens");
const SCREENS = [
  ["narrow", { width: 390, height: 844 }],
  ["wide", { width: 1280, height: 800 }],
];
const PAGES = ["/", "/about", "/docs/", "/no-such-page"];

/** What the page says of why it is shown, by the rule of its address. */
const RULES = {
  "?show=v1": { version: "v1", says: /The rule is “show-v1”/ },
  "?show=v2": { version: "v2", says: /The rule is “show-v2”/ },
  "?country=NZ": { version: "v2", says: /The rule is “new-zealand-first”: visitors from there get the canary/ },
  "?country=DE": { version: "v1", says: /The rule is “germany-waits”: visitors from there keep the stable version/ },
};

let worker;
let browser;

before(async () => {
  const config = JSON.parse(readFileSync(join(ROOT, "halftone.json"), "utf8"));
  worker = await startWorker({ name: "demo", config, folders: { v1: "www/v1", v2: "www/v2" } });
  mkdirSync(SHOTS, { recursive: true });
  browser = await launch();
});

after(async () => {
  try {
    await browser?.close();
  } finally {
    await worker?.close();
  }
});

const at = (path) => new URL(path, worker.url).href;
const fact = (page, name) => page.locator(`main [data-halftone="${name}"]`).first();
const numbered = (version) => `version ${version.slice(1)}`;

/** Runs a test's body as a new visitor: with a page, what it was answered, and what it complained of. */
async function visiting(options, body) {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    await body(page, record(page, { own: true }), complaints(page));
  } finally {
    await context.close();
  }
}

/** Every file of the site was there and of this version, and what Halftone itself was asked for was there. */
function assertWhole(seen, version) {
  const [own, site] = [true, false].map((is) => seen.filter(({ path }) => path.startsWith("/_halftone/") === is));
  assert.ok(site.length >= 3, `a page, its style and its script: ${site.map(({ path }) => path)}`);
  for (const { status, version: of, url } of site) assert.deepEqual([status, of], [200, version], url);
  for (const { status, url } of own) assert.ok(status === 200 || status === 204, `${status} ${url}`);
}

for (const [query, { version, says }] of Object.entries(RULES)) {
  test(`${query} is ${version}: it says so and why, links to the other, and fetches its later piece`, () =>
    visiting({}, async (page, seen, wrong) => {
      const response = await page.goto(at(`/${query}`), { waitUntil: "networkidle" });
      assert.deepEqual(said(response), { version, why: "rule", revision: "1" });
      assert.equal(await page.getAttribute("html", "data-version"), version);
      assert.match(await page.title(), new RegExp(`${numbered(version)}$`));
      assert.equal(await page.locator("main .facts dd").first().textContent(), version);
      assert.equal(await fact(page, "why").textContent(), "rule");
      assert.equal(await fact(page, "revision").textContent(), "1");
      assert.match(await fact(page, "reason").textContent(), says);

      await page.click("#more");
      const piece = page.locator(`[data-piece="${version}"]`);
      await piece.waitFor();
      assert.match(await piece.textContent(), new RegExp(`from the files of ${numbered(version)}`));
      assert.equal(await page.locator("#more").isVisible(), false);
      assertWhole(seen, version);
      assert.equal(seen.filter(({ path }) => /^\/assets\/.*\.js$/.test(path)).length, 2, "the script, and later the piece");
      assert.deepEqual(wrong, []);

      const other = version === "v1" ? "v2" : "v1";
      seen.length = 0;
      await page.locator(`footer a[href="/?show=${other}"]`).click();
      await page.waitForURL(at(`/?show=${other}`), { waitUntil: "networkidle" });
      assert.equal(await page.getAttribute("html", "data-version"), other);
      assertWhole(seen, other);
      assert.deepEqual(wrong, []);
    }));
}

test("a visitor's own draw is told, by the words of the edge, and is the same on every page", async () => {
  const met = new Set();
  for (let n = 0; n < 4 || (met.size < 2 && n < 60); n++) {
    await visiting({}, async (page, seen, wrong) => {
      const { version, why } = said(await page.goto(at("/"), { waitUntil: "networkidle" }));
      assert.equal(why, version === "v2" ? "canary" : "stable");
      assert.equal(await fact(page, "why").textContent(), why);
      assert.match(await fact(page, "reason").textContent(), why === "canary" ? /within the canary’s share/ : /trusted now/);
      for (const name of ["About", "Guide", "Front page"]) {
        await page.getByRole("navigation").getByRole("link", { name }).click();
        await page.waitForLoadState("networkidle");
        assert.equal(await page.getAttribute("html", "data-version"), version, name);
      }
      assertWhole(seen, version);
      assert.deepEqual(wrong, []);
      met.add(version);
    });
  }
  assert.deepEqual([...met].sort(), ["v1", "v2"], "sixty visitors at 50 % meet both");
});

for (const [name, viewport] of SCREENS) {
  for (const colorScheme of ["light", "dark"]) {
    test(`on a ${name} ${colorScheme} screen nothing reaches beyond the sides`, () =>
      visiting({ viewport, colorScheme }, async (page) => {
        for (const version of ["v1", "v2"]) {
          for (const path of PAGES) {
            const response = await page.goto(at(`${path}?show=${version}`), { waitUntil: "networkidle" });
            assert.equal(response.status(), path === "/no-such-page" ? 404 : 200);
            if (path === "/") {
              await page.click("#more");
              await page.locator("[data-piece]").waitFor();
            }
            const { inner, outer, beyond } = await page.evaluate(() => {
              const { clientWidth, scrollWidth } = document.documentElement;
              const ends = [...document.querySelectorAll("main *")].filter((element) => {
                const { left, right, width } = element.getBoundingClientRect();
                return width > 0 && (right > clientWidth + 1 || left < -1) && !element.closest("pre, .skip");
              });
              return { inner: scrollWidth, outer: clientWidth, beyond: ends.map((element) => element.outerHTML.slice(0, 80)) };
            });
            assert.ok(inner <= outer, `${version} ${path}: ${inner} pixels on a screen of ${outer}`);
            assert.deepEqual(beyond, [], `${version} ${path}`);
            const file = `${version}-${path.replaceAll("/", "") || "front"}-${name}-${colorScheme}.png`;
            await page.screenshot({ path: join(SHOTS, file), fullPage: true });
          }
        }
      }));
  }
}
