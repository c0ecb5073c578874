// The admin surface, on its own hostname: what is counted and decided, and what an operator may ask to be done.
//
// Which addresses there are, who may ask them and what their bodies may hold is read from the OpenAPI document, which is made from one
// table in Rust; here is what each of them does. Every answer that is no success is JSON with a stable code of that table.

import description from "halftone-openapi";
import { limited } from "./body.mjs";
import { buildHandlers } from "./builds.mjs";
import { dashboardFile, glance, login, logout } from "./dashboard.mjs";
import { gauges } from "./gauges.mjs";
import { identify, ROLES } from "./identity.mjs";
import { imagine, preview } from "./imagine.mjs";
import { controllerOf, intakeOf } from "./objects.mjs";
import { isOwn } from "./session.mjs";

/** Bodies are read so far, bytes: a config of a thousand rules has a tenth of that. */
const MOST_BYTES = { publish: 4 * 1024 * 1024, foresee: 4 * 1024 * 1024, register: 16 * 1024 * 1024 };
const USUAL_BYTES = 64 * 1024;

export async function answerAdmin(request, env, control) {
  const url = new URL(request.url);
  const file = await dashboardFile(request, url.pathname);
  if (file) return file;
  const methods = routes().get(url.pathname);
  if (!methods) return problem(404, "not_found", `nothing is at ${url.pathname}`);
  const route = methods.get(request.method);
  if (!route) {
    const allow = [...methods.keys()].join(", ");
    return problem(405, "bad_method", `${url.pathname} is asked by ${allow}`, { allow });
  }
  const who = await identify(request, env);
  if (who === null) return await stranger(request, env);
  if (ROLES.indexOf(who.role) < ROLES.indexOf(route.role))
    return problem(403, "not_allowed", `${who.name} is a ${who.role}; this takes an ${route.role}`);
  if (await isTooMuch(env.ADMIN_LIMIT, `${who.by} ${who.name}`))
    return problem(429, "too_many", "too many requests within a minute: ask less often", { "retry-after": "60" });
  if (who.by === "session" && request.method !== "GET" && !isOwn(request))
    return problem(403, "not_own", "a session changes things from the dashboard alone; anything else sends a token");
  if (who.by === "access" && request.method !== "GET" && isCrossSite(request, url))
    return problem(403, "cross_site", "this login is only good for pages of this hostname; scripts send a token");
  const asked = { request, env, control, url, who, route, hasToken: who.by === "token" };
  return (await prepare(asked)) ?? (await HANDLERS[route.id](asked));
}

/** Whatever broke on the way. */
export function unavailable() {
  return problem(503, "unavailable", "this could not be done at the moment; ask again", { "retry-after": "5" });
}

let known;

/** Path to method to `{ id, role, query, body, isRaw }`, as the document says; a raw body is left to who handles it. */
function routes() {
  if (known) return known;
  const { paths, components } = JSON.parse(description);
  const bodyOf = (operation) => {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    return schema && components.schemas[schema.$ref.split("/").at(-1)];
  };
  known = new Map();
  for (const [path, operations] of Object.entries(paths)) {
    const methods = Object.entries(operations).map(([method, operation]) => [
      method.toUpperCase(),
      {
        id: operation.operationId,
        role: operation["x-halftone-role"],
        query: operation.parameters,
        body: bodyOf(operation),
        isRaw: operation.requestBody?.content["application/octet-stream"] !== undefined,
      },
    ]);
    known.set(path, new Map(methods));
  }
  return known;
}

const HANDLERS = {
  login,
  logout,
  glance,
  ...buildHandlers(problem),
  openapi: () => new Response(description, { headers: { ...HEADERS, "content-type": "application/json" } }),
  metrics,
  tallies,
  forget,
  status,
  series,
  source,
  config,
  decisions,
  revisions,
  diff,
  foresee,
  imagine: (asked) => imagine(asked, answers),
  preview: (asked) => preview(asked, answers),
  publish,
  promote: (asked) => ask(asked, { command: "promote" }),
  advance: (asked) => ask(asked, { command: "advance" }),
  freeze: (asked) => ask(asked, { command: "freeze", until_ms: asked.body.until_ms }),
  unfreeze: (asked) => ask(asked, { command: "unfreeze" }),
  pause: (asked) => ask(asked, { command: "pause" }),
  resume: (asked) => ask(asked, { command: "resume" }),
  rollback: (asked) => ask(asked, { command: "roll_back" }),
  abort: (asked) => ask(asked, { command: "abort" }),
  approve: (asked) => ask(asked, { command: "approve" }),
  retry: (asked) => ask(asked, { command: "retry" }),
  clear: (asked) => ask(asked, { command: "clear", version: asked.body.version }),
  off: (asked) => ask(asked, { command: "off" }),
  on: (asked) => ask(asked, { command: "on" }),
  restore: (asked) => ask(asked, { command: "restore", revision: asked.body.revision }),
};

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function problem(status, code, message, headers = {}) {
  return Response.json({ error: { code, message } }, { status, headers: { ...HEADERS, ...headers } });
}

