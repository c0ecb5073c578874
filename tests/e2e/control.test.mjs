// What people and evidence do to a rollout, on the real runtime: the admin API, the Controller, and when visitors notice.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { age, eventually, SLOW_MS, Visitor, visit } from "./population.mjs";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const OPERATOR = "operator-token-of-the-tests-0001";
const VIEWER = "viewer-token-of-the-tests-000002";
const hash = (token) => createHash("sha256").update(token).digest("hex");
const secrets = { HALFTONE_TOKENS: `ann:operator:${hash(OPERATOR)},ben:viewer:${hash(VIEWER)}` };

const page = (version) => `<!doctype html><html><head><title>${version}</title></head><body><p>${version}</p></body></html>`;
const folders = () => ({
  v1: writeBuild("control-v1", { "index.html": page("v1") }),
  v2: writeBuild("control-v2", { "index.html": page("v2") }),
});

function config(rollout, site = {}) {
  return {
    admin: { host: "admin.example" },
    sites: {
      shop: {
        versions: { v1: "assets:v1", v2: "assets:v2" },
        stable: "v1",
        rollout: { canary: "v2", ...rollout },
        feedback: { shards: 1 },
        ...site,
      },
    },
  };
}

class Admin {
  constructor(worker) {
    this.worker = worker;
  }

  async get(path, token = VIEWER) {
    return this.worker.fetch(`http://admin.example/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  }

  async post(path, body = {}, token = OPERATOR) {
    return this.worker.fetch(`http://admin.example/api/v1/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}` },
    });
  }

  async status() {
    return (await this.get("status")).json();
  }

  /** Does it, and says what was decided. */
  async does(path, body) {
    const answer = await this.post(path, body);
    const said = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(said));
    return said.decisions.map(({ kind, by, reason }) => `${kind} ${by}: ${reason}`);
  }

  /** Why it is not done. */
  async refuses(path, body, status = 409) {
    const answer = await this.post(path, body);
    assert.equal(answer.status, status);
    return (await answer.json()).error.code;
  }

  /** The whole log, as `halftone replay` takes it. */
  async log() {
    return (await this.get("decisions")).text();
  }
}

/** Goes through a log again with the native program. */
function replay(worker, log) {
  const file = join(worker.work, "log.jsonl");
  writeFileSync(file, log);
  return execFileSync(join(ROOT, "target/release/halftone"), ["replay", file], { encoding: "utf8", stdio: "pipe" });
}

/** Which versions newcomers get now. */
async function versions(worker, count = 24) {
  const seen = new Set();
  for (let n = 0; n < count; n++) {
    const visitor = new Visitor(worker);
    await (await visitor.open()).body?.cancel();
    seen.add(visitor.version);
  }
  return [...seen].sort();
}

/** Ten seconds after a decision the edge acts on it, and not later. */
const LAW_MS = 10_000;

/** Asks until newcomers get these versions; who asked ten seconds after the decision, which was just acknowledged, does. */
async function until(worker, wanted) {
  const decided = Date.now();
  for (;;) {
    const asked = Date.now();
    const seen = await versions(worker);
    if (seen.join(" ") === wanted.join(" ")) return;
    assert.ok(
      asked <= decided + LAW_MS,
      `${seen.join(" and ")} instead of ${wanted.join(" and ")}, ten seconds after the decision`,
    );
    await new Promise((done) => setTimeout(done, 100));
  }
}

