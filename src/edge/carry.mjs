// Carries an instruction out: fetches from the origin it names, tries the next one where it says so, keeps time.

import { finish } from "./finish.mjs";
import { fetchOrigin } from "./origin.mjs";
import { askOffice } from "./office.mjs";

/** The response, or null if the instruction was guarded and its version failed. */
export async function carry(request, env, ctx, instruction, engine) {
  const confirmed = instruction.office === "" ? false : askOffice(instruction.office, env, ctx, engine);
  const { attempts } = instruction;
  const last = attempts.length - 1;
  for (let n = 0; n <= last; n++) {
    const attempt = attempts[n];
    let response;
    try {
      response = instruction.guarded
        ? await inTime(request, env, attempt, instruction)
        : await fetchOrigin(request, env, attempt, instruction);
    } catch (error) {
      engine.say(`origin of version ${attempt.version} can not be reached`, error);
    }
    if (instruction.guarded && (!response || response.status >= 500)) {
      if (response) engine.say(`origin of version ${attempt.version} failed on a navigation; stable answered`, response.status);
      discard(response);
      return null;
    }
    if (n < last && (!response || isMissing(response, instruction))) {
      discard(response);
      continue;
    }
    if (!response) return unreachable();
    return finish(request, response, attempt, instruction, await confirmed);
  }
}

/** The origin's response, if its headers come in time; the body may then take as long as it likes. */
async function inTime(request, env, attempt, instruction) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no headers within ${instruction.timeout} ms`)), instruction.timeout);
  try {
    // R2 and the assets binding take no signal: the race ends the wait, not the work.
    return await Promise.race([
      fetchOrigin(request, env, attempt, instruction, abort.signal),
      new Promise((_, reject) => abort.signal.addEventListener("abort", () => reject(abort.signal.reason))),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Not there, or a single-page host's index in place of a content-hashed file. */
function isMissing(response, instruction) {
  if (response.status === 404 || response.status === 410 || response.status >= 500) return true;
  const isPublic = instruction.cacheControl.startsWith("public");
  return isPublic && (response.headers.get("content-type") ?? "").startsWith("text/html");
}

function discard(response) {
  response?.body?.cancel().catch(() => {});
}

function unreachable() {
  return new Response("This site can not be reached at the moment. Please try again.\n", {
    status: 502,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
