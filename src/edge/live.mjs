// The sites in force: asked of their Controllers now and then, kept in this isolate, shared within a data centre.
//
// How old what is known is counts from when a Controller said it. Up to FRESH_MS a request is served at once; then it is
// served at once and the next one will know more; beyond STALE_MS, where something could have been rolled back since, a
// request waits for the answer, PATIENCE_MS at most. Nothing here decides, and whatever fails, the last known stays.

import { controllerOf } from "./objects.mjs";

const FRESH_MS = 5000;
const STALE_MS = 8000;
const PATIENCE_MS = 150;
/** How long the data centre shares an answer. */
const SHARED_S = 2;
/** A Controller that has not answered by then is out. */
const LATE_MS = 2000;
/** And one that has not by then may be: what it wrote down last is taken meanwhile, so that who waits does not wait in vain. */
const DOUBT_MS = 60;
const SHARED = "https://live.halftone.invalid/sites";

export class LiveSites {
  /** The text of each site, by name; the newest known. */
  texts = new Map();
  #revisions = new Map();
  #asOf = 0;
  #asked = 0;
  #after = FRESH_MS;

  /** Looks after what is known, beside a request. Gives a promise to wait for, or nothing. */
  look(env, ctx, engine, now) {
    const age = now - this.#asOf;
    if (age <= this.#after) return undefined;
    if (!env.CONTROLLER) {
      engine.say("binding CONTROLLER is missing; the split of the last build is served, and nothing moves it");
      return undefined;
    }
    // One question at a time; one that never came back does not stop the next.
    const isAsking = now - this.#asked < LATE_MS;
    const answer = isAsking ? undefined : this.#refresh(env, ctx, engine, now);
    if (answer) ctx.waitUntil(answer);
    if (age <= STALE_MS || !engine.draws) return undefined;
    return this.#wait(answer, now);
  }

  /** Until the answer is there, whoever asked. A promise of another request may not be waited for, so this looks. */
  async #wait(answer, since) {
    if (answer) return await Promise.race([answer, sleep(PATIENCE_MS)]);
    while (this.#asOf < since && Date.now() - since < PATIENCE_MS) await sleep(10);
  }

  async #refresh(env, ctx, engine, now) {
    this.#asked = now;
    try {
      const { asOf, texts } = (await shared(now)) ?? (await this.#ask(env, ctx, engine, now));
      for (const [site, text] of texts) this.#take(site, text, engine);
      this.#asOf = asOf;
      // Isolates that started together do not go on asking together.
      this.#after = FRESH_MS * (0.8 + 0.2 * Math.random());
    } catch (error) {
      engine.say("the sites in force can not be looked up; serving the last known", error);
    } finally {
      this.#asked = 0;
    }
  }

  /** `revision text`; an older one than is known is a copy that lags. */
  #take(site, value, engine) {
    const [revision, text] = value.split(" live ");
    if (!text || this.texts.get(site) === text || Number(revision) < (this.#revisions.get(site) ?? 0)) return;
    if (!engine.adopt(text)) return;
    this.texts.set(site, text);
    this.#revisions.set(site, Number(revision));
  }

  /** Every site's Controller, or what it wrote down last. */
  async #ask(env, ctx, engine, now) {
    let isWhole = true;
    const asked = engine.sites.map(async ([site, place]) => {
      const written = async () => (await env.PLANS?.get(`live/${site}`)) ?? "";
      const doubt = setTimeout(() => {
        written()
          .then((text) => this.#take(site, text, engine))
          .catch(() => {});
      }, DOUBT_MS);
      try {
        return [site, await within(controllerOf(env, site, place).live(site), LATE_MS)];
      } catch (error) {
        isWhole = false;
        engine.say("a Controller did not answer; the last plan it wrote down is served", error);
        return [site, await written()];
      } finally {
        clearTimeout(doubt);
      }
    });
    const texts = await Promise.all(asked);
    if (isWhole) ctx.waitUntil(share(now, texts));
    return { asOf: now, texts };
  }
}

async function shared(now) {
  const response = await caches.default.match(SHARED);
  if (!response) return null;
  const [asOf, ...lines] = (await response.text()).split("\n");
  if (now - Number(asOf) > FRESH_MS) return null;
  return { asOf: Number(asOf), texts: lines.map((line) => line.split("\t")) };
}

async function share(asOf, texts) {
  const lines = texts.map((entry) => entry.join("\t"));
  const headers = { "cache-control": `max-age=${SHARED_S}` };
  await caches.default.put(SHARED, new Response([asOf, ...lines].join("\n"), { headers }));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function within(promise, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
