// What goes with a page that is counted: its token, the page script, and the note to the object that keeps its row.
//
// Nothing here slows the page: the note has a `waitUntil` of its own, the body streams through the rewriter, and what its
// policy lets us do is known at once or not at all.

import { EARLY } from "./early.mjs";
import { intakeOf } from "./objects.mjs";
import { controlAtHand, second } from "./second.mjs";

/** Sends a note to the object it is for; a page never waits for it, and never fails with it. */
export function note(env, ctx, { intake }, text, engine) {
  if (text === "" || intake === "") return;
  if (env.INTAKE) ctx.waitUntil(keep(env, intake, text, engine));
  else engine.say("binding INTAKE is missing; nothing is counted");
}

async function keep(env, intake, text, engine) {
  try {
    await intakeOf(env, intake).take(text, intake);
  } catch (error) {
    engine.say("a note could not be kept; the page is not counted", error);
  }
}

export const failedNote = (instruction) => `${instruction.note} failed`;

const NO_POLICY = { allowed: true, inline: true, nonce: "" };

/**
 * Tells a page to report, if it is one that can: its token goes into the headers, and what comes back puts the script into
 * its body. Null for what is no page.
 */
export function tellPage({ request, env, ctx, engine }, response, attempt, instruction, failed) {
  if (instruction.note === "" && !instruction.told) return null;
  const isPage = isHtml(response, instruction);
  if (!instruction.told) {
    // A page of somebody who is not tested is counted, a subresource proves that a cookie is kept.
    if (isPage || !instruction.navigation) note(env, ctx, instruction, instruction.note, engine);
    return null;
  }
  const { headers } = response;
  const policies = isPage ? headers.get("content-security-policy") : null;
  const judge = (texts) => judged(request, ctx, engine, texts);
  const allowed = policies === null ? NO_POLICY : judge(policies);
  const untested = () => {
    const { note: text } = instruction;
    note(env, ctx, instruction, text === "" || text.endsWith(" untested") ? text : `${text} untested`, engine);
  };
  if (failed && instruction.note !== "") note(env, ctx, instruction, failedNote(instruction), engine);
  else if (isPage && !allowed) untested();
  else if (isPage || instruction.failover) note(env, ctx, instruction, instruction.note, engine);
  if (!isPage || !allowed) return null;
  const { prefix } = engine;
  if (instruction.token !== "") headers.append("server-timing", `halftone-page;desc="${instruction.token}"`);
  if (instruction.reports) askForReports(headers, prefix, instruction.token);
  // A page of an uploaded build has the script's tag already, if nothing in its policy stood against it.
  if (!instruction.inject || (attempt.brings === prefix && allowed === NO_POLICY)) return (out) => out;
  // The text is another than the build's, and its length is not known.
  for (const name of ["accept-ranges", "last-modified", "content-length"]) headers.delete(name);
  if (response.body === null) return (out) => out;
  /** A policy inside the page comes behind our script, and so may allow the same without its nonce. */
  const withinPage = (policy) => {
    const verdict = judge(`${policies ?? ""}\n${policy.replace(/&(#39|#x27|apos);/gi, "'").replace(/\s+/g, " ")}`);
    if (!verdict || verdict.nonce !== allowed.nonce) untested();
  };
  return (out) => injected(out, prefix, allowed, withinPage);
}

/**
 * What policies let us do; null if that is nothing, or not known yet. The second bundle knows, which most pages do without:
 * the first page with a policy that an isolate meets has it loaded, and does not wait for it.
 */
function judged(request, ctx, engine, policies) {
  const control = controlAtHand();
  try {
    if (control) return control.policy(new URL(request.url).origin, engine.prefix, policies);
  } catch (error) {
    control.failed(error, "the policy of a page could not be judged; the page is not tested");
    return null;
  }
  ctx.waitUntil(
    second()
      .then((bundle) => bundle.control.ready())
      .catch((error) => engine.say("the second bundle can not be loaded; pages with a policy are not tested", error)),
  );
  return null;
}

/** A page a visitor looks at. A 304 does not say its type: it is a page if the copy it confirms was told to report. */
function isHtml(response, instruction) {
  if (response.status === 304) return instruction.marked || (!instruction.told && instruction.navigation);
  return response.status === 200 && (response.headers.get("content-type") ?? "").startsWith("text/html");
}

/** Adds our endpoint for the browser's own reports; a site's own `default` stays. */
function askForReports(headers, prefix, token) {
  if (token === "") return;
  const theirs = headers.get("reporting-endpoints");
  if (theirs !== null && /(^|,)\s*default\s*=/.test(theirs)) return;
  headers.append("reporting-endpoints", `default="${prefix}/reports?t=${token}"`);
}

/** The page with our script first in its head, so that what its own scripts do wrong is seen. */
function injected(response, prefix, { inline, nonce }, policy) {
  const attribute = nonce === "" ? "" : ` nonce="${nonce}"`;
  const early = inline ? `<script${attribute}>${EARLY}</script>` : "";
  const html = `${early}<script${attribute} async src="${prefix}/page.js"></script>`;
  let done = false;
  const once = (put) => {
    if (!done) put(html, { html: true });
    done = true;
  };
  return new HTMLRewriter()
    .on("head", { element: (head) => once((...parts) => head.prepend(...parts)) })
    .on('meta[http-equiv="content-security-policy" i]', { element: (meta) => policy(meta.getAttribute("content") ?? "") })
    .on("title", { element: (title) => once((...parts) => title.before(...parts)) })
    .on("body", { element: (body) => once((...parts) => body.prepend(...parts)) })
    .onDocument({ end: (end) => once((...parts) => end.append(...parts)) })
    .transform(response);
}
