// The demo's two committed builds: that they are what the sources make, and that they keep to what the tests of the
// Worker, and visitors, count on. Reads files only; how the site looks and behaves in a browser is tested elsewhere.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildDemo } from "../../scripts/demo.mjs";
import { dots } from "../../www/demo/plate.mjs";
import { isCanary } from "../../www/demo/script/lot.mjs";
import { REASONS, RULES } from "../../www/demo/script/status.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VERSIONS = ["v1", "v2"];
const MOST_BYTES = 60_000;
const PAGES = ["404.html", "about.html", "docs/index.html", "index.html"];
const read = (path) => readFile(join(ROOT, path), "utf8");

/** Path to bytes of everything in a folder. */
async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = paths.sort().map(async (path) => [path.slice(folder.length + 1), await readFile(path)]);
  return new Map(await Promise.all(pairs));
}

const builds = {};
let fresh;

before(async () => {
  fresh = await mkdtemp(join(tmpdir(), "halftone-demo-"));
  for (const version of VERSIONS) builds[version] = await files(join(ROOT, "www", version));
});
after(() => rm(fresh, { recursive: true, force: true }));

const text = (version, path) => builds[version].get(path).toString();
const hashed = (version) => [...builds[version].keys()].filter((path) => path.startsWith("assets/"));

test("the committed builds are byte for byte what their sources make", async () => {
  await buildDemo(fresh);
  for (const version of VERSIONS) {
    const made = await files(join(fresh, version));
    const mend = "Run `node scripts/demo.mjs` and commit www/.";
    assert.deepEqual(
      [...builds[version].keys()],
      [...made.keys()],
      `www/${version} has other files than its sources make. ${mend}`,
    );
    for (const [path, bytes] of made) {
      assert.ok(bytes.equals(builds[version].get(path)), `www/${version}/${path} is not what its sources make. ${mend}`);
    }
  }
});

