// Files: validators and byte ranges (RFC 9110 sections 13 and 14) where the origin does not do them, and R2 objects.

import { namesFor } from "./names.mjs";
import { bound } from "./origin.mjs";

/** Whether one of the validators names this entity tag (weak comparison), so that the visitor has it already. */
export function notModified(validators, etag) {
  if (validators === "" || !etag) return false;
  if (validators === "*") return true;
  const bare = (tag) => tag.trim().replace(/^W\//, "");
  return validators.split(",").some((tag) => bare(tag) === bare(etag));
}

/** One byte range of a request: {offset, length}, "unsatisfiable", or null where the whole is to be sent. */
export function rangeOf(request, size, etag, version) {
  const header = request.headers.get("range");
  if (header === null || request.method !== "GET") return null;
  const condition = request.headers.get("if-range");
  // Only a strong tag that this very version handed out lets a part follow another.
  if (condition !== null && (etag === null || etag.startsWith("W/") || !isSameTag(condition, etag, version))) return null;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (!match || (match[1] === "" && match[2] === "")) return null;
  if (match[1] === "") {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(match[1]);
  const end = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== "" && Number(match[2]) < offset) return null;
  return offset >= size ? "unsatisfiable" : { offset, length: end - offset + 1 };
}

function isSameTag(condition, etag, version) {
  return condition === etag || condition === etag.replace('"', `"${version}~`);
}

/** Answers a Range with the part of a whole response that it asks for. */
export async function answerRange(request, response, attempt) {
  if (attempt.status !== 0 || request.method !== "GET" || !request.headers.has("range")) return response;
  let { body } = response;
  let size = Number(response.headers.get("content-length") ?? Number.NaN);
  if (Number.isNaN(size)) {
    // Without a length the end of the file is unknown until it has been read; the platform's files are at most 25 MiB.
    const bytes = await response.arrayBuffer();
    size = bytes.byteLength;
    body = new Blob([bytes]).stream();
  }
  const range = rangeOf(request, size, response.headers.get("etag"), attempt.version);
  const headers = new Headers(response.headers);
  if (range === "unsatisfiable") {
    body?.cancel().catch(() => {});
    return unsatisfiable(headers, size);
  }
  if (range === null) return new Response(body, { status: response.status, headers });
  headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`);
  headers.set("content-length", String(range.length));
  return new Response(part(body, range), { status: 206, headers });
}

function unsatisfiable(headers, size) {
  headers.set("content-range", `bytes */${size}`);
  headers.delete("content-length");
  return new Response(null, { status: 416, headers });
}

/** The bytes of a stream that lie in a range; what comes before is dropped as it passes, what comes after is not read. */
function part(body, { offset, length }) {
  let skip = offset;
  let left = length;
  const cut = new TransformStream({
    transform(chunk, controller) {
      if (skip >= chunk.byteLength) {
        skip -= chunk.byteLength;
        return;
      }
      const piece = chunk.subarray(skip, skip + left);
      skip = 0;
      left -= piece.byteLength;
      if (piece.byteLength > 0) controller.enqueue(piece);
      if (left === 0) controller.terminate();
    },
  });
  const { readable, writable } = new FixedLengthStream(length);
  body
    .pipeThrough(cut)
    .pipeTo(writable)
    .catch(() => {});
  return readable;
}

/** Content types by extension, for objects that were uploaded without one. */
const TYPES = {
  html: "text/html; charset=utf-8",
  htm: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  webmanifest: "application/manifest+json",
  wasm: "application/wasm",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  ico: "image/x-icon",
  woff: "font/woff",
  woff2: "font/woff2",
  txt: "text/plain; charset=utf-8",
  xml: "application/xml",
  pdf: "application/pdf",
  mp4: "video/mp4",
  webm: "video/webm",
  mp3: "audio/mpeg",
};

/** Manifests of uploaded builds, read once by an isolate: they never change. */
const uploaded = {};

/**
 * Key, size, entity tag and headers of a name, without its content, and the prefix of the page script that it brings along if it is a
 * page; nothing where it is not there. `@SITE/VERSION/path` is
 * a file of an uploaded build, all else is a key.
 */
async function lookedUp(bucket, binding, name) {
  const [, build, path] = /^@([^/]+\/[^/]+)(\/.*)/.exec(name) ?? [];
  const headers = new Headers();
  if (build) {
    const place = `${binding} ${build}`;
    if (!uploaded[place]) {
      const manifest = await bucket.get(`builds/${build}.json`);
      if (!manifest) throw new Error(`build ${build} is not in ${binding}`);
      uploaded[place] = await manifest.json();
    }
    const { files, tagged } = uploaded[place];
    const [hash, size, type] = files[path] ?? [];
    headers.set("content-type", type);
    const brings = tagged && !tagged.except?.includes(path) ? tagged.prefix : "";
    return hash && [`blobs/${hash}`, size, `"${hash.slice(0, 32)}"`, headers, brings];
  }
  const head = await bucket.head(name);
  if (!head) return null;
  head.writeHttpMetadata(headers);
  if (!headers.has("content-type")) headers.set("content-type", TYPES[name.split(".").pop()] ?? "application/octet-stream");
  headers.set("last-modified", head.uploaded.toUTCString());
  return [name, head.size, head.httpEtag, headers];
}

/** An object of an R2 bucket as a response, with ranges, validators and HEAD done by the bucket where it can. */
export async function fromBucket(request, env, attempt) {
  const bucket = bound(env, attempt.binding);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Only GET and HEAD.\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const { target, locationFrom: prefix, forward } = attempt;
  // A file by its name in the plan's list comes with the status of its own, and stands for nothing else.
  const names = forward.includes("l") ? [[target, 200]] : namesFor(prefix, target.slice(prefix.length), forward);
  for (const [name, meaning] of names) {
    const found = await lookedUp(bucket, attempt.binding, name);
    if (!found) continue;
    if (typeof meaning === "string") {
      const place = meaning.split("/").map(encodeURIComponent).join("/");
      return new Response(null, { status: 307, headers: { location: `${place}${new URL(request.url).search}` } });
    }
    const [key, size, etag, headers, brings] = found;
    attempt.brings = brings;
    headers.set("etag", etag);
    headers.set("accept-ranges", "bytes");
    const isWhole = attempt.status !== 0 || meaning !== 200;
    if (meaning === 200 && notModified(attempt.ifNoneMatch, etag)) return new Response(null, { status: 304, headers });
    const range = isWhole ? null : rangeOf(request, size, etag, attempt.version);
    if (range === "unsatisfiable") return unsatisfiable(headers, size);
    headers.set("content-length", String(range ? range.length : size));
    if (request.method === "HEAD") return new Response(null, { status: meaning, headers });
    const object = await bucket.get(key, range ? { range } : undefined);
    if (!object) continue;
    if (range) headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`);
    return new Response(object.body, { status: range ? 206 : meaning, headers });
  }
  return new Response("Not found.\n", { status: 404, headers: { "content-type": "text/plain" } });
}
