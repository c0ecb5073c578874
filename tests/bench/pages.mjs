// Pages: what it costs that a page is told to report and noted, and that the script is put into it. The same Worker, built from
// configs that differ in their feedback alone; the CPU time of a page is that of its note on disk too.

import { join } from "node:path";
import { cookiesOf } from "./agree.mjs";
import { WORK } from "./build.mjs";
import { burst } from "./bursts.mjs";
import { firstAnswer, PASS_THROUGH, prepare, start } from "./contenders.mjs";
import { added, spread } from "./report.mjs";
import { Stored, until } from "./stored.mjs";
import { page, script } from "./visits.mjs";

const CONNECTIONS = 8;
export const OFF = "feedback off";
export const NOTED = "noted, not injected";
export const INJECTED = "noted and injected";
const PASS = "pass-through";

/** `ours`: builds without feedback, with it, and with it but no script put in. */
export async function measurePages({ load, pinned, sizes, ours, say }) {
  const workers = { [PASS]: PASS_THROUGH, [OFF]: ours.off, [NOTED]: ours.bare, [INJECTED]: ours.one };
  const contenders = [];
  try {
    for (const [name, worker] of Object.entries(workers)) {
      const folder = join(WORK, "bench-workers", name);
      const running = await start(name, prepare(folder, worker), pinned);
      contenders.push({ name, folder, running, isNoted: name === NOTED || name === INJECTED });
      await running.within(firstAnswer(running.port, script(0, "")));
    }
    const [one, other] = contenders.slice(1).map(({ running }) => running.port);
    const cookies = await cookiesOf(one, other);
    const visits = {
      "returning visitor": cookies.map((cookie, n) => page(n, cookie)),
      "new visitor": cookies.map((_, n) => page(n, "")),
    };
    for (const [learn, requests] of Object.entries(visits)) await load.run({ learn, requests });
    for (const contender of contenders) {
      for (const visit of Object.keys(visits)) await settledBurst(load, contender, visit, sizes.warm);
    }
    const slowest = contenders[contenders.length - 1];
    const rate = (await settledBurst(load, slowest, "returning visitor", sizes.warm)).perSecond;
    const count = Math.max(200, Math.round((rate * sizes.burstMs) / 1000));
    const cells = Object.fromEntries(
      Object.keys(visits).map((visit) => [visit, Object.fromEntries(contenders.map(({ name }) => [name, []]))]),
    );
    const end = Date.now() + sizes.measureMs;
    for (let round = 0; round < 3 || Date.now() < end; round++) {
      for (const visit of Object.keys(visits)) {
        for (let turn = 0; turn < contenders.length; turn++) {
          const contender = contenders[(turn + round) % contenders.length];
          cells[visit][contender.name].push(await settledBurst(load, contender, visit, count));
        }
      }
      if (round % 10 === 9) say(`bench: ${round + 1} rounds, ${Math.max(0, Math.round((end - Date.now()) / 1000))} s to go`);
    }
    for (const { running } of contenders) running.mustBeQuiet();
    return Object.fromEntries(Object.entries(cells).map(([visit, rounds]) => [visit, figures(rounds)]));
  } finally {
    for (const { running } of contenders) await running.stop();
  }
}

/** A burst, over when every page of it is noted on disk. */
async function settledBurst(load, { name, folder, running, isNoted }, visit, count) {
  const task = { visit, count, connections: CONNECTIONS };
  if (!isNoted) return await burst(load, running, task);
  const first = Date.now().toString(36).padStart(8, "0");
  const settled = async () => {
    let stored;
    const isSettled = () => {
      if (!stored?.objects) stored = new Stored(folder, "Intake");
      return stored.count("pages", `page >= '${first}'`) >= count;
    };
    try {
      await until(isSettled, `${name}: of ${count} pages of a ${visit} not all were noted`);
    } finally {
      stored?.close();
    }
  };
  return await burst(load, running, { ...task, settled });
}

function figures(cells) {
  const named = Object.entries(cells).map(([name, rounds]) => {
    const figure = Object.fromEntries(
      ["perSecond", "p50", "p99", "cpu"].map((key) => [key, spread(rounds.map((cell) => cell[key]))]),
    );
    return [name, name === OFF ? figure : { ...figure, added: added(rounds, cells[OFF], "cpu") }];
  });
  return Object.fromEntries(named);
}
