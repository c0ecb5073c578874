// Builds the page script: `node scripts/page.mjs OUT` bundles www/page with the package web-vitals into the file OUT, and says
// what a visitor's browser has to fetch for it. More than the limit is a failure: every page of a site carries this.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const LIMIT_BYTES = 5120;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const VITALS = join(ROOT, "node_modules/web-vitals");

const [out] = argv.slice(2);
if (!out) {
  console.error("usage: node scripts/page.mjs OUT, the file to write, such as build/page.js");
  exit(2);
}

/**
 * web-vitals from its single modules and without its experimental soft navigations, which are off unless asked for: the one
 * module that asks whether they are on is replaced by its answer, and what hangs on that falls away. Saves a third of a kilobyte.
 */
const withoutSoftNavigations = {
  name: "without-soft-navigations",
  setup({ onResolve, onLoad, onEnd }) {
    let replaced = false;
    onResolve({ filter: /^web-vitals$/ }, () => ({ path: join(VITALS, "dist/modules/index.js"), sideEffects: false }));
    onLoad({ filter: /web-vitals[\\/]dist[\\/]modules[\\/]lib[\\/]softNavs\.js$/ }, () => {
      replaced = true;
      return { contents: "export const checkSoftNavsEnabled = () => false; export const storeSoftNavEntry = () => {};" };
    });
    onEnd(() => (replaced ? undefined : { errors: [{ text: "web-vitals has no dist/modules/lib/softNavs.js any more" }] }));
  },
};

const bundle = await build({
  absWorkingDir: ROOT,
  entryPoints: ["www/page/page.mjs"],
  write: false,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  // Fields of classes are younger than ES2020, but every browser that knows it and reports paints has them.
  supported: { "class-field": true },
  // Names web-vitals keeps to itself.
  mangleProps: /^_[a-z]/,
  legalComments: "none",
  charset: "utf8",
  plugins: [withoutSoftNavigations],
  logLevel: "warning",
});
const { code } = await minify(bundle.outputFiles[0].text, { ecma: 2020, compress: { passes: 3, unsafe_arrows: true } });
const { version, license } = JSON.parse(readFileSync(join(VITALS, "package.json"), "utf8"));
writeFileSync(out, `/* Halftone, MIT; holds web-vitals ${version}, Google LLC, ${license} */\n${code}\n`);

const size = brotliCompressSync(readFileSync(out)).length;
console.log(`size: ${out} ${size} bytes brotli, at most ${LIMIT_BYTES}`);
if (size > LIMIT_BYTES) {
  console.error(
    `halftone: the page script is ${size - LIMIT_BYTES} bytes more than a page should carry; its parts are in www/page.`,
  );
  exit(1);
}
