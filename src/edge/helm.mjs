// The helm of a site: its state, log and revisions in SQLite, and the turns that change them. What a turn comes to is decided
// in the Wasm; this keeps it, all of it in one transaction, and then does what has to be done about it.
//
// What has to be done is found by comparing what is in force with what was passed on, so a restart between any two writes
// loses nothing and repeats only what may be repeated.

import { control } from "./control.mjs";
import { BUILD, written } from "./in-force.mjs";
import { Outbox } from "./outbox.mjs";
import { Series } from "./series.mjs";
import { Sources } from "./sources.mjs";

/** While a rollout draws, the evidence is looked at this often though nothing is reported, ms. */
const LOOK_MS = 5000;
/** And so long after a report, at most. */
const SOON_MS = 1000;
/** An alarm that is so late will not come any more, though the storage still has it, ms. */
const LOST_MS = 60_000;
/** For so long rows are kept where no config says otherwise, days. */
const USUAL_DAYS = 30;
const HOUR_MS = 3_600_000;
/** Entries that are given in one answer. */
const MOST_ENTRIES = 200;

export class Helm {
  #sql;
  #state;
  #outbox;
  #series;
  #sources;
  #isRendered = false;
  #saidUnread = false;
  /** When the state in it has to be looked at, as `control.wakes` says. */
  #wake = { state: "", at: null };

  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
    this.#sql = ctx.storage.sql;
    this.#state = this.#fact("state") ?? "";
    this.#outbox = new Outbox(ctx, env);
    this.#series = new Series(this.#sql);
    this.#sources = new Sources(this.#sql);
  }

  #fact(name, value) {
    if (value === undefined) return this.#sql.exec("SELECT value FROM helm WHERE name = ?1", name).toArray()[0]?.value;
    const put = "INSERT INTO helm (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    this.#sql.exec(put, name, value);
    return value;
  }

  /** A new build brings a new config; the same one again brings nothing. */
  #offered(site) {
    const build = control.offer(site);
    if (build === undefined) throw new Error(`this build has no site ${site}`);
    if (this.#fact("site") === undefined) this.#fact("site", site);
    if (this.#fact("deployed") === build.digest) return;
    const parent = build.parent === "" ? "" : `,"parent":${JSON.stringify(build.parent)}`;
    const event = `{"event":"offered","offer":${build.offer},"by":"deploy","why":""${parent}}`;
    this.#commit(() => {
      if (this.#turn("event", event).unread !== undefined) return;
      this.#fact("deployed", build.digest);
      this.#sources.keep(this.#fact("revision"), control.source, Date.now());
    });
  }

  /** All that is done in one transaction, or nothing: then what is remembered is what was kept, too. */
  #commit(work) {
    try {
      this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#state = this.#fact("state") ?? "";
      throw error;
    }
  }

  /** One event: in one transaction the state, the entry of the log, and what each revision can be restored to. */
  #turn(kind, what) {
    const now = Date.now();
    const turned = control.turn(this.#state, kind, what, now);
    if (turned.unread !== undefined) this.#isUnread(turned.unread);
    if (turned.same || turned.refused || turned.unread !== undefined) return turned;
    const { decisions } = JSON.parse(turned.entry);
    this.#commit(() => {
      this.#fact("state", turned.state);
      this.#fact("live", turned.live);
      this.#sql.exec("INSERT INTO log (at, entry) VALUES (?1, ?2)", now, turned.entry);
      const keep = "INSERT INTO revisions (revision, at, decisions, standing, gives) VALUES (?1, ?2, ?3, ?4, ?5)";
      for (const { revision, standing } of JSON.parse(turned.standings)) {
        const own = decisions.filter((decision) => decision.revision === revision);
        this.#sql.exec(keep, revision, now, JSON.stringify(own), JSON.stringify(standing), turned.gives);
      }
      this.#outbox.put(turned.messages, now);
      this.#fact("revision", decisions[decisions.length - 1].revision);
    });
    this.#state = turned.state;
    for (const { kind, by, code, reason, revision } of decisions) {
      if (kind !== "mark") console.log(JSON.stringify({ level: "info", message: "decided", kind, by, code, reason, revision }));
    }
    this.#plot(now);
    return turned;
  }

  /** Keeps a point of now for the charts. Nobody waits for one, so nothing fails for want of it. */
  #plot(now) {
    try {
      this.#series.keep(this.#point(now), now);
    } catch (error) {
      control.failed(error, "a point of the charts could not be kept; nothing else is touched by it");
    }
  }

  #point(now) {
    const point = JSON.parse(control.point(this.#state, this.#counts(""), now));
    return JSON.stringify({ ...point, intake: this.#series.intake() });
  }

  /** A state of another format is left as it is, and what is in force stays in force. */
  #isUnread(why) {
    if (this.#saidUnread) return;
    this.#saidUnread = true;
    control.say("the state of a site can not be read; what is in force stays, and nothing moves", why);
  }

  /** The site in force, and since which revision. */
  async live(site) {
    await control.ready();
    this.#offered(site);
    this.#render();
    await this.#carryOut();
    if (this.#fact("build") !== BUILD) this.#fact("build", BUILD);
    return written(this.#fact("revision"), this.#fact("live"));
  }

  /** What is in force is written as this build writes it, whichever build decided it. */
  #render() {
    if (this.#isRendered || this.#state === "") return;
    this.#isRendered = true;
    const live = control.render(this.#state);
    if (live === "" || live === this.#fact("live")) return;
    this.ctx.storage.transactionSync(() => {
      this.#fact("live", live);
      this.#fact("written", -1);
    });
  }

  /** Begins what has to be done beside an answer. */
  async #carryOut() {
    this.#tell();
    await this.arm();
    this.ctx.waitUntil(this.#write());
  }

  #tell() {
    this.#outbox.send(() => this.arm());
  }

  /** Writes what is in force down where isolates find it while this object is out. */
  async #write() {
    const revision = this.#fact("revision");
    if (revision === undefined || revision === this.#fact("written") || !this.env.PLANS) return;
    try {
      await this.env.PLANS.put(`live/${this.#fact("site")}`, written(revision, this.#fact("live")));
      this.#fact("written", revision);
    } catch (error) {
      control.say("what is in force could not be written down; it is tried again", error);
    }
  }

  /**
   * A person publishes a config. `parent` is the revision they saw, and `over`, if they say it, the config that had come last, in force or
   * waiting: what changed since is not overwritten.
   */
  async publish(site, { by, why, offer, parent, over, source }) {
    await control.ready();
    this.#offered(site);
    const revision = this.#fact("revision");
    if (parent !== revision) {
      const message = `revision ${revision} is in force and this was made from ${parent}: look at what changed, then publish again`;
      return { refused: { code: "stale", message } };
    }
    const { config, queued_config } = JSON.parse(control.show(this.#state, "", Date.now()));
    if (over !== undefined && over !== (queued_config ?? config)) {
      const message = "another config waits by now, and this one would take its place: look at it, then publish again";
      return { refused: { code: "stale", message } };
    }
    const vetted = control.vet(site, offer);
    if (vetted !== "ok") return { refused: { code: "bad_config", message: vetted } };
    const event = `{"event":"offered","offer":${offer},"by":${JSON.stringify(by)},"why":${JSON.stringify(why)}}`;
    const turned = this.#turn("event", event);
    if (turned.entry !== undefined && source !== undefined) this.#sources.keep(this.#fact("revision"), source, Date.now());
    return this.#done(turned);
  }

  /** A person asks for something. */
  async ask(site, { by, why, command, overrides }) {
    await control.ready();
    this.#offered(site);
    let asked = command;
    if (command.command === "restore") {
      const restored = this.#restored(site, command.revision);
      if (restored.refused) return restored;
      asked = restored;
    }
    return this.#done(
      this.#turn("event", JSON.stringify({ event: "asked", by, why, command: asked, overrides: overrides === true })),
    );
  }

  /** Passes on what a turn came to, and gives the answer to who asked for it. */
  async #done(turned) {
    if (turned.refused) return { refused: turned.refused };
    if (turned.unread !== undefined)
      return { refused: { code: "unread_state", message: `the state of the site can not be read: ${turned.unread}` } };
    await this.#write();
    this.#tell();
    await this.arm();
    return { decisions: turned.same ? [] : JSON.parse(turned.entry).decisions };
  }

  #restored(site, revision) {
    const row = this.#sql.exec("SELECT standing FROM revisions WHERE revision = ?1", revision).toArray()[0];
    if (row === undefined) return { refused: { code: "no_revision", message: `there is no revision ${revision}` } };
    const { standing, wrong } = control.carry(site, row.standing);
    if (standing !== undefined) return { command: "restore", revision, standing: JSON.parse(standing) };
    return { refused: { code: "not_deployed", message: `revision ${revision} can not come back: ${wrong}` } };
  }

  /** The counts of the attempt that runs, as `edge::steer` reads them; histograms are for people alone. */
  #counts(bins = "AND key NOT LIKE '%#%'") {
    const tag = this.#state === "" ? 0 : control.attempt(this.#state);
    if (!tag) return "";
    const rollout = String(tag);
    const lines = [];
    const totals = `SELECT key, sum(n) FROM totals WHERE rollout = ?1 AND key LIKE 'drawn|%' ${bins} GROUP BY key`;
    for (const row of this.#sql.exec(totals, rollout).raw()) lines.push(`count ${row.join(" ")}`);
    // A goal that is met with stable speaks against a canary with which it is not.
    const networks = `SELECT guard, sum(CASE WHEN guard LIKE 'goal.%' THEN taken > canary ELSE canary > 0 END) FROM networks
      WHERE rollout = ?1 GROUP BY guard`;
    for (const row of this.#sql.exec(networks, rollout).raw()) lines.push(`networks ${row.join(" ")}`);
    const heard = "SELECT place, guard, count(*) FROM heard WHERE rollout = ?1 GROUP BY place, guard";
    for (const row of this.#sql.exec(heard, rollout).raw()) lines.push(`heard ${row.join(" ")}`);
    lines.push(`newest ${this.#fact(`newest ${rollout}`) ?? 0}`);
    return lines.join("\n");
  }

  /**
   * What the ledger has to know: the number of the attempt that draws, if one does, the goals that guards watch, and for how
   * many days rows are kept.
   */
  counting() {
    if (this.#state === "") return { rollout: null, goals: [], days: USUAL_DAYS };
    const { run, offer } = JSON.parse(this.#state);
    const guards = (run?.policy.guards ?? []).map(({ name }) => name);
    return {
      rollout: this.#due(0, 1) === 1 ? String(control.attempt(this.#state)) : null,
      goals: guards.filter((name) => name.startsWith("goal.")).map((name) => name.slice("goal.".length)),
      days: offer.site.feedback.retention_days,
    };
  }

  /** A report of a rollout's counts came. */
  async reported(rollout) {
    this.#fact(`newest ${rollout}`, Date.now());
    await this.arm(SOON_MS);
  }

  /** Looks at the evidence. Never throws: an alarm that does is given up after a few times. */
  async alarm() {
    try {
      await this.ctx.storage.setAlarm(Date.now() + LOOK_MS);
      await control.ready();
      this.#tell();
      const site = this.#fact("site");
      if (site !== undefined) this.#offered(site);
      this.#fact("looked", Date.now());
      this.#turn("counts", this.#counts());
      if (this.#series.isDue(Date.now())) this.#plot(Date.now());
      await this.#write();
      this.#tell();
      const next = this.#next(Date.now(), LOOK_MS);
      if (next === null) await this.ctx.storage.deleteAlarm();
      else await this.ctx.storage.setAlarm(next);
    } catch (error) {
      control.failed(error, "the evidence could not be looked at; it is tried again");
    }
  }

  /** When to look next: so soon while a rollout draws, or when it may begin; null if there is nothing to decide. */
  #due(now, ms) {
    if (this.#state === "") return null;
    if (this.#wake.state !== this.#state || (this.#wake.at > 0 && now >= this.#wake.at))
      this.#wake = { state: this.#state, at: control.wakes(this.#state, now) };
    const { at } = this.#wake;
    if (at === null) return null;
    // Whoever knows the time only from here asks again before long.
    return at === 0 ? now + ms : Math.min(Math.max(at, now + SOON_MS), now + HOUR_MS);
  }

  /** When the alarm has to come: to look, or to tell what waits to be told; null if there is neither. */
  #next(now, ms) {
    const times = [this.#due(now, ms), this.#outbox.due ?? null].filter((time) => time !== null);
    return times.length === 0 ? null : Math.max(Math.min(...times), now);
  }

  /** While there is something to decide or to tell there is an alarm, whatever became of the last one. */
  async arm(ms = LOOK_MS) {
    const now = Date.now();
    const next = this.#next(now, ms);
    if (next === null) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > next || set < now - LOST_MS) await this.ctx.storage.setAlarm(next);
  }

  /** Where it stands, for people. */
  async status(site) {
    await control.ready();
    this.#offered(site);
    const status = JSON.parse(control.show(this.#state, this.#counts(""), Date.now()));
    const webhooks = this.#outbox.status();
    return { ...status, live: this.#fact("live") ?? null, looked_ms: this.#fact("looked") ?? null, webhooks };
  }

  /** Where it stands and what was decided behind an entry of the log, for one look. */
  async glance(site, after) {
    const { live: _, ...status } = await this.status(site);
    const { versions, hosts } = JSON.parse(this.#state).offer.site;
    return { status: { ...status, versions: versions.map(({ id }) => id), hosts }, story: this.#story(after) };
  }

  /** The course over time: points behind a time, oldest first, and how it stands now; as JSON texts. */
  async series(site, after) {
    await control.ready();
    this.#offered(site);
    return { points: this.#series.behind(after), now: this.#point(Date.now()) };
  }

  /** What was decided behind an entry of the log, newest first: without what it was decided on, and without marks. */
  #story(after) {
    const rows = this.#sql.exec(
      `SELECT seq, at, json_extract(entry, '$.decisions') AS decisions, json_extract(entry, '$.event.why') AS why
       FROM log WHERE seq > ?1 ORDER BY seq DESC LIMIT ${MOST_ENTRIES}`,
      after,
    );
    return rows.toArray().flatMap(({ seq, at, decisions, why }) => {
      const seen = JSON.parse(decisions).filter(({ kind }) => kind !== "mark");
      return seen.map(({ verdicts, ratio, ...decision }) => ({ seq, at_ms: at, why: why ?? "", ...decision }));
    });
  }

  /** Entries of the log behind one, oldest first, as JSON texts. */
  log(after) {
    const rows = this.#sql.exec(`SELECT seq, entry FROM log WHERE seq > ?1 ORDER BY seq LIMIT ${MOST_ENTRIES}`, after).toArray();
    return rows.map(({ seq, entry }) => ({ seq, entry }));
  }

  /** Revisions before one, newest first. */
  revisions(before) {
    const page = `SELECT revision, at, decisions, standing, gives FROM revisions WHERE revision < ?1 ORDER BY revision DESC
      LIMIT ${MOST_ENTRIES}`;
    const rows = this.#sql.exec(page, before).toArray();
    return rows.map(({ revision, at, decisions, standing, gives }) => {
      const given = gives === null ? givenBy(JSON.parse(standing)) : gives.split(" ");
      return { revision, at_ms: at, gives: given, decisions: JSON.parse(decisions) };
    });
  }

  /** The config in force, and what stands for it. */
  async config(site) {
    await control.ready();
    this.#offered(site);
    const { revision, config, queued_config, gives } = JSON.parse(control.show(this.#state, "", Date.now()));
    return { revision, config, queued_config, gives, live: this.#fact("live"), offer: JSON.parse(this.#state).offer };
  }

  /** The text that was deployed or published last, up to a revision, and of which revisions there are others. */
  async source(site, revision) {
    await control.ready();
    this.#offered(site);
    const found = this.#sources.at(revision) ?? { revision: this.#fact("revision"), text: control.source };
    return { ...found, sources: this.#sources.all() };
  }

  /** What a config would change if it were published now. */
  async foresee(site, offer) {
    await control.ready();
    this.#offered(site);
    return JSON.parse(control.foresee(this.#state, offer, Date.now()));
  }

  /** What differs between two revisions; `to` is what is in force unless given. */
  async compare(from, to) {
    await control.ready();
    const texts = [from, to ?? this.#fact("revision")].map(
      (revision) => this.#sql.exec("SELECT standing FROM revisions WHERE revision = ?1", revision).toArray()[0]?.standing,
    );
    if (texts.includes(undefined)) return null;
    return { from, to: to ?? this.#fact("revision"), changes: JSON.parse(control.compare(...texts)) };
  }
}

/** What a revision gave that was kept before that was written down: its stable version and its canary. */
function givenBy({ stable, offer }) {
  const canary = offer.rollout === null ? undefined : offer.site.versions[offer.rollout.canary]?.id;
  return [stable, canary].filter((id) => id !== undefined);
}