describe("a person", () => {
  let worker;
  let admin;
  before(async () => {
    worker = await startWorker({
      name: "control",
      config: config({ steps: [{ weight: "50%", hold: "1h" }, "100%"] }),
      folders: folders(),
      secrets,
    });
    admin = new Admin(worker);
  });
  after(() => worker?.close());

  test("sees where the rollout stands", async () => {
    await versions(worker, 1);
    const status = await admin.status();
    assert.deepEqual(
      [status.site, status.stable, status.phase, status.rollout.canary, status.rollout.step, status.revision],
      ["shop", "v1", "ramping", "v2", 1, 1],
    );
    assert.deepEqual(
      status.verdicts.map(({ guard, says }) => `${guard} ${says}`),
      ["missing", "errors", "origin_failure", "poor_lcp", "poor_inp", "poor_cls"].map((guard) => `${guard} undecided`),
    );
  });

  test("who may only look changes nothing", async () => {
    const answer = await admin.post("rollback", {}, VIEWER);
    assert.deepEqual([answer.status, (await answer.json()).error.code], [403, "not_allowed"]);
    assert.equal((await admin.status()).phase, "ramping");
  });

  test("freezes it, and nothing goes forward until that is undone or gone over with a reason", async () => {
    const until_ms = Date.now() + 3_600_000;
    assert.deepEqual(await admin.does("freeze", { until_ms, why: "holidays" }), ["freeze ann: holidays"]);
    const { freeze, waiting } = await admin.status();
    assert.deepEqual([freeze.until_ms, freeze.why], [until_ms, "holidays"]);
    assert.ok(waiting.some((one) => one.for === "freeze" && one.why === "holidays"));
    assert.equal(await admin.refuses("advance"), "barred");
    assert.equal(await admin.refuses("advance", { override: true }, 400), "no_reason");
    await admin.does("unfreeze");
  });

  test("takes it a step further, and everybody new gets the canary", async () => {
    assert.deepEqual(await admin.does("advance", { why: "looks good" }), ["advance ann: looks good"]);
    await until(worker, ["v2"]);
    assert.equal(await admin.refuses("advance"), "last_step");
  });

  test("rolls it back: nobody gets the canary any more, not even who had it, and no preview of it opens", async () => {
    const had = new Visitor(worker);
    await had.open();
    assert.equal(had.version, "v2");
    assert.deepEqual(await admin.does("rollback", { why: "the shop is down" }), ["roll_back ann: the shop is down"]);
    await until(worker, ["v1"]);
    await had.open();
    assert.equal(had.version, "v1");
    const status = await admin.status();
    assert.deepEqual([status.phase, status.quarantine[0].version], ["rolled_back", "v2"]);
    const link = execFileSync(
      join(ROOT, "target/release/halftone"),
      ["preview", "v2", join(worker.work, "halftone.json"), "--url", worker.url.href],
      { encoding: "utf8", env: { ...process.env, HALFTONE_KEYS: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" } },
    ).trim();
    const opened = await worker.navigate(
      new URL(
        link
          .split("\n")
          .find((line) => line.includes("http"))
          .trim(),
      ),
    );
    assert.equal(opened.status, 403);
  });

  test("can not start it again until it is cleared, and then draws are fresh", async () => {
    assert.equal(await admin.refuses("retry"), "quarantined");
    assert.equal(await admin.refuses("clear", { version: "v7" }), "not_quarantined");
    await admin.does("clear", { version: "v2", why: "it was the weather" });
    await admin.does("retry");
    const status = await admin.status();
    assert.deepEqual([status.phase, status.rollout.attempt, status.rollout.step], ["ramping", 2, 1]);
    await until(worker, ["v1", "v2"]);
  });

  test("switches it off for everybody and on again", async () => {
    await admin.does("off");
    await until(worker, ["v1"]);
    const visitor = new Visitor(worker);
    const response = await visitor.open();
    assert.deepEqual([visitor.token, response.headers.getSetCookie()], [undefined, []], "nothing is written");
    await admin.does("on");
    await until(worker, ["v1", "v2"]);
  });

  test("promotes it, and undoes that by an earlier revision", async () => {
    await admin.does("promote", { why: "we are sure" });
    await until(worker, ["v2"]);
    assert.equal((await admin.status()).stable, "v2");
    assert.equal(await admin.refuses("pause"), "not_now");
    await admin.does("restore", { revision: 1 });
    await until(worker, ["v1"]);
  });

  test("can not publish what was forged, nor over a change that was not seen", async () => {
    const [offer] = JSON.parse(readFileSync(join(worker.work, "build/offers.json"), "utf8"));
    const { revision } = await admin.status();
    const stale = await admin.post("publish", { offer, parent: revision - 1 });
    assert.deepEqual([stale.status, (await stale.json()).error.code], [409, "stale"]);
    for (const forge of [
      (rollout) => (rollout.policy.false_rollback_bp = 0),
      (rollout) => (rollout.rungs[0].strata[0].odds[0].canary = 9999),
      (rollout) => (rollout.salt = "shop/rule/x"),
    ]) {
      const forged = structuredClone(offer);
      forge(forged.rollout);
      const answer = await admin.post("publish", { offer: forged, parent: revision });
      assert.deepEqual([answer.status, (await answer.json()).error.code], [422, "bad_config"]);
    }
    assert.equal((await admin.status()).revision, revision);
  });

  test("finds all of it in the history, and the log comes out the same again", async () => {
    const { revisions } = await (await admin.get("revisions")).json();
    assert.ok(revisions.length >= 8 && revisions.every(({ decisions }) => decisions.length > 0));
    assert.match(replay(worker, await admin.log()), /the same again, bit for bit/);
  });

  test("is told what is wrong with what was asked", async () => {
    for (const [path, body, code] of [
      ["restore", {}, "bad_body"],
      ["clear", { version: "" }, "bad_body"],
      ["promote", [], "bad_json"],
      ["promote", { wyh: "a slip" }, "bad_body"],
      ["promote", { why: "x".repeat(501) }, "bad_body"],
    ]) {
      const answer = await admin.post(path, body);
      assert.deepEqual([answer.status, (await answer.json()).error.code], [400, code], path);
    }
    assert.equal((await admin.get("promote")).status, 405);
  });
});

describe("the evidence", () => {
  let worker;
  let admin;
  before(async () => {
    worker = await startWorker({
      name: "control-evidence",
      config: config({ steps: [{ weight: "50%", hold: "1h" }, "100%"] }),
      folders: folders(),
      secrets,
    });
    admin = new Admin(worker);
  });
  after(() => worker?.close());

  test("rolls back a canary whose pages stay white, and says so", async () => {
    let pages = 0;
    for (;;) {
      const white = (visitor) => (visitor.version === "v2" ? [] : [{ e: "alive", at: 100 }]);
      pages += (await visit(worker, 40, white)).pages;
      await age(worker);
      const { phase } = await admin.status();
      if (phase !== "ramping" || pages > 800) break;
      await eventually(async () => (await admin.status()).verdicts?.[0].harm.log_e !== 0, "a look at the evidence");
    }
    const status = await eventually(async () => {
      const status = await admin.status();
      return status.phase === "rolled_back" ? status : null;
    }, "a rollback");
    assert.equal(status.quarantine[0].why, "missing is worse than its margin");
    await until(worker, ["v1"]);
    console.log(`rolled back after ${pages} page views`);
  });

  test("is in the log, which comes out the same again", async () => {
    const log = await admin.log();
    assert.match(log, /"kind":"roll_back","by":"evidence","code":"harm"/);
    assert.match(replay(worker, log), /the same again, bit for bit/);
  });
});

describe("a goal", () => {
  let worker;
  let admin;
  before(async () => {
    const off = Object.fromEntries(
      ["errors", "origin_failure", "poor_lcp", "poor_inp", "poor_cls"].map((guard) => [guard, false]),
    );
    worker = await startWorker({
      name: "control-goal",
      config: config({
        steps: [{ weight: "50%", hold: "0s", least_visitors: 20 }, "100%"],
        // So wide that some dozen pages show it.
        guards: { ...off, missing: { limit: "60%" } },
        optimise: { goal: "signup", every: "10m" },
      }),
      folders: folders(),
      secrets,
      // Built with a clock of the Controller that a test can set forward.
      features: "fault-injection",
    });
    admin = new Admin(worker);
  });
  after(() => worker?.close());

  const PERIOD_MS = 660_000;
  const alive = () => [{ e: "alive", at: 100 }];
  /** Of so many visitors of each version this many meet the goal, spread evenly over them. */
  const meeting = (shares) => {
    const seen = {};
    return ({ version }) => {
      seen[version] = (seen[version] ?? 0) + 1;
      const [met, of] = shares[version];
      const meets = Math.floor((seen[version] * met) / of) > Math.floor(((seen[version] - 1) * met) / of);
      return meets ? [...alive(), { e: "goal", name: "signup" }] : alive();
    };
  };

  /** Waits until newcomers are drawn by a revision. */
  const arrives = (revision) =>
    eventually(async () => {
      const response = await new Visitor(worker).open();
      await response.body?.cancel();
      return response.headers.get("halftone").includes(`revision=${revision}`);
    }, `revision ${revision} at the edge`);

  /** Visitors of this period, all of them counted. */
  async function counted(count, behave) {
    const { rollout } = await admin.status();
    await visit(worker, count, behave);
    await age(worker, SLOW_MS);
    await eventually(async () => {
      // A note wakes the object: a robot's page, which is counted apart.
      await (await worker.navigate("/", { headers: { "user-agent": "Googlebot/2.1" } })).body?.cancel();
      const { cells } = await (await admin.get("tallies")).json();
      const here = cells.filter(({ place, step }) => place.startsWith("period-") && step === rollout.step);
      return here.reduce((sum, { counts }) => sum + (counts.slow_trials ?? 0), 0) >= count;
    }, `${count} visitors of step ${rollout.step} in the tallies`);
  }

  /**
   * The Controller looks on a clock that is so far ahead, when pages have reported as ever; gives where things stand once that is as
   * `is` says. A report that was still on its way sets the clock right, so it is set each time.
   */
  async function looksAhead(ms, is, what) {
    const [id] = await worker.objects("CONTROLLER");
    const helm = await worker.storage("CONTROLLER", id);
    const [{ name }] = await helm.exec("SELECT name FROM helm WHERE name LIKE 'newest %'");
    return eventually(async () => {
      const status = await admin.status();
      if (is(status)) return status;
      await helm.exec(`UPDATE helm SET value = '${Date.now() + ms}\nclock ${ms}' WHERE name = '${name}'`);
      return null;
    }, what);
  }

  const weight = ({ optimise }) => Number(optimise.weight.replace("%", ""));

  test("says who gets how much once every guard is safe, and nobody is promoted or moved for that", async () => {
    let pages = 0;
    while (!(await admin.status()).optimise?.period && pages < 800) {
      pages += (await visit(worker, 40, alive)).pages;
      await age(worker, SLOW_MS);
      await eventually(async () => (await admin.status()).verdicts?.[0].safe.log_e !== 0, "a look at the evidence");
    }
    const { optimise, phase, stable, rollout, verdicts } = await admin.status();
    assert.deepEqual(
      [optimise.goal, optimise.weight, optimise.period, phase, stable, rollout.step],
      ["signup", "50%", true, "ramping", "v1", 3],
    );
    assert.deepEqual(
      verdicts.map(({ guard }) => guard),
      ["missing", "goal.signup"],
    );
    assert.deepEqual(await versions(worker), ["v1", "v2"]);
  });

  test("gives the version that looks better more when a period is over, and not before; nobody loses it for that", async () => {
    await arrives((await admin.status()).revision);
    const had = [];
    const meet = meeting({ v1: [1, 4], v2: [2, 5] });
    await counted(60, (visitor) => {
      if (visitor.version === "v2") had.push(visitor);
      return meet(visitor);
    });
    assert.equal((await admin.status()).rollout.step, 3, "ten minutes are not over");
    const status = await looksAhead(PERIOD_MS, ({ rollout }) => rollout.step === 4, "the next period");
    assert.ok(weight(status) > 50 && weight(status) < 99, status.optimise.weight);
    await arrives(status.revision);
    for (const visitor of had) {
      await (await visitor.open()).body?.cancel();
      assert.equal(visitor.version, "v2");
    }
  });

  test("promotes the version that is the best with all but one in a hundred, by the evidence of all its periods", async () => {
    await counted(80, meeting({ v1: [1, 10], v2: [8, 10] }));
    assert.equal((await admin.status()).phase, "ramping");
    const status = await looksAhead(2 * PERIOD_MS, ({ phase }) => phase === "promoted", "a promotion");
    assert.equal(status.stable, "v2");
    await until(worker, ["v2"]);
  });

  test("is in the log, which comes out the same again", async () => {
    const log = await admin.log();
    const decisions = log
      .split("\n")
      .filter(Boolean)
      .flatMap((line) => JSON.parse(line).entry.decisions);
    assert.deepEqual(
      decisions.filter(({ by }) => by === "evidence").map(({ kind, code, step }) => `${kind} ${code} ${step.join("-")}`),
      ["advance optimise 1-3", "advance optimise 3-4", "promote best 4-4"],
    );
    assert.match(replay(worker, log), /the same again, bit for bit/);
  });
});
