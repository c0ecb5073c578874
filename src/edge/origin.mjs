// One fetch from one origin, of any of the five kinds. Method, body, query and headers go on unchanged, except what
// must stay at the edge: our own cookies always, the visitor's cookies and authorization unless they are forwarded.

import { answerRange, fromBucket, notModified } from "./files.mjs";

export function fetchOrigin(request, env, attempt, instruction) {
  switch (attempt.kind) {
    case "a":
      return fromAssets(request, env, attempt);
    case "r":
      return fromBucket(request, env, attempt);
    case "l":
      return leavingWorker(attempt);
    case "s":
      return bound(env, attempt.binding).fetch(attempt.target, forwarded(request, attempt, instruction));
    default:
      return fetch(attempt.target, forwarded(request, attempt, instruction));
  }
}

/** A service worker that takes itself out of the browser. It may stand anywhere, so that it fits every registration. */
function leavingWorker(attempt) {
  const headers = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "no-store",
    "service-worker-allowed": "/",
  };
  return new Response(attempt.target, { headers });
}

export function bound(env, name) {
  const binding = env[name];
  if (!binding) throw new Error(`binding ${name} is missing; add it to wrangler.toml`);
  return binding;
}

/** What another server is sent. */
function forwarded(request, attempt, instruction) {
  const headers = new Headers(request.headers);
  const { method, url, cookies } = instruction;
  if (cookies !== "") {
    const kept = attempt.forward.includes("c") ? withoutOurs(cookies, instruction.ownCookie) : "";
    if (kept === "") headers.delete("cookie");
    else if (kept !== cookies) headers.set("cookie", kept);
  }
  if (!attempt.forward.includes("a")) headers.delete("authorization");
  if (attempt.kind === "u") headers.set("x-forwarded-host", url.slice(url.indexOf("/") + 2, url.indexOf("/", 8)));
  const reads = method === "GET" || method === "HEAD";
  conditions(headers, attempt, instruction, reads);
  return { method, headers, body: reads ? undefined : request.body, redirect: "manual" };
}

/** What the visitor has already, in the origin's own tags. A date does not tell one version's page from another's. */
function conditions(headers, attempt, instruction, reads) {
  if (attempt.ifNoneMatch !== "" && !instruction.preview) headers.set("if-none-match", attempt.ifNoneMatch);
  else if (instruction.tags !== "") headers.delete("if-none-match");
  const ours = `"${attempt.version}~`;
  const match = headers.get("if-match");
  if (match !== null) headers.set("if-match", match.replaceAll(ours, '"'));
  if (!reads || instruction.cacheControl.startsWith("public")) return;
  headers.delete("if-modified-since");
  const range = headers.get("if-range");
  if (range === null) return;
  if (range.startsWith(ours) && !range.startsWith(`${ours}~`)) headers.set("if-range", range.replace(ours, '"'));
  else for (const name of ["if-range", "range"]) headers.delete(name);
}

/** A Cookie header less the cookies that are ours: the visitor's and the preview's, on http and on https. */
function withoutOurs(cookies, own) {
  if (!cookies.includes(own)) return cookies;
  const isOurs = (pair) => {
    const name = pair.slice(0, Math.max(0, pair.indexOf("="))).trim();
    const bare = name.startsWith("__Host-") ? name.slice(7) : name;
    return bare === own || bare === `${own}-preview`;
  };
  return cookies
    .split(";")
    .filter((pair) => !isOurs(pair))
    .join(";")
    .trim();
}

/** The static-assets binding knows neither HEAD lengths, ranges nor lists of validators, so these are done here. */
async function fromAssets(request, env, attempt) {
  const reads = request.method === "GET" || request.method === "HEAD";
  const response = await bound(env, "ASSETS").fetch(attempt.target, {
    method: reads ? "GET" : request.method,
    redirect: "manual",
  });
  if (!reads || response.status !== 200) return response;
  if (notModified(attempt.ifNoneMatch, response.headers.get("etag"))) {
    response.body?.cancel().catch(() => {});
    return new Response(null, { status: 304, headers: response.headers });
  }
  return answerRange(request, response, attempt);
}
