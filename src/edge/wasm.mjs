// The decision: its facts gathered from a request, its instruction read from the Wasm's answer.

import * as glue from "halftone-glue";
import wasmModule from "./index_bg.wasm";
import { Instance } from "./instance.mjs";
import { Standing } from "./standing.mjs";

const NOTHING = {
  geo: false,
  consent: false,
  cookieless: false,
  counts: false,
  brief: false,
  allCookies: true,
  plain: false,
  names: [],
  headers: [],
};

export class Engine extends Instance {
  #loaded = false;
  #needs = NOTHING;
  #standing = new Standing();
  /** Where our own addresses are. */
  prefix = "";
  /** The sites of the build: name, and jurisdiction of the objects (`-` for none). */
  sites = [];
  /** Whether some site has a rollout in force, so that something could be rolled back. */
  draws = false;

  constructor() {
    super(glue);
  }

  /** Whether a plan is in force. */
  get ready() {
    return this.made && this.#loaded;
  }

  /** Takes the plan of the build into force. Throws if it can not be read. */
  load(plan, secret) {
    this.make(wasmModule);
    const answer = this.call(`${plan}\n${secret}`, glue.load).split("\n");
    if (answer[0] !== "ok") throw new Error(answer[0]);
    if (answer[1]) this.say(`${answer[1]}; every visitor gets the stable version`);
    const sites = this.#learn(answer.slice(2));
    this.sites = sites.split("\t").map((site) => site.split(" "));
    this.#loaded = true;
  }

  /** Takes a site as its Controller has it into force; false, and the one before stays, if it can not be read. */
  adopt(text) {
    const answer = this.call(text, glue.adopt).split("\n");
    if (answer[0] !== "ok") {
      this.say("a live site can not be taken; serving the last one", answer[0]);
      return false;
    }
    this.#learn(answer.slice(1));
    return true;
  }

  /** What the plan in force needs, in the order of `edge::serve::show`; gives the line about its sites. */
  #learn(lines) {
    this.#standing = new Standing();
    const [geo, consent, cookieless, counts, brief, allCookies, draws] = lines.slice(0, 7).map((word) => word !== "");
    this.#needs = { geo, consent, cookieless, counts, brief, allCookies, names: lines[9].split(" "), headers: lines.slice(10) };
    this.#needs.plain = !(counts || consent || cookieless || this.#needs.headers.length > 0);
    this.draws = draws;
    this.prefix = lines[7];
    return lines[8];
  }

  /**
   * The instruction for a request. `failed` is the version that could not answer it before, or "".
   *
   * Every header read costs, so each is read only where the decision can depend on it. Who brings a cookie of ours is asked
   * for no more than it may leave open; if it does, the decision says so and is asked again with everything.
   */
  decide(request, now, failed) {
    const needs = this.#needs;
    const { method, url, headers } = request;
    const cookies = headers.get("cookie") ?? "";
    // Browsers that do not say what a request is for do say that it is for a service worker.
    const dest = headers.get("sec-fetch-dest") ?? (headers.has("service-worker") ? "serviceworker" : "");
    const tags = headers.get("if-none-match") ?? "";
    const isWhole = method === "GET" && tags === "" && failed === "";
    const known = isWhole ? this.#standing.at(url, dest) : undefined;
    if (known !== undefined && dest !== "document") {
      const part = this.#standing.part(known, url, cookies);
      if (part !== undefined) return { ...part, cookies };
    }
    const said = { method, url, cookies, dest, tags, failed, numbers: known === undefined ? "" : known.numbers };
    const answer = this.#ask(request, said, isWhole && dest === "document" && needs.plain, now);
    const instruction = typeof answer === "number" ? { ...known[-1 - answer], cookies } : read(answer, said, known);
    if (instruction.stands) this.#standing.keep(instruction, dest);
    return instruction;
  }

  /** The decision's answer, asked with no more than it needs. `isPlain`: a page, asked for as almost all are. */
  #ask(request, said, isPlain, now) {
    const needs = this.#needs;
    const { cookies, url, numbers } = said;
    const ours = needs.brief || isPlain ? ourPair(cookies, needs.names) : cookies;
    const sent = needs.allCookies ? cookies : ours;
    let answer = "M";
    if (needs.brief && ours !== "") {
      const facts = isPlain ? `p${numbers}\n${url}\n${sent}` : factsOf(request, said, sent, needs, true);
      answer = this.call(facts, glue.decide, now);
    }
    if (answer !== "M") return answer;
    if (!isPlain) return this.call(factsOf(request, said, cookies, needs, false), glue.decide, now);
    const agent = request.headers.get("user-agent") ?? "";
    return this.call(`n${numbers}\n${url}\n${sent}\n${agent}\n${needs.geo ? placeOf(request.cf) : ""}`, glue.decide, now);
  }

  /** Puts numbers from the ticket office into this isolate's lease. */
  granted(numbers, rollout, asked) {
    if (this.made) this.call(numbers, glue.granted, rollout, asked);
  }

  /** The plan is gone with the instance. */
  trapped() {
    super.trapped();
    this.#loaded = false;
    this.#standing = new Standing();
  }
}

/** The one pair of a Cookie header that can be a cookie of ours; the whole header if there are several, "" if there is none. */
function ourPair(cookies, names) {
  let pair = "";
  for (const name of names) {
    const at = cookies.indexOf(name);
    if (at < 0) continue;
    if (pair !== "" || cookies.indexOf(name, at + name.length) >= 0) return cookies;
    const end = cookies.indexOf(";", at);
    pair = cookies.slice(cookies.lastIndexOf(";", at) + 1, end < 0 ? undefined : end);
  }
  return pair;
}

