// The worker someone careful writes by hand for one site: the same split, cookie, headers and fail-over as ours, and the
// site's plan written into the code. The bench checks that its answers are ours before it measures it.

import { idOf, Mac, shortCode } from "./rival-mac.mjs";

const STABLE = "v1";
const CANARY = "v2";
const ORIGINS = { v1: "https://origin.local/v1", v2: "http://origin.local/v2" };
/** Slots below this are the stable version's. */
const STABLE_SLOTS = 5000;
const COUNTRY = "NZ";
const REVISION = "1";
const TIMEOUT_MS = 3000;

const NAME = "halftone";
const MAX_AGE_S = 15552000;
const PURPOSE = "halftone visitor cookie 1";
const SITE = "shop\0";
const SALT = "shop/rollout/v2\0";

const PRIVATE = "private, no-cache";
const NOWHERE = "private, no-store";
const IMMUTABLE = "public, max-age=31536000, immutable";
const HASHED = /[.-](?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\.(?!html?$)[a-z0-9]+$/;

let mac = null;

function macOf(env) {
  const secret = Uint8Array.from(atob(env.HALFTONE_KEYS.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return new Mac(new Mac(secret).bytes(PURPOSE));
}

// --- Slots ------------------------------------------------------------------------------------------------------------

function mixed(hash, block) {
  const k = Math.imul(block, 0xcc9e2d51);
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** MurmurHash3 x86 32-bit of an ASCII text, continued from the state after `done` bytes. */
function murmur3(text, seed, done) {
  const { length } = text;
  const whole = length & ~3;
  let hash = seed;
  for (let i = 0; i < whole; i += 4) {
    hash = mixed(
      hash,
      text.charCodeAt(i) | (text.charCodeAt(i + 1) << 8) | (text.charCodeAt(i + 2) << 16) | (text.charCodeAt(i + 3) << 24),
    );
  }
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | text.charCodeAt(i);
  if (whole < length) {
    const k = Math.imul(tail, 0xcc9e2d51);
    hash ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  }
  hash ^= length + done;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The salt is sixteen bytes long, so its part of every hash is known beforehand. */
const SALTED = [0, 4, 8, 12].reduce(
  (hash, at) =>
    mixed(
      hash,
      [3, 2, 1, 0].reduce((block, byte) => (block << 8) | SALT.charCodeAt(at + byte), 0),
    ),
  0,
);
const ROLLOUT = Math.max(1, murmur3(SALT.slice(0, -1), 1, 0)).toString(36);
/** What a visitor's cookie keeps of their draw behind the arm's letter: the step, which split it was, and the odds. */
const DRAW = `1/${murmur3("", 2, 0).toString(36)}/${(10000 - STABLE_SLOTS).toString(36)}/${STABLE_SLOTS.toString(36)}`;

function slotOf(id) {
  return Math.floor((murmur3(id, SALTED, SALT.length) * 10000) / 2 ** 32);
}

// --- The cookie: 1:id:first seen:written:served:rollout:kept:signature ------------------------------------------------

/** The parts of the first cookie of ours that verifies, or null. */
function readCookie(header, name) {
  for (let at = header.indexOf(name); at >= 0; at = header.indexOf(name, at + 1)) {
    const before = at === 0 ? ";" : header[at - 1];
    const from = at + name.length + 1;
    if ((before !== ";" && before !== " ") || header[from - 1] !== "=") continue;
    const end = header.indexOf(";", from);
    const value = end < 0 ? header.slice(from) : header.slice(from, end);
    const cut = value.length - 23;
    if (value.length > 1024 || cut < 30 || value[cut] !== ":") continue;
    const text = value.slice(0, cut);
    const code = shortCode(mac.sign(SITE + text));
    let differing = 0;
    for (let i = 0; i < 22; i++) differing |= code.charCodeAt(i) ^ value.charCodeAt(cut + 1 + i);
    if (differing === 0) return text.split(":");
  }
  return null;
}

function setCookie(name, id, first, written, served, kept, secure) {
  const text = `1:${id}:${first}:${written}:${served}:${ROLLOUT}:${kept}`;
  const code = shortCode(mac.sign(SITE + text));
  return `${name}=${text}:${code}; Path=/; Max-Age=${MAX_AGE_S}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

const encoder = new TextEncoder();
const PLAIN = /^[A-Za-z0-9-]*$/;

function escaped(name) {
  if (name === undefined || PLAIN.test(name)) return name ?? "";
  let text = "";
  for (const byte of encoder.encode(name)) {
    const character = String.fromCharCode(byte);
    text += PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

const random = new Uint8Array(16);

/** Recognises or mints the visitor and draws: the version, why, and the cookie if anything in it changed. */
function draw(request, cookies, secure, failed) {
  const name = secure ? `__Host-${NAME}` : NAME;
  const read = cookies === null ? null : readCookie(cookies, name);
  let kept = read !== null && read[5] === ROLLOUT ? read[6] : "";
  if (kept === "" || kept[0] === "|") {
    const cf = request.cf;
    kept = `${escaped(cf?.country)}/${escaped(cf?.regionCode)}/${escaped(cf?.city)}/${escaped(cf?.colo)}||`;
  }
  const id = read === null ? idOf(crypto.getRandomValues(random)) : read[1];
  let version = STABLE;
  let why = "stable";
  if (kept.startsWith(COUNTRY) && kept[COUNTRY.length] === "/") {
    version = CANARY;
    why = "rule";
  } else {
    if (slotOf(id) >= STABLE_SLOTS) {
      version = CANARY;
      why = "canary";
    }
    if (kept.endsWith("||")) kept += `|${version === CANARY ? "c" : "s"}${DRAW}`;
  }
  if (version === failed) {
    version = STABLE;
    why = "fallback";
  }
  const now = Math.floor(Date.now() / 1000);
  let cookie = "";
  if (
    read === null ||
    read[4] !== version ||
    read[5] !== ROLLOUT ||
    read[6] !== kept ||
    now - Number.parseInt(read[3], 36) > MAX_AGE_S / 2
  ) {
    const written = now.toString(36);
    cookie = setCookie(name, id, read === null ? written : read[2], written, version, kept, secure);
  }
  return { version, why, cookie };
}

// --- Headers ----------------------------------------------------------------------------------------------------------

/** Only tags that this version handed out are asked about. */
function validators(version, sent) {
  const mark = `"${version}~`;
  const tags = sent.split(",").map((tag) => tag.trim());
  return sent === "*"
    ? sent
    : tags
        .filter((tag) => tag.includes(mark))
        .map((tag) => tag.replace(mark, '"'))
        .join(", ");
}

function originInit(request, host, version, isPublic, signal) {
  const { method } = request;
  const headers = new Headers(request.headers);
  headers.delete("cookie");
  headers.delete("authorization");
  headers.set("x-forwarded-host", host);
  const sent = headers.get("if-none-match");
  if (sent !== null && !isPublic) {
    const tags = validators(version, sent);
    if (tags === "") headers.delete("if-none-match");
    else headers.set("if-none-match", tags);
  }
  const reads = method === "GET" || method === "HEAD";
  return { method, headers, body: reads ? undefined : request.body, redirect: "manual", signal };
}

function finish(request, response, { version, why, cookie }, isPublic, isNavigation, site) {
  const { status } = response;
  if (status === 101) return response;
  const out = new Response(request.method === "HEAD" ? null : response.body, response);
  const { headers } = out;
  headers.delete("nel");
  headers.delete("report-to");
  headers.delete("alt-svc");
  headers.delete("strict-transport-security");
  if (headers.get("x-robots-tag")?.includes("noindex")) headers.delete("x-robots-tag");
  const location = headers.get("location");
  if (location?.startsWith(ORIGINS[version])) headers.set("location", site + location.slice(ORIGINS[version].length));
  if (isPublic) {
    if (status === 200 || status === 206 || status === 304) {
      headers.set("cache-control", IMMUTABLE);
      headers.delete("set-cookie");
    } else headers.set("cache-control", NOWHERE);
  } else {
    headers.set("cache-control", headers.get("cache-control")?.includes("no-store") ? NOWHERE : PRIVATE);
    const etag = headers.get("etag");
    if (etag !== null) headers.set("etag", etag.replace('"', `"${version}~`));
    headers.append("vary", "Cookie");
  }
  if (cookie !== "") headers.append("set-cookie", cookie);
  headers.set("halftone", `version=${version}, why=${why}, revision=${REVISION}`);
  if (isNavigation) headers.append("server-timing", `halftone;desc="${version} ${why} r${REVISION}"`);
  return out;
}

// --- Requests ---------------------------------------------------------------------------------------------------------

async function navigate(request, cookies, address) {
  const drawn = draw(request, cookies, address.secure, "");
  if (drawn.version === STABLE || (request.method !== "GET" && request.method !== "HEAD")) {
    const response = await fetch(ORIGINS[drawn.version] + address.rest, originInit(request, address.host, drawn.version, false));
    return finish(request, response, drawn, false, true, address.site);
  }
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(ORIGINS[CANARY] + address.rest, originInit(request, address.host, CANARY, false, abort.signal));
    if (response.status < 500) return finish(request, response, drawn, false, true, address.site);
    response.body?.cancel();
  } catch {
    // Refused or too late: as if it had answered 5xx.
  } finally {
    clearTimeout(timer);
  }
  const again = draw(request, cookies, address.secure, CANARY);
  const response = await fetch(ORIGINS[STABLE] + address.rest, originInit(request, address.host, STABLE, false));
  return finish(request, response, again, false, true, address.site);
}

/** A file comes from the version its page came from; where that has none, from the other. */
async function subresource(request, cookies, address) {
  const read = cookies === null ? null : readCookie(cookies, address.secure ? `__Host-${NAME}` : NAME);
  const reads = request.method === "GET" || request.method === "HEAD";
  const query = address.rest.indexOf("?");
  const isPublic = reads && HASHED.test(query < 0 ? address.rest : address.rest.slice(0, query));
  const version = read !== null && read[4] === CANARY ? CANARY : STABLE;
  const drawn = { version, why: read === null ? "stable" : "page", cookie: "" };
  let response = await fetch(ORIGINS[version] + address.rest, originInit(request, address.host, version, isPublic));
  if (reads && isMissing(response, isPublic)) {
    response.body?.cancel();
    drawn.version = version === STABLE ? CANARY : STABLE;
    drawn.why = "skew";
    response = await fetch(ORIGINS[drawn.version] + address.rest, originInit(request, address.host, drawn.version, isPublic));
  }
  return finish(request, response, drawn, isPublic, false, address.site);
}

function isMissing(response, isPublic) {
  const { status } = response;
  if (status === 404 || status === 410 || status >= 500) return true;
  return isPublic && (response.headers.get("content-type")?.startsWith("text/html") ?? false);
}

export default {
  async fetch(request, env) {
    const { url, headers } = request;
    const start = url.indexOf("/", 8);
    const site = url.slice(0, start);
    const secure = url.startsWith("https");
    const address = { secure, site, host: site.slice(secure ? 8 : 7), rest: url.slice(start) };
    try {
      mac ??= macOf(env);
      const dest = headers.get("sec-fetch-dest");
      const isNavigation = dest === "document" || (dest === null && (headers.get("accept")?.includes("text/html") ?? false));
      const cookies = headers.get("cookie");
      return await (isNavigation ? navigate(request, cookies, address) : subresource(request, cookies, address));
    } catch (error) {
      console.error(String(error));
      return fetch(ORIGINS[STABLE] + address.rest, originInit(request, address.host, STABLE, false));
    }
  },
};
