// A Controller may end between any two things it writes. Whatever it decided stays decided, once; what is in force reaches the
// edge, and who is to be told is told, in order.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, mock, test } from "node:test";
import { Brittle, Broken, controllerOf, Disk } from "./brittle.mjs";
import { build, ORIGIN } from "./plain.mjs";
import { ROOT } from "./worker.mjs";

const SITE = "shop";
const HOOK = "https://hooks.example/all";
const config = {
  admin: { host: "admin.example" },
  sites: {
    [SITE]: {
      hosts: ["shop.example"],
      versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
      stable: "v1",
      rollout: { canary: "v2", steps: [{ weight: "5%", hold: "1h" }, "50%", "100%"] },
      webhooks: [{ url: HOOK }],
    },
  },
};
const out = join(ROOT, "tests/.work/crash");
const STORY = ["live", "pause", "resume", "advance", "roll_back"];
const TOLD = ["start", "pause", "resume", "advance", "roll_back"];

let Controller;
before(async () => {
  build("crash", config);
  ({ Controller } = await controllerOf(out));
  mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  mock.method(console, "log", () => {});
  mock.method(console, "error", () => {});
});

/** Lets everything that is under way come to its end. */
async function settled(ctx) {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
  await Promise.all(ctx.pending);
}

class Life {
  constructor(disk, at, breaksAfter) {
    this.ctx = new Brittle(disk, at, breaksAfter);
    globalThis.fetch = async (_, { headers, body }) => {
      this.ctx.tell({ id: headers["webhook-id"], kind: JSON.parse(body).type });
      return new Response(null, { status: 204 });
    };
    this.controller = new Controller(this.ctx, this.ctx.env);
  }

  async does(step) {
    if (step === "live") await this.controller.live(SITE);
    else await this.controller.ask(SITE, { by: "ann", why: "", command: { command: step } });
    await settled(this.ctx);
  }
}

const logOf = ({ database }) => {
  const isThere = database.prepare("SELECT name FROM sqlite_master WHERE name = 'log'").all().length > 0;
  return isThere
    ? database
        .prepare("SELECT entry FROM log ORDER BY seq")
        .all()
        .map(({ entry }) => entry)
    : [];
};
const kindsOf = (disk) => logOf(disk).flatMap((entry) => JSON.parse(entry).decisions.map(({ kind }) => kind));

/** The story with an end at the write of that number; gives whether it came to that. */
async function story(disk, at, breaksAfter) {
  let life;
  let hasBroken = false;
  const live = async (act) => {
    try {
      life ??= new Life(disk, hasBroken ? 0 : at, breaksAfter);
      await act(life);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      hasBroken = true;
      life = undefined;
    }
    // It may have broken in what nobody waits for, or have said so to nobody but the log.
    if (life?.ctx.isDead) [hasBroken, life] = [true, undefined];
    return life !== undefined;
  };
  for (const step of STORY) {
    mock.timers.tick(1000);
    // Whoever asked and got no answer looks whether it was done, and asks again if not.
    const isDone = () => kindsOf(disk).includes(step === "live" ? "start" : step);
    for (let tries = 0; tries < 3 && !isDone(); tries++) await live((life) => life.does(step));
  }
  // The alarm comes when it was set for, in this life or in another, until nothing is left to do.
  for (let alarms = 0; alarms < 10; alarms++) {
    mock.timers.tick(20_000);
    if (disk.alarm === null) await live((life) => life.does("live"));
    else {
      const { alarm } = disk;
      disk.alarm = null;
      const isAlive = await live(async (life) => {
        await life.controller.alarm();
        await settled(life.ctx);
      });
      // The platform rings again for an object that ended meanwhile.
      if (!isAlive) disk.alarm ??= alarm;
    }
  }
  return hasBroken;
}

test("an end between any two writes loses no decision, makes none twice, and all that follows from it is done", async () => {
  let ends = 0;
  const logs = [];
  for (const breaksAfter of [false, true]) {
    for (let at = 1; ; at++) {
      const disk = new Disk();
      const hasBroken = await story(disk, at, breaksAfter);
      const where = `at write ${at}, ${breaksAfter ? "after" : "before"} it was persisted`;
      assert.deepEqual(kindsOf(disk), TOLD, where);
      const { value: revision } = disk.database.prepare("SELECT value FROM helm WHERE name = 'revision'").get();
      const { value: live } = disk.database.prepare("SELECT value FROM helm WHERE name = 'live'").get();
      assert.equal(disk.kv.get(`live/${SITE}`), `${revision} live ${live}`, `what is in force was written down, ${where}`);
      const first = [...new Map(disk.told.map((message) => [message.id, message])).values()];
      assert.deepEqual(
        first.map(({ kind }) => kind),
        TOLD,
        `each was told, in order, ${where}`,
      );
      assert.equal(disk.database.prepare("SELECT count(*) AS n FROM outbox").get().n, 0, where);
      logs.push(logOf(disk).join("\n"));
      disk.database.close();
      if (!hasBroken) break;
      ends += 1;
    }
  }
  assert.ok(ends > 60, `${ends} ends were tried`);
  console.info(`${ends} ends between writes`);
  for (const [at, log] of [logs[0], logs.at(-1), logs[Math.floor(logs.length / 2)]].entries()) {
    const file = join(out, `log-${at}.jsonl`);
    writeFileSync(file, log);
    const said = execFileSync(join(ROOT, "target/release/halftone"), ["replay", file], { encoding: "utf8" });
    assert.match(said, /the same again, bit for bit/);
  }
});

for (const [what, alarm] of [
  ["that is gone", () => null],
  ["that never came", () => Date.now() - 120_000],
]) {
  test(`an alarm ${what} is set again by an object that the platform's clock wakes in a fresh isolate`, async () => {
    const disk = new Disk();
    await new Life(disk).does("live");
    assert.ok(disk.alarm > Date.now());
    disk.alarm = alarm();
    const { Controller: Fresh } = await controllerOf(out, what);
    const ctx = new Brittle(disk);
    await new Fresh(ctx, ctx.env).arm();
    assert.ok(disk.alarm > Date.now());
    disk.database.close();
  });
}
