// Beacons: how many a second are taken to disk, what one costs, what its page view leaves on disk, and what is done with that
// later. Every page view is a new visitor's, which is the most work there is: a row and a draw, of ours and of the rival's.
//
// After it is measured each process is killed, and what is on its disk must be what it acknowledged, no more and no less;
// otherwise the bench ends there.

import { join } from "node:path";
import { forged, KINDS, requestsOf, samples } from "./beacons.mjs";
import { WORK } from "./build.mjs";
import { burst } from "./bursts.mjs";
import { firstAnswer, intakeByHand, prepare, start } from "./contenders.mjs";
import { added, spread } from "./report.mjs";
import { Stored, until } from "./stored.mjs";
import { ask, script } from "./visits.mjs";

const CONNECTIONS = 32;
/** A request that nothing is noted of. */
const UNNOTED = script(0, "");
/** Page views in one go. */
const FEW = 500;
/** Where rows are: of page views, while they are open, and of draws. Rows of networks are none of a page view's. */
const TABLES = ["pages", "draws"];
const OLD_MS = 6 * 60_000;

const folderOf = (name) => join(WORK, "bench-workers", name);

/** A real page of each version, from a process that does nothing else. */
export async function sampled(worker, pinned) {
  const running = await start("samples", prepare(folderOf("samples"), worker), pinned);
  try {
    await running.within(firstAnswer(running.port, UNNOTED));
    return await samples(running.port);
  } finally {
    await running.stop();
  }
}

/** One process that takes beacons, and how many page views it was told of. */
class Taker {
  told = 0;

  constructor(name, worker) {
    this.name = name;
    this.folder = folderOf(name);
    this.config = prepare(this.folder, worker);
    this.className = "PAGES" in worker.objects ? "Pages" : "Intake";
  }

  async start(pinned) {
    this.running = await start(this.name, this.config, pinned);
    await this.running.within(firstAnswer(this.running.port, UNNOTED));
    return this;
  }

  /** So many new page views send all that they send, kind by kind. */
  async hear(load, found, count) {
    const cells = {};
    for (const [kind, requests] of Object.entries(requestsOf(found, count))) {
      await load.run({ learn: kind, requests });
      cells[kind] = await burst(load, this.running, { visit: kind, count, connections: CONNECTIONS });
    }
    this.told += count;
    return cells;
  }

  /** The same for many, a few at a time: nobody is told of a page that is half a minute old. Gives the last few's cells. */
  async hearAll(load, found, count) {
    let cells;
    for (let left = count; left > 0; left -= FEW) cells = await this.hear(load, found, Math.min(left, FEW));
    return cells;
  }

  /** Kills the process and reads what is there: bytes by table, for each page view. */
  async kill() {
    this.running.mustBeQuiet();
    await this.running.stop();
    const stored = new Stored(this.folder, this.className, { writes: true });
    try {
      const [kept, whole] = [stored.count("draws"), stored.count("pages", "lcp IS NOT NULL AND bits & 1")];
      const open = stored.count("pages");
      if (kept !== this.told || whole !== open) {
        const found = `${kept} page views on disk, ${whole} of the ${open} open ones whole`;
        throw new Error(`${this.name} acknowledged what ${this.told} page views sent: ${found}.`);
      }
      const of = (table) => stored.bytes(table) / stored.count(table);
      const bytes = Object.fromEntries(TABLES.map((table) => [table, of(table)]));
      // The rival's page views stay where they are.
      return { objects: stored.objects, bytes, later: this.className === "Pages" ? null : bytes.draws };
    } finally {
      stored.close();
    }
  }
}

