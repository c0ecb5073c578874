// Beacons and browsers' reports: reads bodies with a limit, lets the Wasm decide, passes notes on, answers.
//
// Whatever somebody sends, the answer is precise and never says that the fault is ours. What is dropped is counted here and
// told to the site's ledger now and then; these counts are for people, and die with an isolate.

import { answerAdmin, unavailable } from "./admin.mjs";
import { limited } from "./body.mjs";
import { control } from "./control.mjs";
import { answerFlags } from "./flags.mjs";
import { controllerOf, intakeOf } from "./objects.mjs";

const MOST_BYTES = 64 * 1024;
/** How often an isolate tells what it dropped, ms. */
const TELL_MS = 5000;

export async function answer(what, request, env, ctx, texts) {
  if (what === "admin") return await administered(request, env, texts);
  await control.with(env.HALFTONE_KEYS ?? "", texts);
  try {
    if (what === "flags") return await answerFlags(request, control);
    return what === "in" ? await takeBeacons(request, env, ctx) : await takeReports(request, env, ctx);
  } catch (error) {
    control.failed(error, "beacons could not be taken");
    return problem(503, "unavailable", "beacons can not be taken at the moment; nothing of this request was counted");
  }
}

/** What goes wrong there is said in the same form as everything else there. */
async function administered(request, env, texts) {
  try {
    await control.with(env.HALFTONE_KEYS ?? "", texts);
    return await answerAdmin(request, env, control);
  } catch (error) {
    control.failed(error, "the admin surface could not answer");
    return unavailable();
  }
}

const NOWHERE = { "cache-control": "no-store" };

function problem(status, code, message, headers = {}) {
  return Response.json({ error: { code, message } }, { status, headers: { ...NOWHERE, ...headers } });
}

/** A POST with a body that is read no further than its limit; or the answer to anything else, and what that is counted as. */
async function bodyOf(request, types) {
  if (request.method === "OPTIONS") {
    const headers = {
      allow: "POST, OPTIONS",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type",
    };
    return { refused: new Response(null, { status: 204, headers: { ...NOWHERE, ...headers } }) };
  }
  if (request.method !== "POST") {
    return { refused: problem(405, "bad_method", "only POST is taken here", { allow: "POST, OPTIONS" }) };
  }
  const type = (request.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!types.includes(type)) {
    return { reason: "bad_type", refused: problem(415, "bad_type", `the content type is not one of ${types.join(", ")}`) };
  }
  const body = await limited(request, MOST_BYTES);
  if (body === null) {
    const message = `the body is larger than ${MOST_BYTES} bytes: send less in one request`;
    return { reason: "too_large", refused: problem(413, "too_large", message) };
  }
  return { body };
}

async function takeBeacons(request, env, ctx) {
  const url = new URL(request.url);
  const { body, refused, reason } = await bodyOf(request, ["text/plain", "application/json"]);
  if (refused) return unread(url.hostname, env, ctx, refused, reason);
  const { headers } = request;
  const address = headers.get("cf-connecting-ip") ?? "";
  const [privacy, agent, cookies] = ["sec-gpc", "user-agent", "cookie"].map((name) => headers.get(name) ?? "");
  const facts = [url.hostname, url.protocol.slice(0, -1), address, privacy, agent, cookies];
  const said = parsed(control.beacons(`${facts.join("\n")}\n${body}`, Date.now()));
  if (said.fault) return faulty(said, env, ctx);
  const kept = await keep(said, env, ctx, said.visitor);
  if (kept === "rate_limited")
    return problem(429, "rate_limited", "too many beacons of this visitor; try again later", { "retry-after": "10" });
  plot(said, env);
  const answered = { ...NOWHERE };
  if (said.recall) answered["halftone-recall"] = said.recall;
  if (said.renewed) answered["halftone-page"] = said.renewed;
  return new Response(null, { status: 204, headers: answered });
}

/** Points over time, of pages whose note is on disk by now: no reason to answer otherwise if one can not be written. */
function plot({ site, points, kept }, env) {
  try {
    for (const [page, event, version, value] of points)
      if (kept.has(page)) env.ANALYTICS?.writeDataPoint({ indexes: [site], blobs: [event, version], doubles: [Number(value)] });
  } catch (error) {
    control.say("points of beacons can not be written; the beacons are kept", error);
  }
}

