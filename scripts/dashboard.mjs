// Builds the dashboard: `node scripts/dashboard.mjs OUT GLUE` bundles www/dashboard into packed files in the folder OUT, which the Worker
// hands out as they are on the admin hostname alone, and says what a browser has to fetch for it. More than the limit is a
// failure. The editor is fetched only by who edits, so it is told apart; in GLUE is its checker, and what that is called through.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve as resolvePath } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIMIT_BYTES = 150_000;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const FROM = join(ROOT, "www/dashboard");
const PACKAGES = ["preact", "htm", "uplot", "@codemirror/view", "@codemirror/merge"];

const [out, glue] = argv.slice(2);
if (!out || !glue) {
  console.error(
    "usage: node scripts/dashboard.mjs OUT GLUE: the folder to write to, such as build, and the folder of the checker",
  );
  exit(2);
}

const { resolve } = createRequire(import.meta.url);
function missing() {
  return PACKAGES.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}

async function bundled(entry) {
  const bundle = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(FROM, entry)],
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    external: ["/dashboard/editor.js"],
    alias: { "halftone-checker-glue": resolvePath(glue, "halftone.js") },
    logLevel: "warning",
  });
  return bundle.outputFiles[0].text;
}

const files = {
  "dashboard-page.bin": readFileSync(join(FROM, "index.html"), "utf8"),
  "dashboard-icon.bin": readFileSync(join(FROM, "icon.svg"), "utf8"),
  "dashboard-style.bin": await bundled("app.css"),
  "dashboard-app.bin": "",
};
let editor = "";

// A site is served without its dashboard rather than not at all.
const without = missing();
if (without.length > 0) {
  const words = `This build is without its dashboard: the packages ${without.join(", ")} are missing. Run scripts/setup.sh, then build again.`;
  console.log(`build: ${words}`);
  files["dashboard-app.bin"] = `document.body.textContent = ${JSON.stringify(words)};\n`;
} else {
  files["dashboard-app.bin"] = await bundled("app.mjs");
  editor = await bundled("editor/main.mjs");
}

/** Packed once, here, and not for each who asks. Gives the bytes. */
function pack(name, content) {
  const packed = gzipSync(content, { level: 9 });
  writeFileSync(join(out, name), packed);
  return packed.length;
}

let total = 0;
for (const [name, text] of Object.entries(files)) total += pack(name, text);
const rest = pack("dashboard-editor.bin", editor) + pack("dashboard-checker.bin", readFileSync(join(glue, "index_bg.wasm")));
console.log(
  `size: ${out}/dashboard-*.bin ${total} bytes gzip -9, at most ${LIMIT_BYTES}; editor and checker ${rest}, for who edits`,
);
if (total > LIMIT_BYTES) {
  console.error(
    `halftone: the dashboard is ${total - LIMIT_BYTES} bytes more than it should be; its parts are in www/dashboard.`,
  );
  exit(1);
}
