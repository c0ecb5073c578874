// Long work shows how far it is to who looks, and nothing of it to what reads.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { atTerminal, drawnBars } from "./terminal.mjs";
import { ROOT } from "./worker.mjs";

const HALFTONE = join(ROOT, "target/release/halftone");
/** What a terminal is told to do, and no text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u001b\r]/;

const KINDS = {
  "visitors that are drawn": ["simulate", "--visitors", "3000000"],
  "rollouts that are simulated": ["simulate", "--ramp", "--ramps", "30"],
};

for (const [what, words] of Object.entries(KINDS)) {
  describe(what, () => {
    test("have a bar at a terminal, which grows, says how long it will take, and is gone at the end", async () => {
      const text = await atTerminal([HALFTONE, ...words], { cwd: ROOT });
      const drawn = drawnBars(text);
      assert.ok(drawn.length >= 3, `${drawn.length} bars in:\n${text}`);
      assert.deepEqual(
        drawn,
        drawn.toSorted((a, b) => a - b),
      );
      assert.ok(drawn[0] < 0.5 && drawn.at(-1) > drawn[0] && drawn.at(-1) <= 1, String(drawn));
      assert.match(text, /, \d+[smh] left/);
      const table = text.slice(text.lastIndexOf("left"));
      // The line of the bar is cleared, and what came of it stands in its place.
      assert.match(table, CONTROL);
      assert.match(table, /seed 1/);
    });

    test("have none where something reads, and the answer alone on stdout", () => {
      const { status, stdout, stderr } = spawnSync(HALFTONE, [...words, "--json"], { cwd: ROOT, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout + stderr, CONTROL);
      assert.doesNotMatch(stderr, / left/);
      assert.equal(JSON.parse(stdout).seed, 1);
    });
  });
}
