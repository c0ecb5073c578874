// What someone careful writes by hand to count page views: a Worker that checks each page's token, and objects that keep one
// row for each page view in SQLite. It takes the very requests that ours takes.
//
// It does less than ours, on purpose, since it is what ours is held against: the visitor's cookie is not compared with the
// token, no network is hashed, no draw is kept, and what the rows amount to is left to whoever reads them.

import { DurableObject } from "cloudflare:workers";
import { Mac, shortCode } from "./rival-mac.mjs";

const SITE = "shop\0";
const PURPOSE = "halftone page 1";
const MOST_CHARACTERS = 64 * 1024;
const MOST_EVENTS = 50;
const LIFE_MS = 300_000;
const SKEW_MS = 60_000;

const BITS = { alive: 1, hidden: 2, worker: 4, error: 8, vital: 0 };
const METRICS = ["TTFB", "FCP", "LCP", "INP", "CLS"];

let mac = null;

function macOf(env) {
  const secret = Uint8Array.from(atob(env.HALFTONE_KEYS.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return new Mac(new Mac(secret).bytes(PURPOSE));
}

/** The page view that a token speaks for, or null. */
function opened(token, now) {
  if (typeof token !== "string" || token.length > 400 || !/^[\w.~:-]+$/.test(token)) return null;
  const cut = token.length - 23;
  if (token[cut] !== "~") return null;
  const text = token.slice(0, cut);
  const code = shortCode(mac.sign(SITE + text));
  let differing = 0;
  for (let i = 0; i < 22; i++) differing |= code.charCodeAt(i) ^ token.charCodeAt(cut + 1 + i);
  if (differing !== 0) return null;
  const [, time, visitor, rollout, letters, , served] = text.split("~");
  const ms = Number.parseInt(time, 36);
  if (ms > now + SKEW_MS || ms + LIFE_MS < now) return null;
  return { id: time + visitor.slice(0, 8), visitor, cell: `${rollout}|${letters}|${served}`, bits: 0, errors: 0, vitals: null };
}

/** Adds an event to what is known of its page; false for what is no event. */
function hear(page, { e, name, value }) {
  const bit = BITS[e];
  if (bit === undefined) return false;
  page.bits |= bit;
  if (e === "error") page.errors++;
  if (e !== "vital") return true;
  const at = METRICS.indexOf(name);
  if (at < 0 || !(value >= 0 && value < 2 ** 31)) return false;
  page.vitals ??= [null, null, null, null, null];
  page.vitals[at] = Math.round(name === "CLS" ? value * 10_000 : value);
  return true;
}

/** Which object has a visitor's rows. */
function shardOf(visitor, shards) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < visitor.length; i++) hash = Math.imul(hash ^ visitor.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % shards;
}

export default {
  async fetch(request, env) {
    if (!request.url.endsWith("/_halftone/in")) return new Response("Not found.\n", { status: 404 });
    if (request.method !== "POST") return new Response("Only POST.\n", { status: 405, headers: { allow: "POST" } });
    const length = Number(request.headers.get("content-length") ?? 0);
    const text = length > MOST_CHARACTERS ? "" : await request.text();
    if (text === "" || text.length > MOST_CHARACTERS) return new Response("Too large, or nothing.\n", { status: 413 });
    let events;
    try {
      events = [JSON.parse(text)].flat();
    } catch {
      return new Response("Not JSON.\n", { status: 400 });
    }
    if (events.length > MOST_EVENTS) return new Response("Too many.\n", { status: 413 });
    mac ??= macOf(env);
    const now = Date.now();
    const pages = new Map();
    for (const event of events) {
      const token = event?.t;
      if (!pages.has(token)) pages.set(token, opened(token, now));
      const page = pages.get(token);
      if (page !== null) hear(page, event);
    }
    const shards = Number(env.SHARDS);
    for (const page of pages.values()) {
      if (page === null) continue;
      const { id, visitor, cell, bits, errors, vitals } = page;
      await env.PAGES.getByName(String(shardOf(visitor, shards))).take(id, visitor, cell, bits, errors, vitals);
    }
    return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
  },
};

const TABLE = `CREATE TABLE IF NOT EXISTS pages (page TEXT PRIMARY KEY, visitor TEXT NOT NULL, cell TEXT NOT NULL,
  bits INTEGER NOT NULL, errors INTEGER NOT NULL, ttfb INTEGER, fcp INTEGER, lcp INTEGER, inp INTEGER, cls INTEGER) WITHOUT ROWID`;
const OPEN = `INSERT INTO pages (page, visitor, cell, bits, errors) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (page) DO UPDATE SET bits = bits | excluded.bits, errors = errors + excluded.errors`;
const MEASURE = `INSERT INTO pages (page, visitor, cell, bits, errors, ttfb, fcp, lcp, inp, cls)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
  ON CONFLICT (page) DO UPDATE SET bits = bits | excluded.bits, errors = errors + excluded.errors,
    ttfb = coalesce(excluded.ttfb, ttfb), fcp = coalesce(excluded.fcp, fcp), lcp = coalesce(excluded.lcp, lcp),
    inp = coalesce(excluded.inp, inp), cls = coalesce(excluded.cls, cls)`;

/** Rows of a share of the visitors. An answer is held back until its writes are on disk. */
export class Pages extends DurableObject {
  #sql;

  constructor(ctx, env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(TABLE);
  }

  take(page, visitor, cell, bits, errors, vitals) {
    if (vitals === null) this.#sql.exec(OPEN, page, visitor, cell, bits, errors);
    else this.#sql.exec(MEASURE, page, visitor, cell, bits, errors, ...vitals);
  }
}
