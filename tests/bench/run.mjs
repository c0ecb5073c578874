// Measures what a Worker of ours costs: against a pass-through worker, and against one written by hand in JavaScript.
//
//   node tests/bench/run.mjs            about three minutes
//     --quick                           half a minute, for a first look
//     --json FILE                       the figures, as JSON too
//     --skip-build                      ours as it was built last time
//
// Each contender is a workerd process of its own on the first core, with the same origin inside; the load comes from the
// second core. Short bursts of all contenders alternate, and what one adds over pass-through is taken within a round, so
// that a machine that gets slower for a while slows both. The JavaScript worker runs twice: how far its two processes are
// apart is what these figures can not tell. Nothing here fails because of a time.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { agree, cookiesOf } from "./agree.mjs";
import { build, WORK } from "./build.mjs";
import { burst, canPin, Load } from "./bursts.mjs";
import { firstAnswer, BY_HAND as JAVASCRIPT, PASS_THROUGH, prepare, start } from "./contenders.mjs";
import { added, spread, startLine, startTable, summary, visitTable } from "./report.mjs";
import { page, parts } from "./visits.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    "skip-build": { type: "boolean", default: false },
  },
});
const SIZES = options.quick
  ? { warm: 1500, burstMs: 60, measureMs: 12_000, starts: 5 }
  : { warm: 12_000, burstMs: 100, measureMs: 130_000, starts: 20 };
const CONNECTIONS = 8;
/** Requests that a young process is given: its code is not compiled for speed yet. */
const YOUNG = 1000;

const PASS = "pass-through";
const OURS = "Halftone";
/** Pass-through with every file of ours beside it, none of which it imports: what a process takes to read them. */
const WITH_FILES = "pass-through, our files";
const BY_HAND = ["JavaScript", "JavaScript again"];

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Time from a process's start to its first answer, ms; a refused connection is tried again at once. Then its youth. */
async function startTime(load, name, config, pinned) {
  const running = await start(name, config, pinned);
  try {
    const answer = await running.within(firstAnswer(running.port));
    const ms = Number(process.hrtime.bigint() - running.began) / 1e6;
    if (answer.status !== 200) throw new Error(`${name} answered ${answer.status} first`);
    const { cpu } = await burst(load, running, { visit: "returning visitor", count: YOUNG, connections: CONNECTIONS });
    return { ms, young: cpu };
  } finally {
    await running.stop();
  }
}

async function coldStarts(load, configs, pinned) {
  const times = Object.fromEntries(Object.keys(configs).map((name) => [name, []]));
  for (let round = 0; round < SIZES.starts; round++) {
    for (const [name, config] of Object.entries(configs)) {
      times[name].push(await startTime(load, name, config, pinned));
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, cells]) => {
      const [ms, young] = ["ms", "young"].map((figure) => spread(cells.map((cell) => cell[figure])));
      if (name === PASS) return [name, { ms, young }];
      return [name, { ms, young, added: { ms: added(cells, times[PASS], "ms"), young: added(cells, times[PASS], "young") } }];
    }),
  );
}

/** All bursts of all rounds: visit, contender, round. */
async function measure(load, contenders, visits) {
  for (const running of contenders) {
    for (const visit of visits) await burst(load, running, { visit, count: SIZES.warm, connections: CONNECTIONS });
  }
  const rate = (await burst(load, contenders[0], { visit: visits[0], count: SIZES.warm, connections: CONNECTIONS })).perSecond;
  const count = Math.max(200, Math.round((rate * SIZES.burstMs) / 1000));
  const cells = Object.fromEntries(visits.map((visit) => [visit, Object.fromEntries(contenders.map(({ name }) => [name, []]))]));
  const end = Date.now() + SIZES.measureMs;
  for (let round = 0; Date.now() < end; round++) {
    for (const visit of visits) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const running = contenders[(turn + round) % contenders.length];
        cells[visit][running.name].push(await burst(load, running, { visit, count, connections: CONNECTIONS }));
      }
    }
    if (round % 20 === 19) say(`bench: ${round + 1} rounds, ${Math.max(0, Math.round((end - Date.now()) / 1000))} s to go`);
  }
  return cells;
}

