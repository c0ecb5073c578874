// The Worker's entry: gathers the facts of a request, lets the Wasm decide, carries the instruction out.
//
// It decides nothing about versions. What it does own: a trap in the Wasm is caught here and the visitor gets the stable
// site by the small table the build left (fallback); the next request finds a fresh instance. No object of the old
// instance is ever kept, so nobody else's request notices.

import { DurableObject } from "cloudflare:workers";
import embeddedPlan from "halftone-plan";
import { carry } from "./edge/carry.mjs";
import { serveStable } from "./edge/stable.mjs";
import { Engine } from "./edge/wasm.mjs";

const engine = new Engine();

/** How old the plan of this isolate may be before it is looked up again, ms. */
const PLAN_FRESH_MS = 5000;
let planChecked = 0;
let plan = embeddedPlan;

export default {
  async fetch(request, env, ctx) {
    try {
      const now = Date.now();
      if (now - planChecked > PLAN_FRESH_MS) refreshPlan(env, ctx, now);
      const instruction = decide(request, env, now, "");
      if (instruction.kind === "answer") return instruction.response;
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
};

/** Facts in, instruction out. Throws if the Wasm traps or has no plan it can read. */
function decide(request, env, now, failed) {
  if (!engine.ready(plan)) engine.load(plan, env.HALFTONE_KEYS ?? "");
  return engine.decide(request, now, failed);
}

/** Looks for a newer plan in the background; this request does not wait for it. */
function refreshPlan(env, ctx, now) {
  planChecked = now;
  if (!env.PLANS) return;
  ctx.waitUntil(
    env.PLANS.get("plan").then(
      (text) => {
        if (text && text !== plan && engine.load(text, env.HALFTONE_KEYS ?? "")) plan = text;
      },
      (error) => engine.say("the live plan can not be looked up; serving the last one", error),
    ),
  );
}

/** The ticket office of the sequential strategy: rules and SQL are in the Wasm, this only hands the storage over. */
export class Tickets extends DurableObject {
  async fetch(request) {
    try {
      const text = await request.text();
      return new Response(engine.office(text, this.ctx.storage.sql, Date.now()));
    } catch (error) {
      engine.failed(error, "the ticket office failed; whoever asked it goes on without");
      return new Response("the ticket office had to start again", { status: 500 });
    }
  }
}