function json(value) {
  return Response.json(value, { headers: HEADERS });
}

const answers = { json, problem };

/** Nobody knows them; and who fails too often from one address is not listened to for a while. */
async function stranger(request, env) {
  const address = request.headers.get("cf-connecting-ip") ?? "";
  if (await isTooMuch(env.LIMIT, `login ${address}`))
    return problem(429, "too_many", "too many failed logins within a minute", { "retry-after": "60" });
  const message = "send `authorization: Bearer TOKEN` with a token that HALFTONE_TOKENS names";
  return problem(401, "no_token", message, { "www-authenticate": "Bearer" });
}

async function isTooMuch(limit, key) {
  return limit !== undefined && !(await limit.limit({ key })).success;
}

/** A browser that is logged in sends its login along with whatever any page makes it ask. */
function isCrossSite(request, url) {
  const [site, origin] = [request.headers.get("sec-fetch-site"), request.headers.get("origin")];
  return (site !== null && site !== "same-origin" && site !== "none") || (origin !== null && origin !== url.origin);
}

/** Query, site and body, as the document has them; gives a refusal, or nothing. */
async function prepare(asked) {
  const { request, control, url, route } = asked;
  for (const { name, required, schema } of route.query) {
    const text = url.searchParams.get(name);
    if (text === null && required) return problem(400, "bad_parameter", `\`${name}\` is missing in the query`);
    if (text !== null && schema.pattern && !new RegExp(schema.pattern).test(text))
      return problem(400, "bad_parameter", `\`${name}\` is not of the form ${schema.pattern}`);
    if (text === null || schema.type !== "integer") continue;
    if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
      return problem(400, "bad_parameter", `\`${name}\` is a whole number, 0 or more`);
    asked[name] = Number(text);
  }
  // A look shows the first site unless it is said which.
  if (route.id !== "glance" && route.query.some(({ name }) => name === "site")) {
    const { site, place, refused } = siteOf(url, control);
    if (refused) return refused;
    Object.assign(asked, { site, place });
  }
  if (request.method === "GET" || route.isRaw) return undefined;
  const most = MOST_BYTES[route.id] ?? USUAL_BYTES;
  asked.text = await limited(request, most);
  if (asked.text === null) return problem(413, "too_large", `the body has more than ${most} bytes`);
  return route.body && readBody(asked, route.body);
}

/** The site that is asked about; the only one need not be named. */
function siteOf(url, control) {
  const sites = control.sites();
  const named = url.searchParams.get("site");
  const site = named ?? (sites.size === 1 ? [...sites.keys()][0] : null);
  if (site !== null && sites.has(site)) return { site, place: sites.get(site) };
  const why = named === null ? "say which site" : "there is no such site";
  const names = [...sites.keys()].join(", ");
  return { refused: problem(404, "unknown_site", `${why}: \`?site=\` (\`--site\` on the command line) and one of ${names}`) };
}

/** The body as the schema of its object has it: its own members, of their types. */
function readBody(asked, schema) {
  try {
    asked.body = asked.text.trim() === "" ? {} : JSON.parse(asked.text);
  } catch {
    asked.body = null;
  }
  const body = asked.body;
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return problem(400, "bad_json", 'the body is a JSON object such as {"why": "errors in the shop"}, or nothing');
  for (const name of Object.keys(body)) {
    const allowed = Object.keys(schema.properties).join(", ");
    if (!Object.hasOwn(schema.properties, name))
      return problem(400, "bad_body", `the body holds \`${name}\`; it may hold ${allowed}`);
  }
  for (const [name, wanted] of Object.entries(schema.properties)) {
    const value = body[name];
    if (value === undefined && !schema.required?.includes(name)) continue;
    const wrong = wrongWith(value, wanted);
    if (wrong) return problem(400, "bad_body", `the body needs \`${name}\`: ${wrong}`);
  }
  return undefined;
}

/** What is wrong with a value of a body, as far as the schemas of ours say anything. */
function wrongWith(value, { type, minimum, maximum, minLength, maxLength }) {
  if (type === "string") {
    const length = typeof value === "string" ? [...value].length : -1;
    if (length < (minLength ?? 0) || length > maxLength) return `text of ${minLength ?? 0} to ${maxLength} characters`;
  } else if (type === "integer") {
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) return "a whole number, 0 or more";
  } else if (type === "array") {
    if (!Array.isArray(value)) return "a list";
  } else if (type === "boolean") {
    if (typeof value !== "boolean") return "`true` or `false`";
  } else if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "an object, as `halftone publish` makes it";
  }
  return undefined;
}

