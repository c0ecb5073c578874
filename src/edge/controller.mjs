// Controller: one object a site. It keeps the ledger of what the intake objects count, and the helm that this evidence
// moves. Rules are in the Wasm, this hands the storage over.

import { control } from "./control.mjs";
import { Helm } from "./helm.mjs";
import { migrate } from "./tables.mjs";

/** See `migrate`. The first step is what databases had before steps were counted, so it makes only what is not there. */
const STEPS = [
  [
    `CREATE TABLE IF NOT EXISTS totals (rollout TEXT NOT NULL, shard TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL,
      PRIMARY KEY (rollout, shard, key)) WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS networks (rollout TEXT NOT NULL, guard TEXT NOT NULL, network TEXT NOT NULL, taken INTEGER NOT NULL,
      canary INTEGER NOT NULL, PRIMARY KEY (rollout, guard, network)) WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS guards (rollout TEXT NOT NULL, guard TEXT NOT NULL, votes INTEGER NOT NULL,
      PRIMARY KEY (rollout, guard)) WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS shards (rollout TEXT NOT NULL, shard TEXT NOT NULL, last_vote INTEGER NOT NULL,
      PRIMARY KEY (rollout, shard)) WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS rollouts (rollout TEXT PRIMARY KEY, last INTEGER NOT NULL, folded INTEGER NOT NULL DEFAULT 0)
      WITHOUT ROWID`,
    "CREATE TABLE IF NOT EXISTS drops (reason TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS budget (day INTEGER PRIMARY KEY, beacons INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS helm (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, entry TEXT NOT NULL)",
    `CREATE TABLE IF NOT EXISTS revisions (revision INTEGER PRIMARY KEY, at INTEGER NOT NULL, decisions TEXT NOT NULL,
      standing TEXT NOT NULL)`,
  ],
  // Networks whose votes speak against the canary, by area.
  [
    `CREATE TABLE heard (rollout TEXT NOT NULL, guard TEXT NOT NULL, place TEXT NOT NULL, network TEXT NOT NULL,
      PRIMARY KEY (rollout, guard, place, network)) WITHOUT ROWID`,
  ],
  // What a revision gives to somebody: the ids of its versions.
  ["ALTER TABLE revisions ADD COLUMN gives TEXT"],
  // Points of charts, see `series.mjs`: as JSON, by the time they are of.
  ["CREATE TABLE points (at INTEGER PRIMARY KEY, point TEXT NOT NULL)"],
  // Texts of configs, by the revision that was in force after them.
  ["CREATE TABLE sources (revision INTEGER PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL)"],
];

/** Rollouts the ledger heard of before it wrote down when. */
const KNOWN = "INSERT INTO rollouts (rollout, last) SELECT DISTINCT rollout, ?1 FROM shards WHERE true ON CONFLICT DO NOTHING";
const HEARD = `INSERT INTO rollouts (rollout, last) VALUES (?1, ?2) ON CONFLICT (rollout) DO UPDATE SET last = excluded.last
  RETURNING folded`;
/** Objects have emptied themselves, so nobody asks any more which of them counted what. */
const FOLD = [
  `INSERT INTO totals (rollout, shard, key, n) SELECT rollout, '', key, sum(n) FROM totals WHERE rollout = ?1 AND shard <> ''
    GROUP BY rollout, key ON CONFLICT (rollout, shard, key) DO UPDATE SET n = n + excluded.n`,
  "DELETE FROM totals WHERE rollout = ?1 AND shard <> ''",
  "DELETE FROM shards WHERE rollout = ?1",
  "UPDATE rollouts SET folded = 1 WHERE rollout = ?1",
];

const DAY_MS = 86_400_000;
/** A rollout that draws nobody is over when no report has come for so long: pages are judged for five minutes. */
const OVER_MS = 3_600_000;
/** Of so many rollouts counts are kept, of the newest. */
const KEPT = 20;

