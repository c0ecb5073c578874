// Intake: the object that keeps the page views of a share of the visitors in one rollout. Rows in SQLite, nothing in memory
// that could not be read again; what a row amounts to is decided by the Wasm once the row is old enough.
//
// Notes set bits and replace numbers, so they may come twice and in any order. All writes of one call are one transaction,
// and its answer is held back until they are on disk.

import { control } from "./control.mjs";
import { controllerOf } from "./objects.mjs";

/** Ages of pages in ms; those of `beacon::fold`. */
const FAST_MS = 30_000;
const SLOW_MS = 300_000;
const DRAIN_MS = 2000;

/** Not more often is told to the ledger, ms. */
const TICK_MS = 1000;
/** The ledger did not answer: it is asked again after this, ms. */
const RETRY_MS = 5000;
/** Rows that are folded in one go. */
const MOST_ROWS = 500;
/** Votes that are told in one go: a shard takes about a thousand requests a second, and few of them are a vote. */
const MOST_VOTES = 2000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A network has so many trials of a kind in an object, and beyond that so large a part of all, percent. */
const FREE_TRIALS = 50;
const MOST_PERCENT = 5;
/** Names that pages choose, and no guard watches, of goals and of reports each; all others are one. */
const MOST_NAMES = 50;
const OTHER = "other";
/** Goals that one page view may meet. */
const MOST_GOALS = 20;

const TRIAL = 128;
const OVER = 2048;
const FIRST = 32;
const FAILED = 16;
const PROVEN = 64;
const UNTESTED = 8;

