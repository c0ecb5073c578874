// Carries an instruction out: fetches from the origin it names, tries the next one where it says so, keeps time.

import { finish } from "./finish.mjs";
import { askOffice } from "./office.mjs";
import { fetchOrigin } from "./origin.mjs";
import { failedNote, note } from "./tell.mjs";

/** The response, or null if the instruction was guarded and its version failed. */
export async function carry(request, env, ctx, instruction, engine) {
  const confirmed = instruction.office === "" ? false : askOffice(instruction.office, env, ctx, engine);
  const { attempts } = instruction;
  const last = attempts.length - 1;
  // What the visitor's own version says of a file that others are asked for too; it stands if nobody has it.
  let own = null;
  const began = instruction.told ? Date.now() : 0;
  for (let n = 0; n <= last; n++) {
    let attempt = attempts[n];
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
    // With nobody else to ask it does not matter.
    const missing = (n < last || own !== null) && isToBeFound(response, attempt, attempts[n + 1], instruction);
    if (n < last && missing) {
      if (own === null && response && attempt.why !== "skew") own = { response, attempt };
      else discard(response);
      continue;
    }
    if (own !== null) {
      discard(missing ? response : own.response);
      if (missing) ({ response, attempt } = own);
    }
    if (!response) {
      if (instruction.told) note(env, ctx, instruction, failedNote(instruction), engine);
      return unreachable();
    }
    if (isPageInPlace(response, attempt, instruction)) {
      discard(response);
      response = new Response("Not found.\n", { status: 404, headers: { "content-type": "text/plain; charset=utf-8" } });
    }
    const late = instruction.told && (response.status >= 500 || Date.now() - began > instruction.timeout);
    return finish({ request, env, ctx, engine }, response, attempt, instruction, confirmed && (await confirmed), late);
  }
}

/**
 * The origin's response, if its headers come in time; the body may then take as long as it likes. A wait that is given up ends with the
 * visitor's request, as its timer does: a signal, and taking the timer back, would cost each page what only a failure needs.
 */
function inTime(request, env, attempt, instruction) {
  return new Promise((resolve, reject) => {
    let isLate = false;
    fetchOrigin(request, env, attempt, instruction).then((response) => (isLate ? discard(response) : resolve(response)), reject);
    setTimeout(() => {
      isLate = true;
      reject(new Error(`no headers within ${instruction.timeout} ms`));
    }, instruction.timeout);
  });
}

/** Whether the next one is asked for it. */
function isToBeFound(response, attempt, next, instruction) {
  return next?.kind === "l" ? isNoWorker(response) : !response || isMissing(response, attempt, instruction);
}

/** Not there, for whichever reason, so that another version may be asked. */
function isMissing(response, attempt, instruction) {
  const { status } = response;
  return status === 404 || status === 410 || status >= 500 || isPageInPlace(response, attempt, instruction);
}

/** Whether a browser would refuse this as a service worker for good. What the server can not say now is no answer. */
function isNoWorker(response) {
  if (!response || response.ok) return (response?.headers.get("content-type") ?? "").startsWith("text/html");
  const { status } = response;
  return status !== 304 && status !== 429 && status < 500;
}

/** A host's page in place of a content-hashed file it does not have, as hosts of single-page applications answer. */
function isPageInPlace(response, attempt, instruction) {
  if (!instruction.cacheControl.startsWith("public") || "ar".includes(attempt.kind) || !response.ok) return false;
  if (attempt.status !== 0 || !(response.headers.get("content-type") ?? "").startsWith("text/html")) return false;
  return /\.(?!html?$)[^./]+$/i.test(attempt.target.split("?", 1)[0]);
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