export class Controller {
  #sql;
  #helm;

  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
    this.#sql = ctx.storage.sql;
    migrate(ctx.storage, STEPS);
    this.#sql.exec(KNOWN, Date.now());
    this.#helm = new Helm(ctx, env);
  }

  /** Takes a report of an intake object; gives the number of the last vote dealt with, and the goals that guards watch. */
  async merge(rollout, report) {
    try {
      await control.ready();
      const { goals } = this.#helm.counting();
      const last = this.ctx.storage.transactionSync(() => {
        const { folded } = this.#sql.exec(HEARD, rollout, Date.now()).one();
        // Of an object that was emptied long ago: its totals begin anew, and are in the sum already.
        return folded ? Number.MAX_SAFE_INTEGER : Number(control.merge(report, this.#sql, rollout));
      });
      await this.#helm.reported(rollout);
      return { last, goals: goals.join(",") };
    } catch (error) {
      control.failed(error, "a report could not be taken into the ledger; it is told again");
      throw error;
    }
  }

  /** Adds what an isolate dropped and took since it said so last: `{ bad_token: 3 }`. Gives today's beacons. */
  dropped(reasons, beacons) {
    for (const [reason, n] of Object.entries(reasons)) {
      this.#sql.exec(
        "INSERT INTO drops (reason, n) VALUES (?1, ?2) ON CONFLICT (reason) DO UPDATE SET n = n + excluded.n",
        reason,
        n,
      );
    }
    const day = Math.floor(Date.now() / DAY_MS);
    this.#sql.exec("DELETE FROM budget WHERE day < ?1", day);
    const sum =
      "INSERT INTO budget (day, beacons) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET beacons = beacons + excluded.beacons RETURNING beacons";
    return this.#sql.exec(sum, day, beacons).one().beacons;
  }

  /** All rows, as `beacon::tallies` reads them. */
  rows() {
    const lines = [];
    for (const row of this.#sql.exec("SELECT rollout, key, sum(n) FROM totals GROUP BY rollout, key").raw())
      lines.push(`count ${row.join(" ")}`);
    const networks = "SELECT rollout, guard, count(*), sum(canary > 0) FROM networks GROUP BY rollout, guard";
    for (const row of this.#sql.exec(networks).raw()) lines.push(`networks ${row.join(" ")}`);
    for (const row of this.#sql.exec("SELECT reason, n FROM drops").raw()) lines.push(`drop ${row.join(" ")}`);
    return lines.join("\n");
  }

  /** Rollouts and shards this ledger has heard of. */
  shards() {
    return this.#sql.exec("SELECT rollout, shard FROM shards").raw().toArray();
  }

  async alarm() {
    await this.#helm.alarm();
    try {
      await this.#tidy(Date.now());
    } catch (error) {
      control.failed(error, "what is over could not be tidied up; it is tried again");
      await this.ctx.storage.setAlarm(Date.now() + OVER_MS);
    }
  }

  /**
   * Lets go of what nobody needs when a rollout is over: at first its networks, then which object counted what, and in the end
   * the counts. Sees to it that this is looked at again.
   */
  async #tidy(now) {
    const { rollout: drawing, days } = this.#helm.counting();
    const later = [];
    const rows = this.#sql.exec("SELECT rollout, last, folded FROM rollouts ORDER BY last DESC").toArray();
    rows.forEach(({ rollout, last, folded }, place) => {
      if (rollout === drawing) return;
      const [over, emptied] = [last + OVER_MS, last + (days + 1) * DAY_MS];
      if (over > now) later.push(over);
      else
        for (const table of ["networks", "guards", "heard"]) this.#sql.exec(`DELETE FROM ${table} WHERE rollout = ?1`, rollout);
      if (folded && place >= KEPT)
        for (const table of ["totals", "rollouts"]) this.#sql.exec(`DELETE FROM ${table} WHERE rollout = ?1`, rollout);
      if (folded) return;
      if (emptied > now) later.push(emptied);
      else this.#fold(rollout);
    });
    const [set, next] = [await this.ctx.storage.getAlarm(), Math.min(...later)];
    if (later.length > 0 && (set === null || set > next)) await this.ctx.storage.setAlarm(next);
  }

  /** The counts of a rollout, whichever object they came from, become one of each. */
  #fold(rollout) {
    this.ctx.storage.transactionSync(() => {
      for (const statement of FOLD) this.#sql.exec(statement, rollout);
    });
  }

  async arm() {
    // Who asks may be in another isolate than this object, which has not needed the Wasm yet.
    await control.ready();
    await this.#helm.arm();
  }

  live(site) {
    return this.#helm.live(site);
  }

  ask(site, asked) {
    return this.#helm.ask(site, asked);
  }

  publish(site, config) {
    return this.#helm.publish(site, config);
  }

  status(site) {
    return this.#helm.status(site);
  }

  glance(site, after) {
    return this.#helm.glance(site, after);
  }

  source(site, revision) {
    return this.#helm.source(site, revision);
  }

  series(site, after) {
    return this.#helm.series(site, after);
  }

  log(after) {
    return this.#helm.log(after);
  }

  revisions(before) {
    return this.#helm.revisions(before);
  }

  config(site) {
    return this.#helm.config(site);
  }

  foresee(site, offer) {
    return this.#helm.foresee(site, offer);
  }

  compare(from, to) {
    return this.#helm.compare(from, to);
  }
}
