// Sessions of the dashboard: who has shown a token stays known for half a day, by a signed cookie that no script can read.
//
// The cookie says a name and until when; its signature also covers the hash of that name's token, so it is void as soon as
// the token's entry is gone or another's. Scripts of a site's builds are of the same site as the admin hostname to a browser, and
// send its cookies along: so what changes something needs our origin and a header that no foreign page can send, too.

const LIFE_MS = 12 * 3_600_000;
const PURPOSE = "halftone session 1";
/** What the dashboard sends with each request that changes something. */
const MARK = "halftone-dashboard";

const bytesOf = (text) => new TextEncoder().encode(text);

/** Whether a request comes from the dashboard itself. */
export function isOwn(request) {
  return request.headers.get("origin") === new URL(request.url).origin && request.headers.get(MARK) === "1";
}

/** The cookie for somebody who has shown a token of this hash, or null where nothing can be signed. */
export async function begin(request, env, { name, hash }, now) {
  const [key] = keysOf(env);
  if (key === undefined) return null;
  const until = now + LIFE_MS;
  const value = `${base64url(bytesOf(name))}.${until}.${await signature(key, name, until, hash)}`;
  return cookie(request, value, LIFE_MS / 1000);
}

/** The cookie that ends a session. */
export const end = (request) => cookie(request, "", 0);

/** Who a request's cookie is of, by the entries there are now: `{ name, role, hash }`; or null. */
export async function sessionOf(request, env, entries, now) {
  const found = (request.headers.get("cookie") ?? "")
    .split(/; */)
    .find((pair) => pair.startsWith(`${cookieName(request)}=`))
    ?.split("=")[1];
  const [encoded, until, signed] = /^([\w-]+)\.(\d{1,16})\.([\w-]{43})$/.exec(found ?? "")?.slice(1) ?? [];
  if (signed === undefined || Number(until) <= now) return null;
  for (const entry of entries) {
    if (base64url(bytesOf(entry.name)) !== encoded) continue;
    for (const key of keysOf(env)) if (isSame(await signature(key, entry.name, until, entry.hash), signed)) return entry;
  }
  return null;
}

/** `__Host-`: no other hostname can have set it. Browsers take that over https alone. */
const isSecure = (request) => request.url.startsWith("https:");
const cookieName = (request) => `${isSecure(request) ? "__Host-" : ""}halftone-admin`;

function cookie(request, value, maxAge) {
  const secure = isSecure(request) ? "; Secure" : "";
  return `${cookieName(request)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`;
}

/** The signing secrets, newest first, as `visitor::keys` reads them. */
function keysOf(env) {
  const texts = (env.HALFTONE_KEYS ?? "").split(",").map((text) => text.trim());
  return texts.filter((text) => /^[\w-]{43,}$/.test(text)).map((text) => Uint8Array.from(decoded(text), (c) => c.charCodeAt(0)));
}

const decoded = (text) => atob(text.replaceAll("-", "+").replaceAll("_", "/"));

async function signature(secret, name, until, hash) {
  // A key of its own for this purpose; what it signs means nothing anywhere else.
  const key = await mac(secret, bytesOf(PURPOSE));
  return base64url(await mac(key, bytesOf(`${name}\n${until}\n${hash}`)));
}

async function mac(secret, bytes) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** In a time that does not tell where they differ. */
export function isSame(ours, theirs) {
  let differing = ours.length ^ theirs.length;
  for (let at = 0; at < theirs.length; at++) differing |= (ours.charCodeAt(at) || 0) ^ theirs.charCodeAt(at);
  return differing === 0;
}
