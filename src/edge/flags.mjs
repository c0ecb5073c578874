// The OpenFeature Remote Evaluation Protocol on a site's own host: `POST ofrep/v1/evaluate/flags`, all flags with an entity
// tag, and `.../flags/KEY`, one. Which version the page is that asks, and what flags say of it, is decided in the Wasm.

import { limited } from "./body.mjs";

const MOST_BYTES = 64 * 1024;
const HEADERS = { "cache-control": "private, no-cache", vary: "Cookie", "x-content-type-options": "nosniff" };

export async function answerFlags(request, control) {
  if (request.method !== "POST") return refused(405, "GENERAL", "flags are asked by POST", { allow: "POST" });
  const body = await limited(request, MOST_BYTES);
  if (body === null) return refused(413, "PARSE_ERROR", "the body is larger than 65536 bytes");
  const { country, regionCode, city, colo } = request.cf ?? {};
  const headers = [...request.headers].map(([name, value]) => `${name}: ${value}`);
  const facts = [request.url, ...[country, regionCode, city, colo].map((fact) => ` ${fact ?? ""}`), ...headers];
  const { status, answer } = control.flags(`${facts.join("\n")}\n\n${body}`, Date.now());
  const answered = { ...HEADERS, "content-type": "application/json" };
  if (status !== 200 || !answer.startsWith('{"flags"')) return new Response(answer, { status, headers: answered });
  answered.etag = `"${await tagOf(answer)}"`;
  if (request.headers.get("if-none-match") === answered.etag) return new Response(null, { status: 304, headers: answered });
  return new Response(answer, { headers: answered });
}

function refused(status, errorCode, errorDetails, headers = {}) {
  return Response.json({ errorCode, errorDetails }, { status, headers: { ...HEADERS, ...headers } });
}

async function tagOf(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes, 0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
