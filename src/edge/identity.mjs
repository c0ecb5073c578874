// Who asks the admin surface: a token whose hash the secret HALFTONE_TOKENS names, `name:role:sha256` separated by commas;
// the cookie of a session that began with one; or somebody whom Cloudflare Access let in, by the JSON Web Token it adds, if the secret
// HALFTONE_ACCESS says whose word counts:
// `{"team": "https://acme.cloudflareaccess.com", "aud": "…", "operators": ["ann@acme.example"], "viewers": ["*@acme.example"]}`.

import { isSame, sessionOf } from "./session.mjs";

/** From the least to the most. */
export const ROLES = ["viewer", "operator"];

/** Clocks may differ by so much, s. */
const LEEWAY_S = 60;
/** Keys of the team are kept so long, and asked again for one that is not known no more often than this, ms. */
const KEYS_MS = 3_600_000;
const AGAIN_MS = 30_000;

const encoder = new TextEncoder();

/** `{ name, role, by }`, or null. */
export async function identify(request, env) {
  const sent = request.headers.get("authorization");
  if (sent !== null) return byToken(sent, env);
  const session = await sessionOf(request, env, entriesOf(env), Date.now());
  if (session !== null) return { ...session, by: "session" };
  const assertion = request.headers.get("cf-access-jwt-assertion");
  return assertion === null ? null : byAccess(assertion, env);
}

async function byToken(sent, env) {
  const token = /^Bearer ([\w.~+/=-]{16,256})$/i.exec(sent)?.[1];
  if (!token) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(token)));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let found = null;
  for (const entry of entriesOf(env)) if (isSame(entry.hash, hex)) found = { ...entry, by: "token" };
  return found;
}

/** Whose tokens are known: name, role, and the token's hash. */
function entriesOf(env) {
  const entries = (env.HALFTONE_TOKENS ?? "").split(",").map((entry) => entry.trim().split(":"));
  return entries.map(([name, role, hash]) => ({ name, role, hash: hash ?? "" })).filter(({ role }) => ROLES.includes(role));
}

async function byAccess(assertion, env) {
  const access = accessOf(env.HALFTONE_ACCESS ?? "");
  if (access === null || assertion.length > 8192) return null;
  const [head, body, mark, more] = assertion.split(".");
  const [header, claims] = [jsonOf(head), jsonOf(body)];
  if (header === null || claims === null || mark === undefined || more !== undefined) return null;
  if (header.alg !== "RS256" || typeof header.kid !== "string") return null;
  const key = await keyOf(access.team, header.kid);
  const bytes = bytesOf(mark);
  if (key === null || bytes === null) return null;
  if (!(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, bytes, encoder.encode(`${head}.${body}`)))) return null;
  const now = Date.now() / 1000;
  const isMeant = [claims.aud].flat().includes(access.aud) && claims.iss === access.team;
  const isNow = claims.exp > now - LEEWAY_S && !(claims.nbf > now + LEEWAY_S);
  // Services have no address; Access calls them by a common name.
  const name = claims.email ?? claims.common_name;
  if (!isMeant || !isNow || typeof name !== "string" || name === "") return null;
  const role = ["operator", "viewer"].find((role) => (access[`${role}s`] ?? []).some((pattern) => isOf(name, pattern)));
  return role === undefined ? null : { name, role, by: "access" };
}

/** `ann@acme.example`, or everybody of `*@acme.example`. */
function isOf(name, pattern) {
  const [ours, theirs] = [name.toLowerCase(), String(pattern).toLowerCase()];
  return theirs.startsWith("*@") ? ours.endsWith(theirs.slice(1)) && ours.length > theirs.length - 1 : ours === theirs;
}

function accessOf(text) {
  if (text === "") return null;
  try {
    const access = JSON.parse(text);
    const { protocol, hostname, origin } = new URL(access.team);
    const isSafe = protocol === "https:" || ["127.0.0.1", "localhost"].includes(hostname);
    return isSafe && typeof access.aud === "string" && access.aud !== "" ? { ...access, team: origin } : null;
  } catch {
    return null;
  }
}

function bytesOf(text) {
  try {
    const binary = atob((text ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}

function jsonOf(text) {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytesOf(text)));
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

let known = { team: "", at: 0, keys: new Map() };

/** The team's key of that name, or null. */
async function keyOf(team, kid) {
  const age = Date.now() - known.at;
  const isKnown = known.team === team && known.keys.has(kid) && age < KEYS_MS;
  if (!isKnown && (known.team !== team || age > AGAIN_MS)) {
    const response = await fetch(`${team}/cdn-cgi/access/certs`, { signal: AbortSignal.timeout(3000) });
    if (!response.ok) throw new Error(`the keys of ${team} could not be had: ${response.status}`);
    const keys = new Map();
    for (const jwk of (await response.json()).keys ?? []) {
      if (jwk.kty !== "RSA" || typeof jwk.kid !== "string") continue;
      const how = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
      keys.set(jwk.kid, await crypto.subtle.importKey("jwk", { kty: "RSA", n: jwk.n, e: jwk.e }, how, false, ["verify"]));
    }
    known = { team, at: Date.now(), keys };
  }
  return known.keys.get(kid) ?? null;
}
