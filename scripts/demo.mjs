// Builds the demo site's two versions from www/demo into www/v1 and www/v2, which are committed.
//
//   node scripts/demo.mjs [OUT]     OUT/v1 and OUT/v2 instead
//
// Reproducible: the same sources give the same bytes on every machine. Names in assets/ carry the hash of their content,
// so a file is made after those it names: pictures, then the lazy piece, then script and style, then pages. The hashes
// are made here and not by esbuild, whose eight letters may hold no digit and then look like a word.

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { draw, HEIGHT, WIDTH } from "../www/demo/plate.mjs";

const WWW = fileURLToPath(new URL("../www", import.meta.url));
const SOURCE = join(WWW, "demo");

/** The share that the front pages draw: where `halftone.json` stands as delivered. */
const SHARE = 50;

const VERSIONS = {
  v1: {
    number: "1",
    piece: "proofs",
    button: "Print the proofs",
    picture: "screen",
    hasPanel: false,
    missing: "Nothing printed here",
  },
  v2: { number: "2", piece: "ramp", button: "Bring the slider", picture: "lamps", hasPanel: true, missing: "No lamp here" },
};

/** Files that are the same in both versions and keep their names. */
const SHARED = ["favicon.svg", "robots.txt"];

/** The first ten digits of the content's digest, counted from where they mix letters and digits. */
function hash(content) {
  const digest = createHash("sha256").update(content).digest("hex");
  return /(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{10}/.exec(digest)[0];
}

/** Resolves imports of files that are already made to their hashed names, and leaves them out of the bundle. */
function already(made) {
  return {
    name: "already-made",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\// }, ({ path }) => {
        const name = made.get(path.slice(2));
        return name && { path: `./${name}`, external: true };
      });
    },
  };
}

async function bundle(entry, made) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome109", "firefox115", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    write: false,
    outdir: SOURCE,
    absWorkingDir: SOURCE,
    plugins: [already(made)],
  });
  return outputFiles[0].text;
}

/** The hashed files of a version: content by path, and hashed name by the name the sources use. */
async function assets(version) {
  const { piece, picture } = VERSIONS[version];
  const made = new Map();
  const files = new Map();
  const add = (source, stem, extension, content) => {
    const name = `${stem}-${hash(content)}.${extension}`;
    made.set(source, name);
    files.set(`assets/${name}`, content);
  };
  const { default: drawn } = await import(`../www/demo/${version}/${picture}.svg.mjs`);
  add(`${picture}.svg`, picture, "svg", drawn());
  add(`${piece}.mjs`, piece, "js", await bundle(`${version}/${piece}.mjs`, made));
  add("main.mjs", "main", "js", await bundle(`${version}/main.mjs`, made));
  add("main.css", "main", "css", await bundle(`${version}/main.css`, made));
  return { files, made };
}

const source = (path) => readFile(join(SOURCE, path), "utf8");

/** Fills `{{name}}` in, again and again, because what is filled in may hold names itself; `{{> how}}` is text/how.html. */
async function fill(template, values) {
  let text = template;
  for (const [, name] of text.matchAll(/\{\{> (\w+)\}\}/g)) {
    const included = await source(`text/${name}.html`);
    text = text.replace(`{{> ${name}}}`, () => included.trimEnd());
  }
  while (/\{\{/.test(text)) {
    text = text.replace(/\{\{([\w.]+)\}\}/g, (_, name) => {
      if (!(name in values)) throw new Error(`www/demo: {{${name}}} has no value`);
      return String(values[name]).trimEnd();
    });
  }
  return text;
}

async function pages(version, made) {
  const { number, button, hasPanel, missing } = VERSIONS[version];
  const layout = await source(`${version}/layout.html`);
  const text = await source("text/article.html");
  const wanted = [
    { file: "index.html", page: "index", title: "Which version is yours", content: await source(`${version}/index.html`) },
    { file: "about.html", page: "about", title: "About this site", content: text, text: await source("text/about.html") },
    { file: "docs/index.html", page: "docs", title: "Try it yourself", content: text, text: await source("text/guide.html") },
    { file: "404.html", page: "missing", title: missing, content: text, text: await source("text/missing.html") },
  ];
  const files = new Map();
  for (const { file, ...values } of wanted) {
    const on = Object.fromEntries(wanted.map(({ page }) => [`on.${page}`, page === values.page ? ' aria-current="page"' : ""]));
    const panel = values.page === "index" && hasPanel ? await source(`${version}/panel.html`) : "";
    const kind = values.page === "index" ? "index" : "text";
    const all = {
      ...values,
      kind,
      number,
      button,
      panel,
      share: SHARE,
      width: WIDTH,
      height: HEIGHT,
      plate: draw(version, SHARE),
    };
    const content = await fill(values.content, all);
    files.set(
      file,
      await fill(layout, { ...all, ...on, content, "main.js": made.get("main.mjs"), "main.css": made.get("main.css") }),
    );
  }
  return files;
}

/** Writes both builds below a folder, in place of those that were there. */
export async function buildDemo(out) {
  for (const version of Object.keys(VERSIONS)) {
    const { files, made } = await assets(version);
    for (const [file, content] of await pages(version, made)) files.set(file, content);
    for (const file of SHARED) files.set(file, await source(file));
    await rm(join(out, version), { recursive: true, force: true });
    for (const [file, content] of files) {
      const path = join(out, version, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = resolve(process.argv[2] ?? WWW);
  await buildDemo(out);
  console.log(`demo: wrote v1 and v2 below ${process.argv[2] ?? "www"}`);
}
