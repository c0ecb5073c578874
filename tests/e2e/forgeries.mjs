// Beacons of liars, by kind: what somebody sends who has a page of their own, what they overheard of others, and time. Each
// kind says under which reason each of its beacons, or its whole body, is dropped.
//
// Some of them need the secret to be made (a page of yesterday, a version that is gone): they are real tokens of another time.

import { createHmac, randomBytes } from "node:crypto";
import { KEY } from "../bench/contenders.mjs";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.:";
const [TIME, VISITOR, SERVED] = [1, 2, 6];

function signer(secret, site, purpose) {
  const key = createHmac("sha256", Buffer.from(secret, "base64url")).update(purpose).digest();
  return (text) => createHmac("sha256", key).update(`${site}\0${text}`).digest().subarray(0, 16).toString("base64url");
}
const sign = signer(KEY, "shop", "halftone page 1");
const foreignKey = randomBytes(32).toString("base64url");
const signWrongly = signer(foreignKey, "shop", "halftone page 1");
const signCookieWrongly = signer(foreignKey, "shop", "halftone visitor cookie 1");

/** The parts of a token without its signature, some of them others. */
const parts = (token, others = {}) => Object.assign(token.split("~").slice(0, -1), others);
const signed = (words, by = sign) => `${words.join("~")}~${by(words.join("~"))}`;
/** The token as it would be if its page had been served so much earlier. */
export const agedBy = (token, ms) => signed(parts(token, { [TIME]: (Date.now() - ms).toString(36) }));
/** The token as it would be if its page had been served so much earlier than it was: that of a row made so much older. */
export const earlier = (token, ms) =>
  signed(parts(token, { [TIME]: (Number.parseInt(parts(token)[TIME], 36) - ms).toString(36) }));

/**
 * The kinds. A kind gives a token or a whole beacon from the liar's own page (`own`: token and cookie), `other` (a page of
 * somebody else's), `ahead` (a page fetched ahead that nobody looked at) and `blog` (a page of another site of the same Worker),
 * and chance: `below(n)` is a number from 0 to n - 1.
 */
export const KINDS = {
  "any text": { drops: "bad_token", token: (_, below) => text(1 + below(400), below) },
  "a signature that is made up": {
    drops: "bad_token",
    token: ({ own }, below) => `${parts(own.token).join("~")}~${text(21, below)}A`,
  },
  "one character changed": { drops: "bad_token", token: ({ own }, below) => changed(own.token, below) },
  "the other version": {
    drops: "bad_token",
    token: ({ own }) => own.token.replace(/~v[12]~/, (version) => (version === "~v1~" ? "~v2~" : "~v1~")),
  },
  "cut off": { drops: "bad_token", token: ({ own }, below) => own.token.slice(0, below(own.token.length)) },
  "far too long": { drops: "bad_token", token: ({ own }, below) => own.token + text(400, below) },
  "signed with another secret": { drops: "bad_token", token: ({ own }) => signed(parts(own.token), signWrongly) },
  "of another site": {
    drops: "bad_token",
    token: ({ blog }) => blog.token,
    cookie: ({ own, blog }) => `${own.cookie}; ${blog.cookie}`,
  },
  "no token": { drops: "bad_token", beacon: (_, below) => ({ t: [null, 7, "", {}][below(4)], e: "alive", at: 1 }) },
  "of yesterday": { drops: "expired", token: ({ own }, below) => agedBy(own.token, DAY_MS + 1000 + below(DAY_MS)) },
  "of tomorrow": { drops: "expired", token: ({ own }, below) => agedBy(own.token, -2 * MINUTE_MS - below(DAY_MS)) },
  "too late": { drops: "expired", token: ({ own }, below) => agedBy(own.token, 6 * MINUTE_MS + below(DAY_MS / 2)) },
  "of another visitor": { drops: "foreign", token: ({ other }) => other.token },
  "of another visitor, without a cookie": { drops: "foreign", token: ({ other }) => other.token, cookie: () => "" },
  "of another visitor, whose cookie is made up": {
    drops: "foreign",
    token: ({ other }) => other.token,
    cookie: ({ own, other }) => madeUp(own.cookie, other.token.split("~")[VISITOR]),
  },
  "of a version that is gone": { drops: "unknown_version", token: ({ own }) => signed(parts(own.token, { [SERVED]: "v9" })) },
  "of a page nobody looked at": { drops: "no_page", token: ({ ahead }) => ahead.token },
  "said before": { drops: "duplicate", beacon: ({ own }) => ({ t: own.token, e: "goal", name: "signup" }) },
  "an unknown event": { drops: "unknown_event", beacon: ({ own }, below) => ({ t: own.token, e: `x${text(below(9), below)}` }) },
  "a field of another type": {
    drops: "bad_field",
    beacon: ({ own }, below) => ({ t: own.token, ...MISTYPED[below(MISTYPED.length)] }),
  },
  "no object": { drops: "bad_json", beacon: (_, below) => [1, null, "alive", true, []][below(5)] },
};

