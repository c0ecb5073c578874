// Measures what feedback costs: beacons taken to disk, against objects written by hand in JavaScript, and pages that are told
// to report, against the same Worker without feedback.
//
//   node tests/bench/feedback.mjs       about five minutes
//     --quick                           a minute, for a first look
//     --json FILE                       the figures, as JSON too
//     --skip-build                      ours as it was built last time
//
// Processes, cores and rounds are those of run.mjs, and what is said there of noise holds here. Objects keep their rows on this
// machine's disk. All objects of a process share its one thread, where the platform gives each its own: that four cost what one
// costs is what can be seen here, not what four can take. Nothing here fails because of a time.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { OF_A_PAGE } from "./beacons.mjs";
import { build } from "./build.mjs";
import { canPin, Load } from "./bursts.mjs";
import { measureFolding, measureIntake, sampled } from "./intake.mjs";
import { measurePages } from "./pages.mjs";
import { diskTable, foldingLine, intakeTable, pageTable } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    "skip-build": { type: "boolean", default: false },
  },
});
/** Pages to warm up with, how long bursts and measurements take, and how often so many old pages are folded. */
const SIZES = options.quick
  ? { warm: 500, burstMs: 300, measureMs: 12_000, folds: 2, folded: 2000 }
  : { warm: 3000, burstMs: 1000, measureMs: 110_000, folds: 5, folded: 4000 };
/** Pages are answered before they are noted, so their bursts are short: what waits does not pile up. */
const PAGE_SIZES = { ...SIZES, burstMs: 150, measureMs: options.quick ? 10_000 : 100_000 };

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** The same Worker with one object or four, without its script put into pages, and without feedback. */
function builds() {
  const made = (name, feedback) => build(name, feedback, options["skip-build"]);
  return {
    one: made("bench-feedback", { enabled: true, shards: 1 }),
    four: made("bench-feedback-4", { enabled: true, shards: 4 }),
    bare: made("bench-feedback-bare", { enabled: true, shards: 1, inject: false }),
    off: made("bench", {}),
  };
}

async function main() {
  const pinned = canPin();
  if (!pinned) say("bench: this machine can not pin processes to two cores; the figures will stray more.");
  say("bench: building ours, four times");
  const ours = builds();
  const load = new Load(pinned);
  try {
    const found = await sampled(ours.one, pinned);
    say("bench: beacons");
    const intake = await measureIntake({ load, pinned, sizes: SIZES, ours, found, say });
    say("bench: what is done with page views later");
    const folding = await measureFolding({ load, pinned, sizes: SIZES, ours, found });
    say("bench: pages");
    const pages = await measurePages({ load, pinned, sizes: PAGE_SIZES, ours, say });
    report({ ...intake, folding, pages }, pinned);
  } finally {
    load.stop();
  }
}

function report(figures, pinned) {
  const { kinds, disk, folding, pages } = figures;
  const lines = [
    `${cpus()[0].model}, node ${process.version}, ${pinned ? "Worker on core 0, load on core 1" : "not pinned"}.`,
    "Medians, with (least … most) over the rounds. Differences are taken within a round.",
  ];
  for (const [kind, contenders] of Object.entries(kinds)) lines.push("", intakeTable(kind, contenders));
  lines.push("", diskTable(disk, OF_A_PAGE), "", foldingLine(folding));
  for (const [visit, contenders] of Object.entries(pages)) lines.push("", pageTable(visit, contenders));
  process.stdout.write(`${lines.join("\n")}\n`);
  if (options.json) {
    const machine = { cpu: cpus()[0].model, node: process.version, pinned };
    writeFileSync(options.json, `${JSON.stringify({ machine, ...figures }, null, 2)}\n`);
    say(`bench: figures in ${options.json}`);
  }
}

await main();
