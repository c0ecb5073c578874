// What pages send: beacons of page views that were served a moment ago, to visitors of whom nobody has heard yet.
//
// Asking a Worker for each page first would put a note of it where beacons are measured. So one real page of each version is
// asked for, and its token and cookie are written anew for other visitors, under the same key.

import { createHmac, randomBytes, randomInt } from "node:crypto";
import { KEY } from "./contenders.mjs";
import { ask, beacon, cookieOf, page } from "./visits.mjs";

const SITE = "shop\0";

/** How many beacons each request of a kind holds. */
export const KINDS = { "first paint": 1, "five vitals": 5 };

/** How many a page view sends. */
export const OF_A_PAGE = Object.values(KINDS).reduce((sum, n) => sum + n, 0);

function signer(purpose) {
  const key = createHmac("sha256", Buffer.from(KEY, "base64url")).update(purpose).digest();
  return (text) =>
    createHmac("sha256", key)
      .update(SITE + text)
      .digest()
      .subarray(0, 16)
      .toString("base64url");
}
const signToken = signer("halftone page 1");
const signCookie = signer("halftone visitor cookie 1");

export const tokenOf = (answer) => /halftone-page;desc="([^"]+)"/.exec(answer.headers.join("\n"))?.[1];

/** A token and a cookie of each version, as the Worker at a port gives them. */
export async function samples(port) {
  const found = new Map();
  for (let n = 0; found.size < 2; n++) {
    if (n === 100) throw new Error("100 visitors at 50 % did not meet both versions.");
    // Visitors from where no rule holds.
    const answer = await ask(port, page(0, ""));
    const token = tokenOf(answer);
    if (token === undefined) throw new Error(`a page came without a token:\n${answer.headers.join("\n")}`);
    found.set(token.split("~")[6], { token: token.split("~"), cookie: cookieOf(answer).split(":") });
  }
  return [...found.values()];
}

/** Somebody new, and the page they were served now. */
function visitor({ token, cookie }) {
  const id = randomBytes(16).toString("base64url");
  const text = [token[0], Date.now().toString(36), id, ...token.slice(3, -1)].join("~");
  const [name, format] = cookie[0].split("=");
  const value = [format, id, ...cookie.slice(2, -1)].join(":");
  return { token: `${text}~${signToken(text)}`, cookie: `${name}=${value}:${signCookie(value)}` };
}

const events = {
  "first paint": () => [{ e: "alive", at: randomInt(200, 2000) }],
  "five vitals": () => {
    const id = `v5-${Date.now()}-${randomInt(1e12, 9e12)}`;
    const vital = (name, value) => ({ e: "vital", name, value, id });
    return [
      vital("TTFB", randomInt(300, 6000) / 10),
      vital("FCP", randomInt(200, 2000)),
      vital("LCP", randomInt(300, 4000)),
      vital("INP", randomInt(1, 40) * 8),
      vital("CLS", randomInt(0, 2000) / 1e4),
    ];
  },
};

/** For so many page views the requests they send, by kind. They count for half a minute. */
export function requestsOf(found, count) {
  const visitors = Array.from({ length: count }, (_, n) => visitor(found[n % found.length]));
  const of = (kind) =>
    visitors.map(({ token, cookie }) => {
      const body = JSON.stringify(events[kind]().map((event) => ({ t: token, ...event })));
      return beacon(cookie, body, `${randomInt(1, 224)}.${randomInt(256)}.${randomInt(256)}.9`);
    });
  return Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, of(kind)]));
}

/** A beacon of a page whose token somebody changed. */
export function forged(found) {
  const { token, cookie } = visitor(found[0]);
  const other = token.replace(/.{22}$/, "A".repeat(22));
  return beacon(cookie, JSON.stringify([{ t: other, e: "alive", at: 900 }]), "203.0.113.7");
}