const MISTYPED = [
  { e: "alive" },
  { e: "alive", at: "7" },
  { e: "alive", at: -1 },
  { e: "error", kind: "fire", at: 1 },
  { e: "error", kind: ["error"], at: 1 },
  { e: "error", kind: "error", at: 1e300 },
  { e: "vital", name: "LCP", value: "9000", id: "a" },
  { e: "vital", name: "LCP", value: -1, id: "a" },
  { e: "vital", name: "XYZ", value: 9000, id: "a" },
  { e: "vital", name: "CLS", value: 1 },
  { e: "late", names: "FCP" },
  { e: "goal", name: "../signup" },
  { e: 5 },
  {},
];

/** Bodies that are refused as a whole: status, word, and what is sent. */
export const BODIES = {
  "no JSON": { status: 400, drops: "bad_json", body: ({ own }) => `[{"t":"${own.token}","e":"alive","at":1}` },
  "not UTF-8": { status: 400, drops: "bad_json", body: () => Buffer.from([0x5b, 0xff, 0xfe, 0x5d]) },
  "nested too deep": { status: 400, drops: "bad_json", body: () => "[".repeat(1000) },
  "neither object nor array": { status: 400, drops: "bad_json", body: () => '"alive"' },
  "too large": { status: 413, drops: "too_large", body: ({ own }) => JSON.stringify({ t: own.token, e: "x".repeat(65 * 1024) }) },
  "too many": {
    status: 413,
    drops: "too_many",
    body: ({ own }) => JSON.stringify(Array.from({ length: 51 }, () => ({ t: own.token, e: "error", kind: "error", at: 1 }))),
  },
  "another type": {
    status: 415,
    drops: "bad_type",
    type: "application/x-www-form-urlencoded",
    body: ({ own }) => JSON.stringify({ t: own.token, e: "error", kind: "error", at: 1 }),
  },
};

/** What a liar says in favour of one version and against the other: all that would be a vote, or hide one. */
export function lie(below) {
  const said = [
    { e: "alive", at: 1 },
    { e: "error", kind: "error", at: 1 },
    { e: "hidden" },
    { e: "worker" },
    { e: "vital", name: "LCP", value: 9000, id: "a" },
    { e: "vital", name: "CLS", value: 3, id: "b" },
    { e: "vital", name: "INP", value: 3000, id: "c" },
    { e: "late", names: ["FCP", "LCP"] },
    { e: "goal", name: "signup" },
    { e: "soft" },
  ];
  return said[below(said.length)];
}

const text = (length, below) => Array.from({ length }, () => WORD[below(WORD.length)]).join("");

function changed(token, below) {
  const at = below(token.length);
  const other = WORD[(WORD.indexOf(token[at]) + 1 + below(WORD.length - 1)) % WORD.length];
  return token.slice(0, at) + other + token.slice(at + 1);
}

/** A cookie in the name of somebody else, signed with another secret. */
function madeUp(cookie, visitor) {
  const [name, value] = cookie.split(/=(.*)/s);
  const words = value.split(":").slice(0, -1);
  words[1] = visitor;
  return `${name}=${words.join(":")}:${signCookieWrongly(words.join(":"))}`;
}
