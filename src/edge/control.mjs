// The second Wasm module: beacons, rows, ledger, what is shown of it. Made when first needed; a trap in it touches no page.

import * as glue from "halftone-control-glue";
import offered from "halftone-offers";
import plan from "halftone-plan";
import source from "halftone-source";
import { Instance } from "./instance.mjs";

class Control extends Instance {
  #module = null;
  #wanted = null;
  #loaded = null;
  #adopted = new Map();
  #offers = null;
  /** Where the Worker's own addresses begin. */
  prefix = "";

  constructor() {
    super(glue);
  }

  /** Ready to work; it may have to be compiled first. */
  async ready() {
    this.#module ??= (await import("./control_bg.wasm")).default;
    this.make(this.#module);
    return this;
  }

  /** Somebody else's call may have trapped since this one's caller was ready: then there is a new instance, at once. */
  call(text, act, ...rest) {
    if (this.#module) this.make(this.#module);
    return super.call(text, act, ...rest);
  }

  /** Takes plan, keys and the sites in force into use, where they matter. */
  async with(secret, texts = new Map()) {
    if (!this.made) await this.ready();
    return this.use(secret, texts);
  }

  /** The same, once it is ready: what is asked in the same breath is answered by these, whatever other requests bring. */
  use(secret, texts) {
    this.#wanted = { secret, texts };
    this.#load();
    return this;
  }

  #load() {
    const { secret, texts } = this.#wanted;
    if (this.#loaded !== secret) {
      const [answer, prefix] = this.call(`${plan}\n${secret}`, glue.load).split("\n");
      if (answer !== "ok") throw new Error(answer);
      this.prefix = prefix;
      this.#loaded = secret;
      this.#adopted.clear();
    }
    for (const [site, text] of texts) {
      if (this.#adopted.get(site) === text) continue;
      const answer = this.call(text, glue.adopt);
      if (answer !== "ok") this.say("a live site can not be taken; the last one stays", answer);
      this.#adopted.set(site, text);
    }
  }

  trapped() {
    super.trapped();
    this.#loaded = null;
  }

  /** What a page's Content-Security-Policy lets us do, or null for nothing. */
  policy(origin, prefix, policies) {
    const [script, inline, nonce] = this.call(`${origin}\n${prefix}\n${policies}`, glue.policy).split("\n");
    return script === "allowed" ? { allowed: true, inline: inline === "inline", nonce } : null;
  }

  beacons(text, now) {
    this.#load();
    return this.call(text, glue.beacons, now);
  }

  reports(text, now) {
    this.#load();
    return this.call(text, glue.reports, now);
  }

  /** What a page's OpenFeature SDK is told: the status, and the answer as JSON. */
  flags(facts, now) {
    this.#load();
    const [, status, answer] = /^(\d+)\n(.*)$/s.exec(this.call(facts, glue.flags, now)) ?? [];
    return { status: Number(status), answer };
  }

  /** What a visitor would get, as JSON; "" for an address that is none. */
  imagine(facts, now) {
    return this.call(facts, glue.imagine, now);
  }

  /** A link that shows a version of a site until a time; "" if there is no such version, or no such address. */
  previewLink(site, url, version, until) {
    return this.call(`${site}\n${url}\n${version}`, glue.preview_link, until);
  }

  fold(rows, isSlow) {
    return this.call(rows, glue.fold, isSlow);
  }

  merge(report, sql, rollout) {
    return this.call(report, glue.merge, sql, rollout);
  }

  office(question, sql, now) {
    return this.call(question, glue.office, sql, now);
  }

  tallies(rows, now) {
    return this.call(rows, glue.tallies, now);
  }

  metrics(rows) {
    return this.call(rows, glue.metrics);
  }

  /** The text of the config that this build was made from. */
  get source() {
    return source;
  }

  /** What this build offers a site's Controller: `{ digest, parent, offer }`, the offer as JSON; nothing for a site it has not. */
  offer(site) {
    if (this.#offers === null) {
      const lines = this.call(offered, glue.offers).split("\n").filter(Boolean);
      const parts = lines.map((line) => line.split("\t"));
      this.#offers = new Map(parts.map(([name, digest, parent, offer]) => [name, { digest, parent, offer }]));
    }
    return this.#offers.get(site);
  }

  /** Whether a published config is one for this build: `ok`, or what is wrong. */
  vet(site, offer) {
    return this.call(`${this.offer(site)?.offer ?? ""}\n${offer}`, glue.vet);
  }

  /** What a config would change if it were published now, as JSON. */
  foresee(state, offer, now) {
    return this.call(`${state}\n${offer}`, glue.foresee, now);
  }

  /** What differs between what two revisions can be restored to, as JSON. */
  compare(from, to) {
    return this.call(`${from}\n${to}`, glue.compare);
  }

  /** The site in force of a state, as this build writes it. */
  render(state) {
    return this.call(state, glue.render);
  }

  /** How long to wait after so many tries to deliver a message of this age, ms; below 0 it is given up. */
  patience(tries, age) {
    return glue.patience(tries, age);
  }

  /** What an earlier revision had, among the versions of this build: `{ standing }` as JSON, or `{ wrong }`. */
  carry(site, standing) {
    const [answer, carried] = this.call(`${this.offer(site)?.offer ?? ""}\n${standing}`, glue.carry).split("\n");
    return answer === "ok" ? { standing: carried } : { wrong: answer };
  }

  /** What happens to a site; see `edge::steer::turn`. */
  turn(state, kind, what, now) {
    const [answer, ...lines] = this.call(`${state}\n${kind}\n${what}`, glue.turn, now).split("\n");
    if (answer === "same") return { same: true };
    if (answer === "refused") return { refused: { code: lines[0], message: lines[1] } };
    if (answer === "unread") return { unread: lines[0] };
    if (answer !== "changed") throw new Error(`what happened to a site can not be read: ${lines[0]}`);
    const [next, entry, standings, live, gives, messages] = lines;
    return { state: next, entry, standings, live, gives, messages: JSON.parse(messages) };
  }

  /** What a person is told of a site, as JSON. */
  show(state, rows, now) {
    return this.call(`${state}\n${rows}`, glue.show, now);
  }

  /** The point that charts have of now, as JSON. */
  point(state, rows, now) {
    return this.call(`${state}\n${rows}`, glue.point, now);
  }

  /** When a site has to be looked at next: a time, 0 for as often as ever, or null for never. */
  wakes(state, now) {
    const at = this.call(state, glue.wakes, now);
    return at === "" ? null : Number(at);
  }

  /** The number of the attempt whose counts matter to a state; 0 if none. */
  attempt(state) {
    return Number(this.call(state, glue.attempt));
  }

  /** Site to the jurisdiction of its objects, `-` for none. */
  sites() {
    this.#load();
    const lines = this.call("", glue.sites).split("\n").filter(Boolean);
    return new Map(lines.map((line) => line.split(" ")));
  }

  placeOf(site) {
    return this.sites().get(site) ?? "-";
  }
}

export const control = new Control();
