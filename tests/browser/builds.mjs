// Small sites as a bundler builds them, for tests: pages by name, scripts and styles by the hash of their content, one
// part of the script loaded only when it is asked for.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../e2e/worker.mjs";

/**
 * Builds a site into tests/.work/builds/FOLDER and gives that folder, for `folders` of a Worker.
 *
 * Every page says `data-version` on its root element, and again by its script in `data-script`, so that a mix shows. The
 * button loads a chunk; what it brings is in `#lazy`. `pages` are further pages: path to what stands in their body.
 * `script` is added to the entry, `head` to every page. With `hashed: false` all builds use the same names, which a real
 * site had better not do, and which shows every request that another version answers.
 */
export async function buildSite(folder, { version, pages = {}, script = "", head = "", hashed = true }) {
  const work = join(ROOT, "tests/.work/builds", folder);
  rmSync(work, { recursive: true, force: true });
  const source = (name, text) => write(join(work, "src", name), text);
  source("lazy.js", `export const words = "lazy part of ${version}";\n`);
  source("style.css", `html { --of: ${version}; } body { font-family: sans-serif; }\n`);
  source(
    "main.js",
    `import "./style.css";
     document.documentElement.dataset.script = "${version}";
     document.querySelector("#more").addEventListener("click", async () => {
       const { words } = await import("./lazy.js");
       document.querySelector("#lazy").textContent = words;
     });
     ${script}\n`,
  );
  const result = await build({
    absWorkingDir: work,
    entryPoints: ["src/main.js"],
    outdir: "out/assets",
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    metafile: true,
    entryNames: hashed ? "[name]-[hash]" : "[name]",
    chunkNames: hashed ? "[name]-[hash]" : "[name]",
    logLevel: "silent",
  });
  const made = Object.keys(result.metafile.outputs).map((path) => path.replace(/^out/, ""));
  const named = (start, end) => made.find((path) => path.startsWith(start) && path.endsWith(end));
  const links = `<link rel="stylesheet" href="${named("/assets/main", ".css")}">
    <script type="module" src="${named("/assets/main", ".js")}"></script>`;
  const shell = (body) => `<!doctype html>
<html lang="en" data-version="${version}">
  <head>
    <meta charset="utf-8">
    <title>${version}</title>
    <link rel="icon" href="data:,">
    ${links}
    ${head}
  </head>
  <body>
    <h1>Version ${version}</h1>
    <button id="more">More</button>
    <p id="lazy"></p>
    ${body}
  </body>
</html>
`;
  for (const [path, body] of Object.entries({
    "index.html": '<a href="/about">About</a>',
    "about.html": '<a href="/">Front page</a>',
    ...pages,
  })) {
    write(join(work, "out", path), shell(body));
  }
  return join(work, "out");
}

/** What the page on the screen is made of: the version of its document, its script and its style. */
export function madeOf(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    return [root.dataset.version, root.dataset.script, getComputedStyle(root).getPropertyValue("--of").trim()];
  });
}

/** Waits until the page's script has run. */
export async function settled(page) {
  await page.waitForFunction(() => document.documentElement.dataset.script !== undefined);
  return madeOf(page);
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