/** Bursts of all contenders in turn. `ours`: one build with one object, one with four. */
export async function measureIntake({ load, pinned, sizes, ours, found, say }) {
  const takers = [
    new Taker("Halftone, 1 object", ours.one),
    new Taker("Halftone, 4 objects", ours.four),
    new Taker("JavaScript, 1 object", intakeByHand(1)),
    new Taker("JavaScript, 4 objects", intakeByHand(4)),
    new Taker("JavaScript, 1 object, again", intakeByHand(1)),
  ];
  const cells = Object.fromEntries(
    Object.keys(KINDS).map((kind) => [kind, Object.fromEntries(takers.map(({ name }) => [name, []]))]),
  );
  try {
    for (const taker of takers) {
      await taker.start(pinned);
      await ask(taker.running.port, forged(found));
      await taker.hearAll(load, found, sizes.warm);
    }
    const rate = (await takers[0].hearAll(load, found, sizes.warm))["first paint"].perSecond;
    const count = Math.max(100, Math.round((rate * sizes.burstMs) / 1000));
    const end = Date.now() + sizes.measureMs;
    for (let round = 0; round < 3 || Date.now() < end; round++) {
      for (let turn = 0; turn < takers.length; turn++) {
        const taker = takers[(turn + round) % takers.length];
        for (const [kind, cell] of Object.entries(await taker.hear(load, found, count))) cells[kind][taker.name].push(cell);
      }
      if (round % 5 === 4) say(`bench: ${round + 1} rounds, ${Math.max(0, Math.round((end - Date.now()) / 1000))} s to go`);
    }
    say("bench: killing the processes and counting what is on disk");
    const disk = {};
    for (const taker of takers.slice(0, 4)) {
      disk[taker.name] = await taker.kill();
    }
    return { kinds: figures(cells), disk };
  } finally {
    for (const { running } of takers) await running?.stop();
  }
}

function figures(cells) {
  const of = (kind, contenders) =>
    Object.fromEntries(
      Object.entries(contenders).map(([name, rounds]) => {
        const all = rounds.map((cell) => ({ ...cell, beacons: cell.perSecond * KINDS[kind], each: cell.cpu / KINDS[kind] }));
        const base = contenders[`JavaScript, ${name.includes("4 objects") ? "4 objects" : "1 object"}`];
        const names = ["beacons", "each", "p50", "p99", "cpu"];
        const figure = Object.fromEntries(names.map((name) => [name, spread(all.map((cell) => cell[name]))]));
        return [name, { ...figure, ...(rounds === base ? {} : { added: added(rounds, base, "cpu") }) }];
      }),
    );
  return Object.fromEntries(Object.entries(cells).map(([kind, contenders]) => [kind, of(kind, contenders)]));
}

const idAt = (ms) => ms.toString(36).padStart(8, "0");

/** CPU time for a page view once it is old: folded twice, told to the ledger, its row deleted. µs. */
export async function measureFolding({ load, pinned, sizes, ours, found }) {
  const taker = await new Taker("folding", ours.one).start(pinned);
  const each = [];
  try {
    for (let round = 0; round < sizes.folds; round++) {
      const { running, folder, className } = taker;
      await taker.hearAll(load, found, sizes.folded);
      const stored = new Stored(folder, className, { writes: true });
      try {
        const now = Date.now();
        const older = (page) => idAt(Number.parseInt(page.slice(0, 8), 36) - OLD_MS) + page.slice(8);
        stored.change("UPDATE pages SET page = older(page)", { older });
        const before = running.cpuUs();
        // Whatever comes wakes the object within a second.
        await load.run({ learn: "wake", requests: requestsOf(found, 1)["first paint"] });
        await burst(load, running, { visit: "wake", count: 1, connections: 1 });
        const isDone = () => stored.count("pages", `page < '${idAt(now)}'`) + stored.count("cells", "n > told") === 0;
        await until(isDone, `the pages of ${taker.name} were not folded`);
        each.push((running.cpuUs() - before) / sizes.folded);
      } finally {
        stored.close();
      }
    }
    taker.running.mustBeQuiet();
    return spread(each);
  } finally {
    await taker.running.stop();
  }
}
