// The committed data files: that they are what the pinned packages make, and that the list of bots knows each crawler its
// package gives as an example. Reads files and runs the two generators; no Worker.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const fresh = mkdtempSync(join(tmpdir(), "halftone-data-"));
after(() => rmSync(fresh, { recursive: true, force: true }));

const FILES = {
  "src/config/territory.txt": "scripts/territories.mjs",
  "src/visitor/bots.txt": "scripts/bots.mjs",
};
for (const [file, script] of Object.entries(FILES)) {
  test(`${file} is what ${script} makes of the pinned packages`, () => {
    const made = join(fresh, "made.txt");
    execFileSync(process.execPath, [join(ROOT, script), made], { stdio: ["ignore", "ignore", "inherit"] });
    const [expected, committed] = [made, join(ROOT, file)].map((path) => readFileSync(path, "utf8").split("\n"));
    const line = expected.findIndex((text, at) => text !== committed[at]);
    const differs = line >= 0 || expected.length !== committed.length;
    const where =
      line >= 0 ? `line ${line + 1} is \`${committed[line]}\` and should be \`${expected[line]}\`` : "it has more lines";
    assert.ok(!differs, `${file}: ${where}. Run \`node ${script}\` and commit the file.`);
  });
}

/** Examples of the package that are browsers of people, so the list does not have them. */
const PEOPLE = {
  "AP3A\\.240617\\.008": "an Android 15 build of many phones, here in Instagram's browser",
  "Code\\/1\\.": "the browser inside Visual Studio Code",
  "MetaIAB Facebook": "the browser inside Facebook's app",
  "Trae\\/": "the browser inside the editor Trae",
  Fluid: "a macOS program that shows one site to its user",
};

test("every crawler the package gives as an example is on the list, except five that are browsers of people", () => {
  const literals = readFileSync(join(ROOT, "src/visitor/bots.txt"), "utf8").trimEnd().split("\n");
  const listed = (agent) => {
    const lower = agent.toLowerCase();
    return literals.some((text) => (text.startsWith("^") ? lower.startsWith(text.slice(1)) : lower.includes(text)));
  };
  const crawlers = createRequire(import.meta.url)("crawler-user-agents");
  const examples = crawlers.flatMap(({ pattern, instances }) => (instances ?? []).map((agent) => ({ pattern, agent })));
  assert.ok(examples.length > 2000, "the package has its examples");
  const missed = examples.filter(({ agent }) => !listed(agent)).map(({ pattern }) => pattern);
  assert.deepEqual([...new Set(missed)].sort(), Object.keys(PEOPLE).sort());
});
