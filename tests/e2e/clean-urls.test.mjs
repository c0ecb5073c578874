// The names of files in addresses, compared with the platform's own static assets: the same build is served by the platform with
// its default handling, and by Halftone out of a folder and out of R2. Every address must come to the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startWorker, writeBuild } from "./worker.mjs";

/** Names that are easy to get wrong: pages beside folders of their name, index pages, pages that only look like ones. */
const FILES = [
  "index.html",
  "404.html",
  "about.html",
  "both.html",
  "both/index.html",
  "both/inner.html",
  "bare",
  "bare.html",
  "docs/index.html",
  "docs/404.html",
  "docs/deep/page.html",
  "docs/deep/index/index.html",
  "index/index.html",
  "named.html/index.html",
  "twice.html.html",
  "data.json",
  "style.css",
  "v1.2.html",
  "release-1.0/index.html",
  "ngā kōwhai.html",
  "a b/index.html",
  "empty/.keep",
];
const build = Object.fromEntries(FILES.map((name) => [name, `<!doctype html><title>${name}</title>`]));

/** Every name, and what people and links make of it. */
function addresses() {
  const all = new Set(["/", "/nope", "/nope/", "/docs/nope", "/docs/deep/nope.html", "/nope.css", "/index", "/404", "/docs/404"]);
  for (const name of FILES) {
    const path = `/${name.split("/").map(encodeURIComponent).join("/")}`;
    for (const cut of [path, path.replace(/\.html$/, ""), path.replace(/index\.html$/, ""), path.replace(/\/index\.html$/, "")])
      for (const spelled of [cut, `${cut}/`, `${cut}.html`, `${cut}/index`, `${cut}/index.html`]) all.add(spelled || "/");
  }
  return [...all].filter((path) => !path.includes("//")).map((path) => `${path}?a=1`);
}

const PLATFORM = `export default { fetch(request, env) { return env.ASSETS.fetch(request); } }`;
const SITES = { folder: "folder.example", bucket: "bucket.example" };

let worker;
const asked = new Map();

before(async () => {
  const folder = writeBuild("clean-urls", build);
  const spa = writeBuild("clean-urls-spa", { "index.html": "<title>app</title>", "about.html": "about", "app.js": "0" });
  const served = (name, handling) => ({
    name,
    script: PLATFORM,
    more: `[assets]\ndirectory = "${name === "APP" ? spa : folder}"\nbinding = "ASSETS"\nrun_worker_first = true\nnot_found_handling = "${handling}"\n`,
  });
  worker = await startWorker({
    name: "clean-urls",
    folders: { one: folder, app: spa },
    workers: [served("PAGES", "404-page"), served("APP", "single-page-application")],
    config: {
      sites: {
        folder: { hosts: [SITES.folder], default: true, versions: { one: "assets:one" }, stable: "one" },
        bucket: { hosts: [SITES.bucket], versions: { one: { origin: "r2:BUILDS/one", files: "www/one" } }, stable: "one" },
        app: { hosts: ["app.example"], versions: { one: { origin: "assets:app", not_found: "spa" } }, stable: "one" },
      },
    },
  });
  const { BUILDS } = await worker.env();
  for (const name of FILES) await BUILDS.put(`one/${name}`, readFileSync(join(folder, name)));
});

after(() => worker?.close());

/** What an address comes to: status, where it leads to, and which file it is. */
async function outcome(host, path) {
  const response = await worker.navigate(`https://${host}${path}`);
  const text = await response.text();
  return {
    status: response.status,
    location: response.headers.get("location"),
    file: /<title>(.*)<\/title>/.exec(text)?.[1] ?? text,
  };
}

/** The same from the platform. */
async function expected(name, path) {
  const key = `${name} ${path}`;
  if (!asked.has(key)) {
    const response = await worker.beside(name).fetch(`https://platform.example${path}`, {
      redirect: "manual",
      headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" },
    });
    const text = await response.text();
    const file = /<title>(.*)<\/title>/.exec(text)?.[1] ?? text;
    asked.set(key, { status: response.status, location: response.headers.get("location"), file });
  }
  return asked.get(key);
}

describe("every address comes to what the platform's own static assets make of it", () => {
  for (const [kind, host] of Object.entries(SITES)) {
    test(`out of a ${kind}`, async (t) => {
      const differing = [];
      const all = addresses();
      for (const path of all) {
        const [ours, theirs] = [await outcome(host, path), await expected("PAGES", path)];
        try {
          assert.deepEqual(ours, theirs);
        } catch {
          differing.push(`${path}: ${JSON.stringify(ours)} and not ${JSON.stringify(theirs)}`);
        }
      }
      t.diagnostic(`${all.length} addresses`);
      assert.ok(all.length >= 200);
      assert.deepEqual(differing, []);
    });
  }

  test("of a single-page application", async () => {
    for (const path of ["/", "/about", "/about.html", "/about/", "/cart/3", "/cart/3/", "/app.js", "/index.html", "/nope.html"])
      assert.deepEqual(await outcome("app.example", path), await expected("APP", path), path);
  });
});
