// What someone careful writes by hand to count page views: a Worker that checks each page's token and that it speaks for the
// visitor of the cookie, and objects that keep in SQLite a row for each page view, a row for each draw of a visitor, so that they
// count once, and how many draws came from each network. It takes the very requests that ours takes, and what it acknowledges is
// as much and as safe.
//
// It does less than ours where nothing durable hangs on it, since it is what ours is held against: what is dropped is not counted
// by reason, goals are left out, versions are not looked up, and what the rows amount to is left to whoever reads them.

import { DurableObject } from "cloudflare:workers";
import { Mac, shortCode } from "./rival-mac.mjs";

const SITE = "shop\0";
const PURPOSES = { page: "halftone page 1", cookie: "halftone visitor cookie 1", network: "halftone network 1" };
const MOST_CHARACTERS = 64 * 1024;
const MOST_EVENTS = 50;
const LIFE_MS = 300_000;
const SKEW_MS = 60_000;

const BITS = { alive: 1, hidden: 2, worker: 4, error: 8, vital: 0 };
const METRICS = ["TTFB", "FCP", "LCP", "INP", "CLS"];

let macs = null;

/** A key for each purpose, made of the one secret. */
function macsOf(env) {
  const secret = Uint8Array.from(atob(env.HALFTONE_KEYS.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const derived = ([name, purpose]) => [name, new Mac(new Mac(secret).bytes(purpose))];
  return Object.fromEntries(Object.entries(PURPOSES).map(derived));
}

/** What stands before a signature, if it holds; null otherwise. */
function verified(mac, text, separator) {
  const cut = text.length - 23;
  if (text[cut] !== separator) return null;
  const said = text.slice(0, cut);
  const code = shortCode(mac.sign(SITE + said));
  let differing = 0;
  for (let i = 0; i < 22; i++) differing |= code.charCodeAt(i) ^ text.charCodeAt(cut + 1 + i);
  return differing === 0 ? said : null;
}

/** Whose cookie came with a request, or "". */
function visitorOf(cookies) {
  const value = /(?:^|;\s*)__Host-halftone=([^;]{24,400})/.exec(cookies)?.[1];
  return (value && verified(macs.cookie, value, ":")?.split(":")[1]) ?? "";
}

/** What is kept of an address: a keyed hash of its network. */
function networkOf(address, rollout) {
  const parts = address.includes(":") ? address.split(":") : address.split(".");
  return shortCode(macs.network.sign(`${SITE}${rollout}\0${parts.slice(0, 3).join(".")}`)).slice(0, 11);
}

/** The page view that a token speaks for, or null if it is not one of this visitor. */
function opened(token, owner, address, now) {
  if (typeof token !== "string" || token.length > 400 || !/^[\w.~:-]+$/.test(token)) return null;
  const [, time, visitor, rollout, letters, , served] = verified(macs.page, token, "~")?.split("~") ?? [];
  if (visitor === undefined || visitor !== owner) return null;
  const ms = Number.parseInt(time, 36);
  if (ms > now + SKEW_MS || ms + LIFE_MS < now) return null;
  const cell = `${rollout}|${letters}|${served}`;
  const network = networkOf(address, rollout);
  return { id: time + visitor.slice(0, 8), visitor, cell, network, bits: 0, errors: 0, vitals: [null, null, null, null, null] };
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
    macs ??= macsOf(env);
    const now = Date.now();
    const owner = visitorOf(request.headers.get("cookie") ?? "");
    const address = request.headers.get("cf-connecting-ip") ?? "";
    const pages = new Map();
    for (const event of events) {
      const token = event?.t;
      if (!pages.has(token)) pages.set(token, opened(token, owner, address, now));
      const page = pages.get(token);
      if (page !== null) hear(page, event);
    }
    const shards = Number(env.SHARDS);
    for (const page of pages.values()) {
      if (page === null) continue;
      const { id, visitor, cell, network, bits, errors, vitals } = page;
      await env.PAGES.getByName(String(shardOf(visitor, shards))).take(id, visitor, cell, network, bits, errors, vitals);
    }
    return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
  },
};

const TABLES = [
  `CREATE TABLE IF NOT EXISTS pages (page TEXT PRIMARY KEY, visitor TEXT NOT NULL, cell TEXT NOT NULL, network TEXT NOT NULL,
    bits INTEGER NOT NULL, errors INTEGER NOT NULL, ttfb INTEGER, fcp INTEGER, lcp INTEGER, inp INTEGER, cls INTEGER) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS draws (visitor TEXT NOT NULL, cell TEXT NOT NULL, page TEXT NOT NULL, voted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (visitor, cell)) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS networks (network TEXT PRIMARY KEY, trials INTEGER NOT NULL) WITHOUT ROWID",
];
/** What a page that is known says; nothing is written where it said that before. */
const MORE = `UPDATE pages SET bits = bits | ?3, errors = errors + ?4, ttfb = coalesce(?5, ttfb), fcp = coalesce(?6, fcp),
  lcp = coalesce(?7, lcp), inp = coalesce(?8, inp), cls = coalesce(?9, cls)
  WHERE page = ?1 AND visitor = ?2 AND (bits | ?3 <> bits OR ?4 > 0 OR coalesce(?5, ?6, ?7, ?8, ?9) IS NOT NULL)`;
const DRAW = "INSERT INTO draws (visitor, cell, page) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const TRY =
  "INSERT INTO networks (network, trials) VALUES (?1, 1) ON CONFLICT (network) DO UPDATE SET trials = trials + 1 WHERE trials < ?2";
const OPEN = `INSERT INTO pages (page, visitor, cell, network, bits, errors, ttfb, fcp, lcp, inp, cls)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING`;

const TRIAL = 128;
const OVER = 2048;
/** A network may have so many trials in an object. */
const MOST_TRIALS = 50;

/** Rows of a share of the visitors. An answer is held back until its writes are on disk. */
export class Pages extends DurableObject {
  #sql;

  constructor(ctx, env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    for (const table of TABLES) this.#sql.exec(table);
  }

  take(page, visitor, cell, network, bits, errors, vitals) {
    if (this.#sql.exec(MORE, page, visitor, bits, errors, ...vitals).rowsWritten > 0) return;
    let all = bits;
    if (this.#sql.exec(DRAW, visitor, cell, page).rowsWritten > 0) {
      all |= this.#sql.exec(TRY, network, MOST_TRIALS).rowsWritten > 0 ? TRIAL : TRIAL | OVER;
    }
    this.#sql.exec(OPEN, page, visitor, cell, network, all, errors, ...vitals);
  }
}
