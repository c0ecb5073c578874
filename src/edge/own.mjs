// Our own addresses on a site's hostnames that take more than a decision: the page script, beacons, reports; and the admin
// surface on its own. None of it is loaded before somebody asks.

import { second } from "./second.mjs";
import { note } from "./tell.mjs";

/** A browser asks for it once an hour at most; another build's script still understands this one's pages. */
const SCRIPT_AGE_S = 3600;

export async function own(request, env, ctx, instruction, engine, live) {
  note(env, ctx, instruction, instruction.note, engine);
  try {
    if (instruction.what === "page.js") return await pageScript(request);
    const { answer } = await second();
    return await answer(instruction.what, request, env, ctx, live.texts);
  } catch (error) {
    engine.say("an address of our own failed", error?.stack ?? error);
    if (instruction.what === "admin") {
      const message = "this could not be done at the moment; ask again";
      return Response.json(
        { error: { code: "unavailable", message } },
        { status: 503, headers: { "cache-control": "no-store" } },
      );
    }
    return new Response("Halftone could not answer this. The site itself is not touched by it.\n", { status: 500 });
  }
}

let script = null;

async function pageScript(request) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Only GET and HEAD.\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  script ??= (await import("./page.txt")).default;
  const etag = `"${await digest(script)}"`;
  const headers = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": `public, max-age=${SCRIPT_AGE_S}`,
    etag,
    "x-content-type-options": "nosniff",
  };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return new Response(request.method === "HEAD" ? null : script, { headers });
}

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes, 0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
