// Visitors of a site under test, each in a network of their own, and what their pages report.

import { cookiesOf } from "./worker.mjs";

let networks = 0;

/** Seeded, so that a run can be had again: numbers from 0 to 1. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Visitor {
  constructor(worker, headers = {}) {
    networks += 1;
    this.worker = worker;
    this.cookie = "";
    this.more = { "cf-connecting-ip": `198.${(networks >> 8) & 255}.${networks & 255}.9`, ...headers };
  }

  headers(more = {}) {
    return { cookie: this.cookie, ...this.more, ...more };
  }

  /** Opens a page; gives its response. */
  async open(path = "/", headers = {}) {
    const response = await this.worker.navigate(path, { headers: this.headers(headers) });
    this.at = new URL(path, this.worker.url);
    this.cookie = cookiesOf(response, this.cookie);
    this.token = /halftone-page;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "")?.[1];
    this.version = response.headers.get("halftone")?.match(/version="?([^",]+)/)?.[1];
    this.why = response.headers.get("halftone")?.match(/why="?([^",]+)/)?.[1];
    return response;
  }

  /** The page's script says these things of it; the cookie comes back with them. */
  async say(...events) {
    const body = JSON.stringify(events.map((event) => ({ t: this.token, ...event })));
    const response = await this.worker.fetch(new URL("/_halftone/in", this.at), {
      method: "POST",
      body,
      headers: this.headers({ "content-type": "text/plain" }),
    });
    if (response.status !== 204) throw new Error(`a beacon was answered ${response.status}: ${await response.text()}`);
    return response;
  }
}

/** So many visitors, a few at a time: each opens a page, and `behave` says what it reports (nothing for a white page). */
export async function visit(worker, count, behave, { path = "/", headers = () => ({}) } = {}) {
  const seen = { pages: 0, byVersion: {} };
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const visitor = new Visitor(worker, headers(seen.pages));
      await (await visitor.open(path)).body?.cancel();
      seen.pages += 1;
      seen.byVersion[visitor.version] = (seen.byVersion[visitor.version] ?? 0) + 1;
      const events = behave(visitor);
      if (events.length > 0) await visitor.say(...events);
      else await (await worker.fetch(new URL("/_halftone/page.js", visitor.at), { headers: visitor.headers() })).body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return seen;
}

/** Pages are counted when they are so old, ms: their age and what may be under way. */
const COUNTED_MS = 32_000;
/** And when they are so old what comes later in them is: interaction, layout, goals, and their vitals. */
export const SLOW_MS = 302_000;

/**
 * Makes every open page of every intake object so old that it is counted a moment later, and not older: what is older than pages
 * that were counted is passed over.
 */
export async function age(worker, countedMs = COUNTED_MS) {
  const time = (Date.now() - countedMs + 200).toString(36).padStart(8, "0");
  // All at once: the object may fold at any moment, and is not to find some of them old and others young.
  const older = (table) => `UPDATE ${table} SET page = '${time}' || substr(page, 9) WHERE page > '${time}' AND page < 'z';`;
  for (const id of await worker.objects("INTAKE")) {
    const sql = await worker.storage("INTAKE", id);
    await sql.exec(["pages", "draws"].map(older).join("\n"));
  }
}

/**
 * Asks until there is an answer; nothing here is a matter of how fast it comes. An object that went to sleep just before its pages were
 * aged wakes when the first of them would have been old by itself, after half a minute.
 */
export async function eventually(ask, what, withinMs = 90_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`within ${withinMs / 1000} s there was not ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