/** Where the platform says a visitor is, as lines. */
function placeOf(cf) {
  return cf ? `${cf.country ?? ""}\n${cf.regionCode ?? ""}\n${cf.city ?? ""}\n${cf.colo ?? ""}` : "\n\n\n";
}

/** The facts of a request as lines, in the order of `decide::Request::read`. */
function factsOf(request, { method, url, cookies, dest, tags, failed, numbers }, sent, needs, mayBeBrief) {
  const { headers } = request;
  // A speculative fetch of a page is told from a script's own fetch by its purpose; others need not say it.
  const speculates = dest === "empty" || (needs.counts && dest === "document");
  const purpose = speculates ? (headers.get("sec-purpose") ?? headers.get("purpose") ?? "") : "";
  const worker = dest === "serviceworker";
  const brief = mayBeBrief && !worker;
  let facts = `${brief ? "b" : ""}${numbers}\n${method}\n${url}\n${sent}\n${dest}\n${purpose}\n${tags}\n${failed}\n`;
  const draws = dest === "document" || dest === "" || purpose !== "" || dest.endsWith("frame") || worker;
  const stranger = cookies === "" || needs.cookieless;
  // A subresource with a cookie comes from the version its page came from, so nothing else matters for it.
  if (draws || stranger) {
    facts += dest === "" ? `${headers.get("accept") ?? ""}\n` : "\n";
    facts += brief ? "\n" : `${headers.get("user-agent") ?? ""}\n`;
    facts += needs.cookieless || needs.consent || needs.counts ? `${headers.get("sec-gpc") ?? ""}\n` : "\n";
    facts += stranger || worker || needs.counts ? `${headers.get("cf-connecting-ip") ?? ""}\n` : "\n";
    facts += stranger || worker ? `${headers.get("referer") ?? ""}\n` : "\n";
    facts += placeOf(needs.geo && !brief ? request.cf : undefined);
    for (const name of needs.headers) facts += `\n${headers.get(name) ?? ""}`;
  }
  return facts;
}

/** What many instructions have in common, by its line: read once. More than so many are not remembered. */
class Lines {
  #read;
  #known = new Map();
  /** The two that came last, the newer one first: to compare a line costs less than to look it up. */
  #last = ["", undefined];
  #before = ["", undefined];

  constructor(read) {
    this.#read = read;
  }

  of(line) {
    if (this.#last[0] === line) return this.#last[1];
    const found = this.#before[0] === line ? this.#before : [line, this.#known.get(line) ?? this.#learn(line)];
    this.#before = this.#last;
    this.#last = found;
    return found[1];
  }

  #learn(line) {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const common = this.#read(line.split("\t"));
    this.#known.set(line, common);
    return common;
  }
}

const MOST_KNOWN = 500;

function commonOf([flags, timeout, revision, ownCookie, vary, cacheControl, stands]) {
  return {
    kind: "carry",
    guarded: flags.includes("g"),
    preview: flags.includes("p"),
    announce: flags.includes("h"),
    navigation: flags.includes("n"),
    inject: flags.includes("i"),
    reports: flags.includes("r"),
    marked: flags.includes("m"),
    told: flags.includes("t"),
    failover: flags.includes("f"),
    timeout: Number(timeout),
    revision,
    ownCookie,
    vary,
    cacheControl,
    stands,
  };
}

function attemptOf([kind, binding, locationFrom, locationTo, version, why, forward, status]) {
  // A structured-field token begins with a letter; a version that does not is a string.
  const item = /^[A-Za-z]/.test(version) ? version : `"${version}"`;
  return { kind, binding, locationFrom, locationTo, version, item, why, forward, status: Number(status) };
}

const REQUESTS = new Lines(commonOf);
const ATTEMPTS = new Lines(attemptOf);

/**
 * The text of an instruction as an object; the order of lines is that of `decide::Instruction`. With it goes what the request said
 * of method, address, cookies and copies, which has been read already: each look at a request costs.
 */
function read(text, { method, url, cookies, tags }, known) {
  const f = text.split("\n");
  if (f[0]?.[0] === "K") {
    // One that stands, for somebody else: its number, and what is theirs alone.
    const [number, setCookie, setCookieConfirmed, office, token, intake, note] = f;
    return { ...known[number.slice(1)], setCookie, setCookieConfirmed, office, token, intake, note, cookies };
  }
  if (f[0] === "A") {
    const headers = new Headers();
    const count = Number(f[2]);
    for (let n = 0; n < count; n++) headers.append(f[3 + 2 * n], f[4 + 2 * n]);
    const body = f.slice(3 + 2 * count).join("\n");
    return { kind: "answer", response: new Response(body || null, { status: Number(f[1]), headers }) };
  }
  if (f[0] === "O") return { kind: "own", what: f[1], intake: f[2], note: f[3] };
  if (f[0]?.[0] !== "C") throw new Error("no instruction: no plan is loaded");
  const attempts = [];
  for (let n = 7; n + 2 < f.length; n += 3) attempts.push({ ...ATTEMPTS.of(f[n]), target: f[n + 1], ifNoneMatch: f[n + 2] });
  return {
    ...REQUESTS.of(f[0]),
    setCookie: f[1],
    setCookieConfirmed: f[2],
    office: f[3],
    token: f[4],
    intake: f[5],
    note: f[6],
    method,
    url,
    cookies,
    tags,
    attempts,
  };
}