function figures(cells) {
  const base = cells[PASS];
  const contenders = {};
  for (const [name, rounds] of Object.entries(cells)) {
    contenders[name] = {};
    for (const figure of ["perSecond", "p50", "p99", "cpu"]) {
      contenders[name][figure] = spread(rounds.map((cell) => cell[figure]));
    }
    if (name === PASS) continue;
    contenders[name].added = {
      cpu: added(rounds, base, "cpu"),
      p50: added(rounds, base, "p50"),
      p99: added(rounds, base, "p99"),
    };
  }
  const [one, two] = BY_HAND.map((name) => cells[name]);
  const mean = one.map((cell, round) => ({ cpu: (cell.cpu + two[round].cpu) / 2 }));
  return { contenders, overJavaScript: { ours: added(cells[OURS], mean, "cpu"), control: added(two, one, "cpu") } };
}

/** As scripts/size.sh counts: node's own zlib packs a few percent worse. */
const gzipped = (files) => files.reduce((sum, file) => sum + execFileSync("gzip", ["-9c", file]).length, 0);

async function main() {
  const pinned = canPin();
  if (!pinned) say("bench: this machine can not pin processes to two cores; the figures will stray more.");
  say("bench: building ours");
  const workers = { [PASS]: PASS_THROUGH, [BY_HAND[0]]: JAVASCRIPT, [OURS]: build("bench", {}, options["skip-build"]) };
  const configs = {};
  for (const [name, worker] of Object.entries(workers)) configs[name] = prepare(join(WORK, "bench-workers", name), worker);

  const contenders = [];
  const load = new Load(pinned);
  try {
    const order = [PASS, BY_HAND[0], OURS, BY_HAND[1]];
    for (const name of order) contenders.push(await start(name, configs[name] ?? configs[BY_HAND[0]], pinned));
    for (const running of contenders) {
      await running.within(firstAnswer(running.port));
      running.mustBeQuiet();
    }
    const port = (name) => contenders.find((running) => running.name === name).port;
    say("bench: checking that the JavaScript worker and ours give the same answers");
    await agree(port(OURS), port(BY_HAND[0]));
    const cookies = await cookiesOf(port(OURS), port(BY_HAND[0]));

    say("bench: warming up and measuring");
    const visits = {
      "returning visitor": cookies.map((cookie, n) => page(n, cookie)),
      "new visitor": cookies.map((_, n) => page(n, "")),
      asset: cookies.flatMap((cookie, n) => parts(n, cookie)),
    };
    for (const [learn, requests] of Object.entries(visits)) await load.run({ learn, requests });
    const cells = await measure(load, contenders, Object.keys(visits));
    for (const running of contenders) await running.stop();
    say("bench: cold starts");
    const beside = { files: [...PASS_THROUGH.files, ...workers[OURS].files], objects: {} };
    const starts = await coldStarts(
      load,
      { ...configs, [WITH_FILES]: prepare(join(WORK, "bench-workers/files"), beside) },
      pinned,
    );
    report(cells, starts, workers, pinned);
  } finally {
    load.stop();
    for (const running of contenders) await running.stop();
  }
}

function report(cells, starts, workers, pinned) {
  const visits = Object.fromEntries(Object.entries(cells).map(([visit, rounds]) => [visit, figures(rounds)]));
  const bytes = Object.fromEntries(Object.entries(workers).map(([name, { files }]) => [name, gzipped(files.slice(0, 2))]));
  const rounds = cells.asset[PASS].length;
  const lines = [
    `${cpus()[0].model}, node ${process.version}, ${pinned ? "Worker on core 0, load on core 1" : "not pinned"}, ${CONNECTIONS} connections, ${rounds} rounds.`,
    "Medians, with (least … most) over the rounds. Added: over pass-through, round by round.",
  ];
  for (const [visit, { contenders }] of Object.entries(visits)) lines.push("", visitTable(visit, contenders));
  lines.push(
    "",
    startTable(starts, YOUNG),
    "",
    `Wasm and JavaScript that a visitor's request needs, gzip -9: Halftone ${bytes[OURS]} bytes, by hand ${bytes[BY_HAND[0]]} bytes.`,
    "",
  );
  for (const [visit, { overJavaScript, contenders }] of Object.entries(visits))
    lines.push(summary(visit, overJavaScript, contenders));
  lines.push(startLine(starts[OURS].added, starts[WITH_FILES].added));
  process.stdout.write(`${lines.join("\n")}\n`);
  if (options.json) {
    const machine = { cpu: cpus()[0].model, node: process.version, pinned, connections: CONNECTIONS };
    writeFileSync(options.json, `${JSON.stringify({ machine, visits, starts, bytes }, null, 2)}\n`);
    say(`bench: figures in ${options.json}`);
  }
}

await main();