test("each build has its pages, its own page for what is missing, and one piece that is fetched later", () => {
  for (const version of VERSIONS) {
    const pages = [...builds[version].keys()].filter((path) => path.endsWith(".html"));
    assert.deepEqual(pages, PAGES);
    for (const page of PAGES) assert.match(text(version, page), new RegExp(`<html lang="en" data-version="${version}">`));
    const script = hashed(version).find((path) => /^assets\/main-.*\.js$/.test(path));
    const pieces = [...text(version, script).matchAll(/import\("\.\/([^"]+)"\)/g)].map((match) => `assets/${match[1]}`);
    assert.equal(pieces.length, 1);
    assert.match(text(version, pieces[0]), new RegExp(`"data-piece":"${version}"`));
    for (const page of PAGES)
      assert.ok(!text(version, page).includes(pieces[0]), "a page names the later piece and would load it at once");
  }
});

test("each build is small", () => {
  for (const version of VERSIONS) {
    const bytes = [...builds[version].values()].reduce((sum, content) => sum + content.length, 0);
    assert.ok(bytes < MOST_BYTES, `www/${version} has ${bytes} bytes; ${MOST_BYTES} are the most`);
  }
});

test("names in assets mix letters and digits, and no two versions share one", () => {
  const names = VERSIONS.flatMap(hashed);
  for (const name of names) assert.match(name, /^assets\/[a-z]+-(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{10}\.(js|css|svg)$/);
  assert.equal(new Set(names).size, names.length);
});

test("what keeps its name outside of the pages is the same in both versions", () => {
  const kept = (version) => [...builds[version]].filter(([path]) => !path.startsWith("assets/") && !path.endsWith(".html"));
  assert.deepEqual(kept("v1"), kept("v2"));
  assert.deepEqual(
    kept("v1").map(([path]) => path),
    ["favicon.svg", "robots.txt"],
  );
});

test("whatever a page names is there, and whatever is there is named", () => {
  for (const version of VERSIONS) {
    const named = new Set(["robots.txt"]);
    const resolve = (path) => (path.endsWith("/") ? `${path}index.html` : path).slice(1);
    for (const page of PAGES) {
      for (const [, address] of text(version, page).matchAll(/(?:href|src)="([^"#]+)"/g)) {
        const path = resolve(new URL(address, "http://demo.test/").pathname);
        const found = [path, `${path}.html`].find((name) => builds[version].has(name));
        assert.ok(found, `www/${version}/${page} names ${address}, which is not there`);
        named.add(found);
      }
    }
    for (const path of hashed(version).filter((name) => !name.endsWith(".svg"))) {
      for (const [, name] of text(version, path).matchAll(/\.\/([a-z]+-[0-9a-f]{10}\.\w+)/g)) named.add(`assets/${name}`);
    }
    assert.deepEqual([...named, "404.html"].sort(), [...builds[version].keys()].sort());
  }
});

test("pages work under a strict content security policy and ask no other host", () => {
  for (const version of VERSIONS) {
    for (const page of PAGES) {
      const markup = text(version, page);
      for (const tag of markup.match(/<script\b[^>]*>/g)) assert.match(tag, / src="\/assets\//);
      assert.doesNotMatch(markup, /<style\b|\sstyle=|\son\w+=|javascript:/i);
      assert.doesNotMatch(markup, /(?:href|src|action)="(?:https?:)?\/\//);
      assert.match(markup, /<link rel="icon" href="\/favicon\.svg" type="image\/svg\+xml">/);
    }
    for (const path of hashed(version)) {
      // The one address in scripts and pictures is the name of SVG itself, which is never fetched.
      assert.doesNotMatch(
        text(version, path).replaceAll("http://www.w3.org/2000/svg", ""),
        /https?:\/\/|url\(\s*["']?\/\/|@import|\beval\(|new Function/,
      );
    }
  }
});

test("the front pages draw the share and name the rules of the demo's config", async () => {
  const { demo } = JSON.parse(await read("halftone.json")).sites;
  const share = demo.rollout.steps[demo.rollout.step - 1];
  for (const version of VERSIONS) {
    const front = text(version, "index.html");
    assert.equal(`${/<span data-share>(\d+)<\/span>/.exec(front)[1]}%`, share);
    for (const [query, value, name] of RULES) {
      assert.ok(front.includes(`href="/?${query}=${value}"`));
      const rule = demo.rules.find((candidate) => candidate.name === name);
      assert.ok(rule, `halftone.json has no rule ${name}`);
      const conditions = rule.when.any ?? [rule.when];
      assert.ok(
        conditions.some((condition) => condition.query?.[query] === value),
        `the rule ${name} does not look at ?${query}=${value}`,
      );
    }
  }
});

test("the pages have a sentence for every reason a document can have", async () => {
  const source = await read("src/assign.rs");
  const words = [...source.matchAll(/Self::\w+ => "(\w+)"/g)].map((match) => match[1]);
  // These two are said of files that a page loads, never of a page.
  const ofDocuments = words.filter((word) => word !== "page" && word !== "skew");
  assert.ok(ofDocuments.length >= 8, "the words of `Why` were not found");
  for (const word of ofDocuments) assert.ok(REASONS[word], `www/demo/script/status.mjs has no sentence for ${word}`);
});

test("in the pictures a growing share takes dots in and lets none out", () => {
  const all = Array.from({ length: 1000 }, (_, dot) => dot);
  const canaries = (percent) => all.filter((dot) => isCanary(dot, percent));
  assert.deepEqual(canaries(0), []);
  assert.deepEqual(canaries(100), all);
  for (let percent = 1; percent <= 100; percent += 1) {
    const now = new Set(canaries(percent));
    assert.ok(canaries(percent - 1).every((dot) => now.has(dot)));
    // Within four standard deviations of the share, for a thousand dots at even odds.
    assert.ok(Math.abs(now.size - percent * 10) < 64, `${now.size} of 1000 at ${percent} %`);
  }
});

test("the dot that is you has the colour of the version you look at", () => {
  for (const version of VERSIONS) assert.equal(dots(version, 50).you.version, version);
});

test("the sources of the demo are not uploaded with the builds", async () => {
  assert.match(await read("www/.assetsignore"), /^\/demo\/$/m);
});
