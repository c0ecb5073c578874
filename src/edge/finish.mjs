// The origin's response as the visitor gets it: the header edits of the instruction, nothing of its own.

import { tellPage } from "./tell.mjs";

/** Headers by which a build's host speaks of itself; the visitor's browser must not take them as the site's. */
const OF_THE_HOST = ["nel", "report-to", "alt-svc", "strict-transport-security"];

/** `failed`: the origin did not answer as a version has to, and that is noted. */
export function finish({ request, env, ctx, engine }, response, attempt, instruction, confirmed, failed) {
  // Each look at a response costs, and each at a body is a new object.
  const { status: theirs, body } = response;
  // A response with a socket can not be made anew.
  if (theirs === 101) return response;
  const status = attempt.status !== 0 && theirs === 200 ? attempt.status : theirs;
  const isHead = instruction.method === "HEAD";
  let out =
    status === theirs && (!isHead || body === null)
      ? new Response(body, response)
      : new Response(isHead ? null : body, { status, headers: response.headers });
  const { headers } = out;

  clean(headers, attempt);
  if (attempt.kind === "a" && status === 200) headers.set("accept-ranges", "bytes");
  const tells = instruction.told || instruction.note !== "";
  const telling = tells ? tellPage({ request, env, ctx, engine }, out, attempt, instruction, failed) : null;

  if (instruction.cacheControl.startsWith("public")) {
    if (status === 200 || status === 206 || status === 304) {
      headers.set("cache-control", instruction.cacheControl);
      headers.delete("set-cookie");
    } else headers.set("cache-control", "private, no-store");
  } else if (instruction.cacheControl !== "") {
    const never = headers.get("cache-control")?.includes("no-store");
    headers.set("cache-control", never ? "private, no-store" : instruction.cacheControl);
    const etag = headers.get("etag");
    if (etag !== null) headers.set("etag", etag.replace('"', telling ? `"${attempt.version}~~` : `"${attempt.version}~`));
  }
  if (instruction.vary !== "") headers.append("vary", instruction.vary);
  const cookie = confirmed ? instruction.setCookieConfirmed : instruction.setCookie;
  if (cookie !== "") headers.append("set-cookie", cookie);

  if (instruction.announce) {
    const { version, item, why } = attempt;
    headers.set("halftone", `version=${item}, why=${why}, revision=${instruction.revision}`);
    if (instruction.navigation) headers.append("server-timing", `halftone;desc="${version} ${why} r${instruction.revision}"`);
  }
  if (instruction.preview) out = marked(out, attempt.version, instruction.method);
  return telling ? telling(out) : out;
}

/** Takes off what a build's host says of itself, and gives its redirects the site's addresses. */
export function clean(headers, attempt) {
  if (attempt.kind === "u") {
    for (const name of OF_THE_HOST) headers.delete(name);
    if (headers.get("x-robots-tag")?.includes("noindex")) headers.delete("x-robots-tag");
  }
  const location = headers.get("location");
  if (location !== null) headers.set("location", mapped(location, attempt));
}

/**
 * A redirect of the origin within its base, as an address of the site. One out of the base is another server's page, so
 * it is made whole; the site's own server and services have theirs under the same host anyway.
 */
function mapped(location, { kind, locationFrom: base, locationTo: site }) {
  if (base === "") return location;
  const isRooted = /^\/(?![/\\])/.test(location);
  const whole = isRooted ? (/^https?:\/\/[^/]+/.exec(base)?.[0] ?? "") + location : location;
  const rest = whole.slice(base.length);
  if (!whole.startsWith(base) || !/^([/?#]|$)/.test(rest)) return isRooted && kind === "u" ? whole : location;
  return `${isRooted ? "" : site}${rest.startsWith("/") ? "" : "/"}${rest}`;
}

/** A previewed page says so, to people and to search engines, and is kept nowhere. */
function marked(response, version, method) {
  const { headers } = response;
  headers.set("x-robots-tag", "noindex");
  if (!(headers.get("content-type") ?? "").startsWith("text/html")) return response;
  for (const name of ["etag", "last-modified", "accept-ranges", "content-length"]) headers.delete(name);
  if (method === "HEAD") return response;
  const mark =
    `<aside role="status" style="position:fixed;inset:auto 0 0 auto;z-index:2147483647;padding:.5em .8em;font:14px/1.4 system-ui">` +
    `<mark>Preview of version ${version}. <a href="?halftone-preview=off">Leave the preview</a></mark></aside>`;
  return new HTMLRewriter().on("body", { element: (body) => void body.append(mark, { html: true }) }).transform(response);
}