async function takeReports(request, env, ctx) {
  const url = new URL(request.url);
  const types = ["application/reports+json", "application/csp-report", "application/json", "text/plain"];
  const { body, refused, reason } = await bodyOf(request, types);
  if (refused) return unread(url.hostname, env, ctx, refused, reason);
  const token = url.searchParams.get("t") ?? "";
  const said = parsed(control.reports(`${url.hostname}\n${token.replaceAll("\n", "")}\n${body}`, Date.now()));
  if (said.fault) return faulty(said, env, ctx);
  await keep(said, env, ctx, token);
  return new Response(null, { status: 204, headers: NOWHERE });
}

/** The answer to a body that is not what it should be. */
function faulty({ site, drops, fault }, env, ctx) {
  for (const [reason, n] of drops) count(site, reason, n);
  tellDrops(site, env, ctx);
  return problem(fault.status, fault.code, fault.message);
}

/** The answer to a request whose body was not read; where that has a reason it counts as one beacon of the hostname's site. */
function unread(hostname, env, ctx, answer, reason) {
  if (reason === undefined) return answer;
  const { site } = parsed(control.beacons(`${hostname}\n\n\n\n\n\n[]`, Date.now()));
  count(site, reason);
  tellDrops(site, env, ctx);
  return answer;
}

/** The lines of a decision as an object. */
function parsed(text) {
  const said = { site: "", budget: 0, visitor: "", drops: [], notes: new Map(), points: [], kept: new Set() };
  for (const line of text.split("\n")) {
    const [kind, ...words] = line.split(" ");
    if (kind === "fault") said.fault = { status: Number(words[0]), code: words[1], message: words.slice(2).join(" ") };
    else if (kind === "site") [said.site, said.budget] = [words[0], Number(words[1])];
    else if (kind === "visitor" || kind === "recall" || kind === "renewed") said[kind] = words[0];
    else if (kind === "drop") said.drops.push([words[0], Number(words[1])]);
    else if (kind === "point") said.points.push(words);
    else if (kind === "note") {
      const [object, note] = words.join(" ").split("\t");
      said.notes.set(object, [...(said.notes.get(object) ?? []), note]);
    }
  }
  return said;
}

/** Passes notes on and waits until they are on disk; counts what was not taken. */
async function keep(said, env, ctx, who) {
  const { site } = said;
  for (const [reason, n] of said.drops) count(site, reason, n);
  let outcome = "kept";
  if (said.notes.size > 0) {
    if (said.budget > 0 && (taken.get(site)?.today ?? 0) >= said.budget) outcome = "budget";
    else if (env.LIMIT && !(await env.LIMIT.limit({ key: `${site} ${who}` })).success) outcome = "rate_limited";
    if (outcome === "kept") for (const [object, notes] of said.notes) await give(env, said, object, notes);
    else for (const notes of said.notes.values()) count(site, outcome, notes.length);
  }
  tellDrops(site, env, ctx);
  return outcome;
}

const WORDS = { d: "duplicate", n: "no_page" };

async function give(env, { site, kept }, object, notes) {
  const letters = await intakeOf(env, object).take(notes.join("\n"), object);
  notes.forEach((note, at) => {
    const words = note.split(" ");
    const n = Number(words.at(-1)) || 1;
    if (letters[at] === "k") {
      kept.add(words[1]);
      countTaken(site, n);
    } else count(site, WORDS[letters[at]] ?? "no_page", n);
  });
}

/** Site to what was dropped since it was told last, and what was taken since then and today. */
const taken = new Map();
let toldAt = 0;

function entry(site) {
  let found = taken.get(site);
  if (!found) {
    found = { drops: {}, since: 0, today: 0 };
    taken.set(site, found);
  }
  return found;
}

function count(site, reason, n = 1) {
  const { drops } = entry(site);
  drops[reason] = (drops[reason] ?? 0) + n;
}

function countTaken(site, n) {
  const found = entry(site);
  found.since += n;
  found.today += n;
}

function tellDrops(site, env, ctx) {
  const now = Date.now();
  if (now - toldAt < TELL_MS) return;
  toldAt = now;
  const found = entry(site);
  const [drops, since] = [found.drops, found.since];
  if (since === 0 && Object.keys(drops).length === 0) return;
  [found.drops, found.since] = [{}, 0];
  const tell = async () => {
    try {
      found.today = await controllerOf(env, site, control.placeOf(site)).dropped(drops, since);
    } catch (error) {
      control.say("what was dropped could not be told", error);
    }
  };
  ctx.waitUntil(tell());
}
