// The Worker's entry: gathers the facts of a request, lets the Wasm decide, carries the instruction out.
//
// It decides nothing about versions. What it does own: a trap in the Wasm is caught here and the visitor gets the stable
// site by the small table the build left (fallback); the next request finds a fresh instance. No object of the old
// instance is ever kept, so nobody else's request notices.

import { DurableObject } from "cloudflare:workers";
import plan from "halftone-plan";
import { carry } from "./edge/carry.mjs";
import { inForce } from "./edge/in-force.mjs";
import { LiveSites } from "./edge/live.mjs";
import { own } from "./edge/own.mjs";
import { second } from "./edge/second.mjs";
import { serveStable } from "./edge/stable.mjs";
import { Engine } from "./edge/wasm.mjs";

const engine = new Engine();

const live = new LiveSites();

export default {
  async fetch(request, env, ctx) {
    try {
      const now = Date.now();
      prepare(env);
      const newer = live.look(env, ctx, engine, now);
      if (newer) await newer;
      const instruction = decide(request, env, now, "");
      if (instruction.kind === "answer") return instruction.response;
      if (instruction.kind === "own") return await own(request, env, ctx, instruction, engine, live);
      const response = await carry(request, env, ctx, instruction, engine);
      if (response) return response;
      // The drawn version failed: decide again knowing that, and carry that out without a second guard.
      const again = decide(request, env, Date.now(), instruction.attempts[0].version);
      if (again.kind === "answer") return again.response;
      again.guarded = false;
      return await carry(request, env, ctx, again, engine);
    } catch (error) {
      engine.failed(error, "a decision failed; the visitor got the stable version");
      return serveStable(request, env, engine);
    }
  },

  async scheduled(_event, env) {
    try {
      await (await second()).watch(env);
    } catch (error) {
      engine.say("the Controllers could not be looked after; it is tried again", error);
    }
  },
};

/** Takes the plan into use, in a new instance and after a trap. Throws if the Wasm traps or can not read it. */
function prepare(env) {
  if (engine.ready) return;
  engine.load(plan, env.HALFTONE_KEYS ?? "");
  for (const text of live.texts.values()) engine.adopt(text);
}

/** Facts in, instruction out. */
function decide(request, env, now, failed) {
  prepare(env);
  return engine.decide(request, now, failed);
}

// Objects: their code is in the second bundle, so that isolates that only serve pages do without it.
export const Intake = object("Intake", ["take", "forget"]);
export class Controller extends object("Controller", [
  "arm",
  "merge",
  "dropped",
  "rows",
  "shards",
  "ask",
  "publish",
  "status",
  "glance",
  "series",
  "source",
  "log",
  "revisions",
  "config",
  "foresee",
  "compare",
]) {
  #isCatchingUp = false;

  /** Isolates wait for this, so it is said before the second bundle is there; what else there is to do is done after it. */
  async live(site) {
    const known = this.isMade ? undefined : inForce(this.ctx.storage.sql);
    if (known === undefined) return (await this.object()).live(site);
    if (!this.#isCatchingUp) this.ctx.waitUntil(this.#catchUp(site));
    return known;
  }

  async #catchUp(site) {
    this.#isCatchingUp = true;
    await scheduler.wait(CALM_MS);
    try {
      await (await this.object()).live(site);
    } catch (error) {
      engine.say("a Controller could not be started; what was in force stays, and nothing moves", error);
    } finally {
      this.#isCatchingUp = false;
    }
  }
}
export const Tickets = object("Tickets", []);

/** An alarm that could not be dealt with is tried again after this, ms. */
const AGAIN_MS = 30_000;
/** So long after an answer nobody waits any more for a Controller to be started whole. */
const CALM_MS = 1000;

/** A class whose instances are made of the class of the same name in the second bundle. */
function object(name, methods) {
  class Lazy extends DurableObject {
    #made = null;

    get isMade() {
      return this.#made !== null;
    }

    async object() {
      const bundle = await second();
      this.#made ??= new bundle[name](this.ctx, this.env);
      return this.#made;
    }

    async fetch(request) {
      return (await this.object()).fetch(request);
    }

    /** The next one is set before anything can go wrong: the platform gives an alarm up that fails too often. */
    async alarm() {
      try {
        await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS);
        await (await this.object()).alarm();
      } catch (error) {
        engine.say(`an alarm of ${name} failed; it is tried again`, error);
      }
    }

    static {
      for (const method of methods) {
        Lazy.prototype[method] = function (...parts) {
          if (this.#made !== null) return this.#made[method](...parts);
          return this.object().then((made) => made[method](...parts));
        };
      }
    }
  }
  return Lazy;
}
