// What charts make of the points of a course, and the words they have for it, without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { perMinute } from "../../www/dashboard/course.mjs";
import { droppedWords } from "../../www/dashboard/words.mjs";
import { ROOT } from "../e2e/worker.mjs";

const points = (...all) => all.map(([s, beacons]) => ({ at_ms: s * 1000, intake: { beacons } }));
const rates = (all) => perMinute(all, ({ beacons }) => beacons);

test("what comes in handfuls is told over a minute, or over as long as there is", () => {
  assert.deepEqual(rates(points([0, 0], [30, 10], [60, 30], [61, 90], [62, 90])), [null, 20, 30, (90 / 61) * 60, (90 / 62) * 60]);
  assert.deepEqual(rates(points([0, 0], [600, 100], [601, 100], [660, 130])), [null, 10, (100 / 601) * 60, 30]);
});

test("a count that begins anew at midnight is not less than nothing", () => {
  assert.deepEqual(rates(points([0, 500], [60, 620], [120, 40])), [null, 120, 40]);
});

test("every reason for which something is dropped is said in words", () => {
  const reasons = readFileSync(join(ROOT, "src/beacon/wire/refusal.rs"), "utf8").split("pub enum Drop")[1];
  const names = [...reasons.matchAll(/Self::\w+ => "(\w+)"/g)].map(([, name]) => name);
  assert.ok(names.length >= 15);
  for (const name of [...names, "bad_type"]) assert.notEqual(droppedWords(name), "", name);
});
