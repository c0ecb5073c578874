// The types that are offered with the page script: they compile, they refuse what the script refuses, and they name what it has.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { ROOT, requirePackage } from "../e2e/worker.mjs";
import { buildScript } from "./page-site.mjs";

const TYPES = join(ROOT, "www/page/halftone.d.ts");

/** All that the documentation says a page may do. */
const USES = `
  halftone.goal("signup");
  window.halftone.goal("signup");
  const version: string | undefined = halftone.version;
  addEventListener("halftone:recall", (event) => {
    const rolledBack: string = event.detail.version;
    event.preventDefault();
    console.log(version, rolledBack);
  });
`;

/** What is not to compile, and the error that says so. */
const MISUSES = {
  "halftone.goal(5);": "TS2345",
  "halftone.goal();": "TS2554",
  'halftone.version = "v3";': "TS2540",
  'halftone.gaol("signup");': "TS2339",
  'addEventListener("halftone:recall", (event) => event.detail.revision);': "TS2339",
};

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "halftone-types-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of a text beside the types. */
function compiled(text) {
  const sample = join(folder, "sample.ts");
  writeFileSync(sample, `${text}\nexport {};\n`);
  const options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--types", "", "--pretty", "false"];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, requirePackage("typescript"), "bin/tsc"), ...options, TYPES, sample],
    { encoding: "utf8", cwd: folder },
  );
  return { status, said: stdout + stderr };
}

test("what a page may do compiles", () => {
  const { status, said } = compiled(USES);
  assert.equal(said, "");
  assert.equal(status, 0);
});

for (const [text, code] of Object.entries(MISUSES)) {
  test(`${text} does not compile`, () => {
    const { said } = compiled(text);
    assert.ok(said.includes(`error ${code}:`), said);
  });
}

test("the types name what the built script offers, and nothing else", () => {
  const declared = /interface Halftone \{([\s\S]*?)\n\}/.exec(readFileSync(TYPES, "utf8"))[1].replace(/\/\*[\s\S]*?\*\//g, "");
  const names = [...declared.matchAll(/^\s*(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name);
  // Enough of a browser for the script to begin: a frame, in which it offers its API and does nothing else.
  const page = {
    addEventListener() {},
    top: {},
    document: { currentScript: null },
    location: { protocol: "https:" },
    navigator: {},
  };
  page.window = Object.assign(page, { performance: { getEntriesByType: () => [] }, fetch() {}, history: {}, URL });
  runInNewContext(buildScript().script, page);
  assert.deepEqual(Object.keys(page.halftone).sort(), names.sort());
  assert.equal(typeof page.halftone.goal, "function");
});