async function metrics({ env, control }) {
  const sites = [...control.sites()].map(([site, place]) => [site, controllerOf(env, site, place)]);
  const parts = await Promise.all(sites.map(async ([site, object]) => `site ${site}\n${await object.rows()}\n`));
  const statuses = await Promise.all(sites.map(([site, object]) => object.status(site)));
  return new Response(`${control.metrics(parts.join(""))}${gauges(statuses, Date.now())}`, {
    headers: { ...HEADERS, "content-type": "text/plain; version=0.0.4; charset=utf-8" },
  });
}

async function tallies({ env, control, site, place }) {
  const rows = await controllerOf(env, site, place).rows();
  return new Response(control.tallies(`${site}\n${rows}`, Date.now()), {
    headers: { ...HEADERS, "content-type": "application/json" },
  });
}

/** Takes the rows of one visitor out of every object of the site that has rows. */
async function forget({ env, site, place, text }) {
  const visitor = text.trim();
  if (!/^[\w-]{22}$/.test(visitor)) {
    return problem(400, "bad_visitor", "the body is a visitor's id: the 22 characters behind `1:` in their cookie");
  }
  const shards = await controllerOf(env, site, place).shards();
  const rows = await Promise.all(
    shards.map(([rollout, shard]) => intakeOf(env, `${place} ${site} ${rollout} ${shard}`).forget(visitor)),
  );
  return json({ site, visitor, rows: rows.reduce((sum, n) => sum + n, 0) });
}

async function status({ env, site, place }) {
  return json(await controllerOf(env, site, place).status(site));
}

async function source({ env, site, place, revision }) {
  return json({ site, ...(await controllerOf(env, site, place).source(site, revision ?? Number.MAX_SAFE_INTEGER)) });
}

async function series({ env, site, place, after }) {
  const { points, now } = await controllerOf(env, site, place).series(site, after ?? 0);
  const text = `{"site":${JSON.stringify(site)},"points":[${points.join(",")}],"now":${now}}\n`;
  return new Response(text, { headers: { ...HEADERS, "content-type": "application/json" } });
}

async function config({ env, site, place }) {
  return json({ site, ...(await controllerOf(env, site, place).config(site)) });
}

/** The log as JSON lines, behind the entry numbered `after`; every line has its number, `next` of a full page is the last. */
async function decisions({ env, site, place, after }) {
  const entries = await controllerOf(env, site, place).log(after ?? 0);
  const lines = entries.map(({ seq, entry }) => `{"seq":${seq},"entry":${entry}}\n`);
  return new Response(lines.join(""), { headers: { ...HEADERS, "content-type": "application/jsonl" } });
}

async function revisions({ env, site, place, before }) {
  const revisions = await controllerOf(env, site, place).revisions(before ?? Number.MAX_SAFE_INTEGER);
  return json({ site, revisions });
}

async function diff({ env, site, place, from, to }) {
  const difference = await controllerOf(env, site, place).compare(from, to);
  if (difference === null) return problem(404, "no_revision", "one of these revisions is not there; `revisions` lists them");
  return json({ site, ...difference });
}

async function foresee({ env, control, site, place, body }) {
  const offer = JSON.stringify(body.offer);
  const vetted = control.vet(site, offer);
  if (vetted !== "ok") return problem(422, "bad_config", vetted);
  return json({ site, ...(await controllerOf(env, site, place).foresee(site, offer)) });
}

/** A config, compiled: `{ "offer": ..., "parent": 12, "why": "..." }`, and perhaps the text it was compiled from. */
async function publish({ env, control, site, place, who, body }) {
  const offer = JSON.stringify(body.offer);
  const vetted = control.vet(site, offer);
  if (vetted !== "ok") return problem(422, "bad_config", vetted);
  const { parent, parent_config: over, why = "", source } = body;
  return decided(site, await controllerOf(env, site, place).publish(site, { by: who.name, why, offer, parent, over, source }));
}

/** A wish of a person: `{ "why": "...", ... }`, or nothing. */
async function ask({ env, site, place, who, body }, command) {
  const { why = "", override: overrides = false } = body;
  return decided(site, await controllerOf(env, site, place).ask(site, { by: who.name, why, command, overrides }));
}

function decided(site, answer) {
  if (!answer.refused) return json({ site, decisions: answer.decisions });
  const { code, message } = answer.refused;
  return problem({ no_reason: 400, no_revision: 404, bad_config: 422 }[code] ?? 409, code, message);
}
