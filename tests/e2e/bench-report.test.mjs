// What `make bench` prints, from figures that are made up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { added, spread, startLine, summary, visitTable } from "../bench/report.mjs";

const cells = (values) => values.map((value) => ({ perSecond: 10 * value, p50: value, p99: 2 * value, cpu: value }));

test("each figure of a visit has its least and its most, and so has what is added in the same round", () => {
  const [base, ours] = [cells([100, 110, 120]), cells([101, 115, 119])];
  const figures = (of) =>
    Object.fromEntries(["perSecond", "p50", "p99", "cpu"].map((key) => [key, spread(of.map((cell) => cell[key]))]));
  const more = Object.fromEntries(["cpu", "p50", "p99"].map((key) => [key, added(ours, base, key)]));
  const table = visitTable("asset", { "pass-through": figures(base), Halftone: { ...figures(ours), added: more } });
  const rows = table.split("\n").map((line) => line.trim().split(/ {3,}/));
  assert.deepEqual(rows[0].slice(1), [
    "requests/s",
    "p50 µs",
    "p99 µs",
    "CPU µs a request",
    "CPU µs added",
    "p50 µs added",
    "p99 µs added",
  ]);
  assert.deepEqual(rows[2].slice(0, 3), ["pass-through", "1100 (1000 … 1200)", "110 (100 … 120)"]);
  assert.deepEqual(rows[3].slice(1, 3), ["1150 (1010 … 1190)", "115 (101 … 119)"]);
  assert.deepEqual(rows[3].slice(5), ["+1.0 (-1.0 … +5.0)", "+1 (-1 … +5)", "+2 (-2 … +10)"]);
});

test("what a visit adds stands beside how far one Worker is from itself, and what the quietest bursts took", () => {
  const of = (values) => ({ cpu: spread(values) });
  assert.equal(
    summary(
      "asset",
      { ours: spread([1, 2, 3]), control: spread([-1, 0, 1]) },
      { Halftone: of([12, 11, 10]), JavaScript: of([9]) },
    ),
    "asset: Halftone adds +2.0 µs to what the JavaScript worker adds (+1.0 … +3.0); the same JavaScript worker twice differs by 0.0 µs (-1.0 … +1.0).\n" +
      "  Of the bursts of each a tenth took less than: Halftone 10.0, JavaScript 9.0 µs a request.",
  );
  assert.equal(spread(Array.from({ length: 20 }, (_, n) => 20 - n)).quiet, 3);
});

test("a cold start is measured against its aim", () => {
  const line = (values, files) => startLine({ ms: spread(values) }, { ms: spread(files) });
  assert.equal(
    line([4, 5.25, 9], [1, 2, 2.5]),
    "cold start: Halftone adds +5.3 (+4.0 … +9.0) ms to pass-through's, +2.0 (+1.0 … +2.5) of them for reading its files; the aim, at most 6 ms, is met.",
  );
  assert.match(line([6.1], [2]), /is missed\.$/);
});