const FACTS = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID";
/** Cells are long and few, so rows have their numbers. */
const TABLES = [
  "CREATE TABLE IF NOT EXISTS cell_names (cell_number INTEGER PRIMARY KEY, cell TEXT NOT NULL UNIQUE)",
  `CREATE TABLE IF NOT EXISTS pages (page TEXT PRIMARY KEY, visitor TEXT NOT NULL, cell_number INTEGER NOT NULL,
    network TEXT NOT NULL, bits INTEGER NOT NULL, ttfb INTEGER, fcp INTEGER, lcp INTEGER, inp INTEGER, cls INTEGER,
    errors INTEGER NOT NULL DEFAULT 0, soft INTEGER NOT NULL DEFAULT 0, goals TEXT NOT NULL DEFAULT '') WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS draws (visitor TEXT NOT NULL, cell_number INTEGER NOT NULL, page TEXT NOT NULL,
    voted INTEGER NOT NULL DEFAULT 0, goals TEXT NOT NULL DEFAULT '', PRIMARY KEY (visitor, cell_number)) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS cells (key TEXT PRIMARY KEY, n INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
  `CREATE TABLE IF NOT EXISTS votes (number INTEGER PRIMARY KEY AUTOINCREMENT, guard TEXT NOT NULL, cell TEXT NOT NULL,
    network TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS networks (kind INTEGER NOT NULL, network TEXT NOT NULL, trials INTEGER NOT NULL,
    PRIMARY KEY (kind, network)) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS names (kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
];
/** Its number stands in each object; the tables of an older one are made into this one's before anything else. */
const SCHEMA = 3;
const SINCE_1 = "ALTER TABLE draws ADD COLUMN goals TEXT NOT NULL DEFAULT ''";
const ASIDE_2 = ["ALTER TABLE pages RENAME TO pages_2", "ALTER TABLE draws RENAME TO draws_2"];
const SINCE_2 = [
  "INSERT INTO cell_names (cell) SELECT cell FROM pages_2 UNION SELECT cell FROM draws_2",
  `INSERT INTO pages SELECT page, visitor, cell_number, network, bits, ttfb, fcp, lcp, inp, cls, errors, soft, goals
    FROM pages_2 JOIN cell_names USING (cell)`,
  "INSERT INTO draws SELECT visitor, cell_number, page, voted, goals FROM draws_2 JOIN cell_names USING (cell)",
  "DROP TABLE pages_2",
  "DROP TABLE draws_2",
];

const OPEN = `INSERT INTO pages (page, visitor, cell_number, network, bits) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (page) DO UPDATE SET bits = bits | excluded.bits`;
const OPEN_WHOLE = `INSERT INTO pages
  (page, visitor, cell_number, network, bits, ttfb, fcp, lcp, inp, cls, errors, soft, goals)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING`;
const DRAW = "INSERT INTO draws (visitor, cell_number, page) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const TAKE = `INSERT INTO networks (kind, network, trials) VALUES (?1, ?2, 1)
  ON CONFLICT (kind, network) DO UPDATE SET trials = trials + 1 WHERE trials < ?3`;
const PROVE = `UPDATE pages SET bits = bits | 64
  WHERE page IN (SELECT page FROM draws WHERE visitor = ?1) AND page > ?2 AND bits & 64 = 0`;
const UNTEST = "UPDATE pages SET bits = bits | 8 WHERE page > ?2 AND visitor = ?1 AND bits & 8 = 0";
/** What a page says without a goal; a row is written where that is news, which bits alone may not be. */
const EVENT = `UPDATE pages SET bits = bits | ?3, ttfb = coalesce(?4, ttfb), fcp = coalesce(?5, fcp), lcp = coalesce(?6, lcp),
  inp = coalesce(?7, inp), cls = coalesce(?8, cls), errors = min(errors + ?9, 1000), soft = min(soft + ?10, 1000)
  WHERE page = ?1 AND visitor = ?2 AND (?11 OR bits | ?3 <> bits)`;
const GOALS_MET = "UPDATE pages SET goals = ?2 WHERE page = ?1";
const COUNT = "INSERT INTO cells (key, n) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET n = n + excluded.n";
/** Joined to the left: rows come in the order of their pages. */
const DUE = `SELECT p.page, p.visitor, c.cell, p.network, p.bits, p.ttfb, p.fcp, p.lcp, p.inp, p.cls, p.errors, p.soft, p.goals,
  d.voted, d.goals FROM pages p LEFT JOIN cell_names c ON c.cell_number = p.cell_number
  LEFT JOIN draws d ON d.visitor = p.visitor AND d.cell_number = p.cell_number
  WHERE p.page > ?1 AND p.page <= ?2 ORDER BY p.page LIMIT ${MOST_ROWS}`;
const NAME_CELL = "INSERT INTO cell_names (cell) VALUES (?1) RETURNING cell_number";
const VOTED = "UPDATE draws SET voted = voted | ?3 WHERE visitor = ?1 AND cell_number = ?2";
const VOTED_GOALS = "UPDATE draws SET goals = ?3 WHERE visitor = ?1 AND cell_number = ?2";

/** Where goals stand in a row behind its id. */
const GOALS = 11;

/** The ids of pages begin with their time, so this is above every page served before. */
const idAt = (ms) => `${Math.max(0, ms).toString(36).padStart(8, "0")}`;
const timeOf = (page) => Number.parseInt(page.slice(0, 8), 36);

export class Intake {
  #sql;
  #armed = null;
  #folded;
  #about = null;
  /** Trials of all networks: of visitors who were here before, and of those on their first page. */
  #trials = [0, 0];
  /** Names that are counted as such, by kind. */
  #names = { goal: new Set(), report: new Set() };
  /** When something came last, to the hour. */
  #last = 0;
  /** The number of each cell that a row is of. */
  #cells = new Map();
  /** Calls that are taken together. */
  #waiting = [];

  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
    this.#sql = ctx.storage.sql;
    ctx.storage.transactionSync(() => this.#migrate());
    for (const [cell, number] of this.#sql.exec("SELECT cell, cell_number FROM cell_names").raw()) this.#cells.set(cell, number);
    for (const [kind, n] of this.#sql.exec("SELECT kind, sum(trials) FROM networks GROUP BY kind").raw()) this.#trials[kind] = n;
    for (const [kind, name] of this.#sql.exec("SELECT kind, name FROM names").raw()) this.#names[kind].add(name);
    this.#folded = { fast: this.#fact("fast") ?? "", slow: this.#fact("slow") ?? "" };
  }

  /** Makes the tables, or those of an older build into this one's. */
  #migrate() {
    const all = (statements) => {
      for (const statement of statements) this.#sql.exec(statement);
    };
    all([FACTS]);
    const schema = this.#fact("schema") ?? 0;
    if (schema >= SCHEMA) return;
    if (schema === 1) all([SINCE_1]);
    if (schema > 0) all(ASIDE_2);
    all(TABLES);
    if (schema > 0) all(SINCE_2);
    this.#fact("schema", SCHEMA);
  }

  /**
   * Takes notes, one a line; gives a letter for each: `k` kept, `d` said before, `n` no such page. `about` says whose they
   * are: where this object is, site, rollout and shard as its name has them, and for how many days the rows are kept.
   *
   * Calls that wait at the same time are taken together: one commit is as dear as all the rest of a call.
   */
  take(text, about) {
    const { promise, resolve, reject } = Promise.withResolvers();
    if (this.#waiting.push({ text, about, resolve, reject }) === 1) setTimeout(() => this.#takeAll(), 0);
    return promise;
  }

  #takeAll() {
    const waiting = this.#waiting;
    this.#waiting = [];
    const now = Date.now();
    for (const { text, about, resolve, reject } of waiting) {
      try {
        resolve(this.#take(text, about, now));
      } catch (error) {
        reject(error);
      }
    }
  }

  #take(text, about, now) {
    if (this.#about === null) {
      const [place, site, rollout, shard, retention] = about.split(" ");
      this.#about = this.#fact("about", `${site} ${rollout} ${shard}`);
      this.#fact("place", place);
      this.#fact("retention", Number(retention));
    }
    if (now - this.#last > HOUR_MS) this.#last = this.#fact("last", now);
    const letters = text.split("\n").map((line) => this.#note(line.split(" "), now));
    this.#arm(now);
    return letters.join("");
  }

  #note(words, now) {
    const [kind, ...rest] = words;
    switch (kind) {
      case "page":
        return this.#page(rest, now);
      case "event":
        return this.#event(rest, now);
      case "proof":
        this.#sql.exec(PROVE, rest[0], idAt(now - FAST_MS));
        return "k";
      case "untested":
        this.#sql.exec(UNTEST, rest[0], idAt(now - FAST_MS));
        return "k";
      case "count":
        this.#sql.exec(COUNT, `${rest[0]}|pages`, 1);
        return "k";
      case "report":
        this.#report(rest[0]);
        return "k";
      case "fault":
        throw new Error("a fault was asked for");
      default:
        return "n";
    }
  }

  #page([page, visitor, cell, bits, network, more], now) {
    if (page <= this.#folded.fast) return "n";
    const said = Number(bits) | (more === "failed" ? FAILED : more === "untested" ? UNTESTED : 0);
    this.#sql.exec(OPEN, page, visitor, this.#cell(cell), network, this.#drawn(page, visitor, cell, said, network, now));
    return "k";
  }

  /** The number that rows have for a cell. */
  #cell(cell) {
    const known = this.#cells.get(cell);
    if (known !== undefined) return known;
    const { cell_number: number } = this.#sql.exec(NAME_CELL, cell).one();
    this.#cells.set(cell, number);
    return number;
  }

  /** The draw that a page belongs to; the first page of a draw is its trial, if its network may have one more. */
  #drawn(page, visitor, cell, bits, network, now) {
    if (!cell.startsWith("drawn|")) return bits;
    if (this.#sql.exec(DRAW, visitor, this.#cell(cell), page).rowsWritten > 0)
      return bits | TRIAL | (this.#takes(bits, network) ? 0 : OVER);
    if (bits & PROVEN) this.#sql.exec(PROVE, visitor, idAt(now - FAST_MS));
    return bits;
  }

  /**
   * Whether a network may have one more trial. It is asked when a page is served, before anybody can know the outcome, and
   * does not look at the version, so it takes as much from either. Those on their first page are bounded by themselves: the
   * guards of loading count them alone.
   */
  #takes(bits, network) {
    const kind = bits & FIRST ? 1 : 0;
    const most = Math.max(FREE_TRIALS, Math.floor((this.#trials[kind] * MOST_PERCENT) / 100));
    if (this.#sql.exec(TAKE, kind, network, most).rowsWritten === 0) return false;
    this.#trials[kind] += 1;
    return true;
  }

  /** A browser's report: `<cell>|report.<kind>:<reason>`. */
  #report(key) {
    const at = key.lastIndexOf("|report.") + "|report.".length;
    const [kind] = key.slice(at).split(":");
    const named = this.#isNamed("report", key.slice(at));
    this.#sql.exec(COUNT, named ? key : `${key.slice(0, at)}${kind}:${OTHER}`, 1);
  }

  /** Whether a name that pages chose is counted as such: if a guard watches it, or it is among the first that came. */
  #isNamed(kind, name) {
    const names = this.#names[kind];
    if (names.has(name) || (kind === "goal" && this.#watched().includes(name))) return true;
    if (names.size >= MOST_NAMES) return false;
    names.add(name);
    this.#sql.exec("INSERT INTO names (kind, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING", kind, name);
    return true;
  }

  /** The goals that guards watch, as the ledger said last. */
  #watched() {
    return (this.#fact("watched") ?? "").split(",");
  }

  /** Goals as they are counted: each once. */
  #goals(met) {
    if (!met) return "";
    return [...new Set(met.split(",").map((goal) => (this.#isNamed("goal", goal) ? goal : OTHER)))].join(",");
  }

  #event([page, visitor, cell, firstBits, network, said, ...rest], now) {
    const bits = Number(said);
    const vitals = rest.slice(0, 5).map((value) => (value === "-" ? null : Number(value)));
    const [errors, soft] = [Number(rest[5]), Number(rest[6])];
    const [goalsMet, opens] = [rest[7] === "-" ? [] : rest[7].split(","), rest[8]];
    const isNews = errors + soft > 0 || vitals.some((value) => value !== null);
    const { rowsWritten } = this.#sql.exec(EVENT, page, visitor, bits, ...vitals, errors, soft, isNews ? 1 : 0);
    if (rowsWritten > 0 && goalsMet.length === 0) return "k";
    // The page's own note may still be under way: the token says all that it does.
    if (rowsWritten === 0 && opens === "y" && page > this.#folded.fast) {
      const all = bits | this.#drawn(page, visitor, cell, Number(firstBits), network, now);
      const goals = goalsMet.slice(0, MOST_GOALS).join(",");
      if (
        this.#sql.exec(OPEN_WHOLE, page, visitor, this.#cell(cell), network, all, ...vitals, errors, soft, goals).rowsWritten > 0
      )
        return "k";
    }
    const row = this.#sql.exec("SELECT goals FROM pages WHERE page = ?1 AND visitor = ?2", page, visitor).toArray()[0];
    if (row === undefined) return "n";
    const met = row.goals === "" ? [] : row.goals.split(",");
    const news = goalsMet.filter((goal) => !met.includes(goal));
    if (news.length > 0) this.#sql.exec(GOALS_MET, page, [...met, ...news].slice(0, MOST_GOALS).join(","));
    return rowsWritten + news.length > 0 ? "k" : "d";
  }

  /** Reads or keeps one fact of this object. */
  #fact(name, value) {
    if (value === undefined) return this.#sql.exec("SELECT value FROM facts WHERE name = ?1", name).toArray()[0]?.value;
    this.#sql.exec(
      "INSERT INTO facts (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name,
      value,
    );
    return value;
  }

  /** Something was noted: within a second it is told on, and what is due is folded. An alarm that never came is set again. */
  #arm(now) {
    if (this.#armed !== null && this.#armed > now - RETRY_MS && this.#armed <= now + TICK_MS) return;
    this.#armed = now + TICK_MS;
    this.ctx.storage.setAlarm(this.#armed);
  }

  /** Folds what is due and tells the ledger. It never throws: an alarm that does is given up after a few times. */
  async alarm() {
    const now = Date.now();
    this.#armed = now + RETRY_MS;
    await this.ctx.storage.setAlarm(this.#armed);
    try {
      await control.ready();
      this.#fold(now, false);
      this.#fold(now, true);
      await this.#tell();
      await this.#rest(now);
    } catch (error) {
      control.failed(error, "an intake object could not tell what it counted; it tries again");
    }
  }

  #fold(now, isSlow) {
    const [name, age] = isSlow ? ["slow", SLOW_MS] : ["fast", FAST_MS];
    const until = idAt(now - age - DRAIN_MS);
    for (;;) {
      const rows = this.#sql.exec(DUE, this.#folded[name], until).raw().toArray();
      if (rows.length === 0) return;
      const last = rows[rows.length - 1][0];
      const text = rows.map((row) => this.#line(row, isSlow)).join("\n");
      for (const line of control.fold(text, isSlow).split("\n")) this.#keep(line.split(" "));
      this.#folded[name] = this.#fact(name, last);
      if (isSlow) this.#sql.exec("DELETE FROM pages WHERE page <= ?1", last);
      if (rows.length < MOST_ROWS) return;
    }
  }

  /** A row as `beacon::fold` reads it. Goals are judged at the later age, and none is named before. */
  #line([, ...row], isSlow) {
    row[GOALS] = isSlow ? this.#goals(row[GOALS]) : "";
    return row.map((value) => value ?? "").join("\t");
  }

  #keep([kind, ...rest]) {
    if (kind === "cell") this.#sql.exec(COUNT, rest[0], Number(rest[1]));
    if (kind === "vote") this.#sql.exec("INSERT INTO votes (guard, cell, network) VALUES (?1, ?2, ?3)", ...rest);
    if (kind === "voted") this.#sql.exec(VOTED, rest[0], this.#cell(rest[1]), Number(rest[2]));
    if (kind === "goals") this.#sql.exec(VOTED_GOALS, rest[0], this.#cell(rest[1]), rest[2]);
  }

  /** Running totals that grew, and votes, to the site's ledger, in one call. What was not acknowledged is told again. */
  async #tell() {
    const about = this.#fact("about");
    if (about === undefined) return;
    const [site, rollout, shard] = about.split(" ");
    const cells = this.#sql.exec("SELECT key, n FROM cells WHERE n > told").raw().toArray();
    const votes = this.#sql
      .exec(`SELECT number, guard, cell, network FROM votes ORDER BY number LIMIT ${MOST_VOTES}`)
      .raw()
      .toArray();
    if (cells.length + votes.length === 0) return;
    const lines = [
      `shard ${shard}`,
      ...cells.map((cell) => `cell ${cell.join(" ")}`),
      ...votes.map((vote) => `vote ${vote.join(" ")}`),
    ];
    const object = controllerOf(this.env, site, this.#fact("place") ?? "-");
    const { last, goals } = await object.merge(rollout, lines.join("\n"));
    if (goals !== this.#fact("watched")) this.#fact("watched", goals);
    for (const [key, n] of cells) this.#sql.exec("UPDATE cells SET told = max(told, ?2) WHERE key = ?1", key, n);
    this.#sql.exec("DELETE FROM votes WHERE number <= ?1", last);
  }

  /** Whether there is more to tell: what did not fit, and what came while the ledger was told. */
  #hasMore() {
    return this.#sql.exec("SELECT 1 FROM cells WHERE n > told UNION ALL SELECT 1 FROM votes LIMIT 1").toArray().length > 0;
  }

  /** When to look again: after a second if there is more to tell, as soon as the next row is due, or not at all. */
  async #rest(now) {
    const next = (after) => this.#sql.exec("SELECT min(page) AS page FROM pages WHERE page > ?1", after).toArray()[0]?.page;
    const [fast, slow] = [next(this.#folded.fast), next(this.#folded.slow)];
    const due = this.#hasMore() ? [now] : [];
    if (fast) due.push(timeOf(fast) + FAST_MS + DRAIN_MS);
    if (slow) due.push(timeOf(slow) + SLOW_MS + DRAIN_MS);
    if (due.length === 0) {
      // Nothing is open. When nothing has come for as long as rows are kept, the rest goes too; the ledger has the counts.
      const ends = (this.#fact("last") ?? now) + (this.#fact("retention") ?? 30) * DAY_MS;
      if (ends <= now) return await this.#end();
      this.#armed = null;
      await this.ctx.storage.setAlarm(ends);
      return;
    }
    this.#armed = Math.max(now + TICK_MS, Math.min(...due) + 1);
    await this.ctx.storage.setAlarm(this.#armed);
  }

  /** The rollout is long over: everything goes. A late note begins anew, with totals from nothing, and raises none. */
  async #end() {
    await this.ctx.storage.deleteAlarm();
    for (const table of ["pages", "draws", "cell_names", "cells", "votes", "networks", "names", "facts"])
      this.#sql.exec(`DELETE FROM ${table}`);
    this.#armed = null;
    this.#about = null;
    this.#last = 0;
    this.#trials = [0, 0];
    this.#cells.clear();
    this.#names = { goal: new Set(), report: new Set() };
    this.#folded = { fast: "", slow: "" };
    this.#fact("schema", SCHEMA);
  }

  /** Takes a visitor's rows out. Counts stay: nobody is in them. Gives how many rows went. */
  forget(visitor) {
    const pages = this.#sql.exec("DELETE FROM pages WHERE visitor = ?1", visitor).rowsWritten;
    return pages + this.#sql.exec("DELETE FROM draws WHERE visitor = ?1", visitor).rowsWritten;
  }
}
