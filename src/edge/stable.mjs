// The stable site without the Wasm: what a visitor gets when the decision itself is broken.
//
// Knows no cookie, rule or weight. A small table made with the plan says which origin is stable for which host, and which
// others may hold a file that an open page of another version still asks for.

import table from "halftone-fallback";
import { clean } from "./finish.mjs";
import { fetchOrigin } from "./origin.mjs";
import { siteOf } from "./site.mjs";

let fallback = null;

export async function serveStable(request, env, engine) {
  try {
    fallback ??= JSON.parse(table);
    const url = new URL(request.url);
    if (/\\|\/\/|%2f|%5c|%25|%00|(^|\/)(\.|%2e)(\.|%2e)?(\/|$)/i.test(url.pathname))
      return text(400, "This address can not be served.\n");
    const site = siteOf(fallback, url.hostname);
    const reads = request.method === "GET" || request.method === "HEAD";
    const dest = request.headers.get("sec-fetch-dest");
    const isPage = dest === "document" || dest === null;
    let tried;
    for (const origin of reads && !isPage ? site.origins : site.origins.slice(0, 1)) {
      tried = await first(request, env, origin, url, site.cookie);
      if (tried.response.status !== 404) break;
    }
    const { response, attempt } = tried;
    // A response with a socket can not be made anew.
    if (response.status === 101) return response;
    const out = new Response(request.method === "HEAD" ? null : response.body, response);
    clean(out.headers, attempt);
    out.headers.set("cache-control", "private, no-store");
    out.headers.set("halftone", `version=${/^[A-Za-z]/.test(site.stable) ? site.stable : `"${site.stable}"`}, why=off`);
    return out;
  } catch (error) {
    engine.say("the stable site can not be reached either", error);
    return text(502, "This site can not be reached at the moment. Please try again.\n");
  }
}

/** The first answer that is not "no such file" among the names a path may stand for, and how it was asked for. */
async function first(request, env, origin, url, cookie) {
  let tried;
  const [cookies, tags] = ["cookie", "if-none-match"].map((name) => request.headers.get(name) ?? "");
  const said = { method: request.method, url: url.href, cookies, tags };
  const instruction = { ...said, ownCookie: cookie, preview: false, cacheControl: "" };
  for (const path of origin.kind === "a" ? names(url.pathname) : [url.pathname]) {
    const query = origin.kind === "a" || origin.kind === "r" ? "" : url.search;
    const base = origin.kind === "z" || origin.kind === "s" ? `${url.origin}${origin.base}` : origin.base;
    const target = origin.kind === "r" ? `${base}${decodeURIComponent(path).slice(1)}` : `${base}${path}${query}`;
    const { kind, binding, version, forward } = origin;
    const locationFrom = base.replace("https://assets.local", "");
    const locationTo = kind === "a" ? "" : url.origin;
    const attempt = { kind, binding, version, forward, target, locationFrom, locationTo, status: 0, ifNoneMatch: "" };
    tried = { attempt, response: await fetchOrigin(request, env, attempt, instruction) };
    if (tried.response.status !== 404) return tried;
  }
  return tried;
}

function names(path) {
  if (path.endsWith("/")) return [`${path}index.html`];
  return /\.[A-Za-z0-9]+$/.test(path) ? [path] : [path, `${path}.html`, `${path}/index.html`];
}

function text(status, body) {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } });
}
