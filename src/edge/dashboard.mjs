// The dashboard's files and what it asks for. The files are the same for everybody and say nothing, and the build has packed them;
// what they show comes from the API, which asks who somebody is. A page from here may load from here alone, and nothing may frame it.

import { controllerOf } from "./objects.mjs";
import { begin, end, isOwn } from "./session.mjs";

const FILES = {
  "/": ["text/html; charset=utf-8", () => import("./dashboard-page.bin")],
  "/dashboard/app.js": ["text/javascript; charset=utf-8", () => import("./dashboard-app.bin")],
  "/dashboard/app.css": ["text/css; charset=utf-8", () => import("./dashboard-style.bin")],
  "/dashboard/editor.js": ["text/javascript; charset=utf-8", () => import("./dashboard-editor.bin")],
  "/dashboard/checker.wasm": ["application/wasm", () => import("./dashboard-checker.bin")],
  "/dashboard/icon.svg": ["image/svg+xml", () => import("./dashboard-icon.bin")],
};

const POLICY = [
  "default-src 'none'",
  // The checker of the editor is WebAssembly, which a browser else takes for a script made up on the way.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SAFE = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  // Asked for again each time; a copy that is still right costs no more than the question.
  "cache-control": "no-cache",
};

const read = new Map();

/** A file of the dashboard; undefined if the path is none. */
export async function dashboardFile(request, path) {
  if (!Object.hasOwn(FILES, path)) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD")
    return new Response("Only GET and HEAD.\n", { status: 405, headers: { allow: "GET, HEAD" } });
  if (!read.has(path)) {
    const body = (await FILES[path][1]()).default;
    // The same for the file packed and unpacked.
    read.set(path, { body, etag: `W/${await etagOf(body)}` });
  }
  const { body, etag } = read.get(path);
  const headers = { ...SAFE, vary: "accept-encoding", "content-type": FILES[path][0], etag };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  if (request.method === "HEAD") return new Response(null, { headers });
  // Every browser unpacks; who does not say so may not be able to.
  if (!request.headers.get("accept-encoding")?.includes("gzip"))
    return new Response(new Response(body).body.pipeThrough(new DecompressionStream("gzip")), { headers });
  return new Response(body, { headers: { ...headers, "content-encoding": "gzip" }, encodeBody: "manual" });
}

async function etagOf(body) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes), 0, 12);
  return `"${btoa(String.fromCharCode(...hash))}"`;
}

const FRESH = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Somebody has shown a token, and is known by a cookie from now on. */
export async function login({ request, env, who, hasToken }) {
  if (!isOwn(request)) return refused(403, "not_own", "a session is begun by the dashboard's own page, on this hostname");
  if (!hasToken) return refused(401, "no_token", "a session is begun with a token: `authorization: Bearer TOKEN`");
  const cookie = await begin(request, env, who, Date.now());
  if (cookie === null)
    return refused(
      503,
      "no_keys",
      "the secret HALFTONE_KEYS is missing, so no session can be signed: `wrangler secret put HALFTONE_KEYS`",
    );
  return Response.json({ name: who.name, role: who.role }, { headers: { ...FRESH, "set-cookie": cookie } });
}

export async function logout({ request }) {
  return new Response(null, { status: 204, headers: { ...FRESH, "set-cookie": end(request) } });
}

function refused(status, code, message) {
  return Response.json({ error: { code, message } }, { status, headers: FRESH });
}

/**
 * All that one look shows: who asks, the sites, where one of them stands, and what was decided behind the entry `after` of its
 * log. Asked every two seconds; as long as nothing changes the answer is 304.
 */
export async function glance({ request, env, control, url, who, after = 0 }) {
  const sites = [...control.sites().keys()];
  const site = url.searchParams.get("site") ?? sites[0];
  if (!sites.includes(site)) return refused(404, "unknown_site", `there is no site ${site}: the sites are ${sites.join(", ")}`);
  const { status, story } = await controllerOf(env, site, control.placeOf(site)).glance(site, after);
  const now_ms = status.now_ms;
  const body = { who: { name: who.name, role: who.role, by: who.by }, sites, status: { ...status, now_ms: undefined }, story };
  const etag = await etagOf(JSON.stringify(body));
  // Known to every copy of what has not changed: what time it is here.
  const headers = {
    "cache-control": "private, no-cache",
    "x-content-type-options": "nosniff",
    etag,
    "halftone-now": String(now_ms),
  };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return Response.json(body, { headers });
}
