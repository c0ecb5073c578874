// The Wasm instance: made when first needed, thrown away after a trap, spoken to through two text buffers.

import * as glue from "halftone-glue";
import wasmModule from "./index_bg.wasm";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Engine {
  #wasm = null;
  #loaded = null;
  #needs = { geo: false, consent: false, cookieless: false, headers: [] };
  #trapped = false;
  #said = new Set();

  /** Whether this plan is the one in force. */
  ready(plan) {
    return this.#wasm !== null && this.#loaded === plan;
  }

  /** Takes a plan into force; false, and the one before stays, if it can not be read. Throws if there is none before. */
  load(plan, secret) {
    this.#instance();
    const answer = this.#call(`${plan}\n${secret}`, glue.load).split("\n");
    if (answer[0] !== "ok") {
      this.say("a plan can not be read; serving the last one", answer[0]);
      if (this.#loaded === null) throw new Error(answer[0]);
      return false;
    }
    if (answer[1]) this.say(`${answer[1]}; every visitor gets the stable version`);
    this.#needs = { geo: answer[2] !== "", consent: answer[3] !== "", cookieless: answer[4] !== "", headers: answer.slice(5) };
    this.#loaded = plan;
    return true;
  }

  /**
   * The instruction for a request. `failed` is the version that could not answer it before, or "".
   *
   * Every header read costs, so each is read only where the decision can depend on it; the order of the lines is that of
   * `edge::decide`.
   */
  decide(request, now, failed) {
    const headers = request.headers;
    const cookies = headers.get("cookie") ?? "";
    // Browsers that do not say what a request is for do say that it is for a service worker.
    const dest = headers.get("sec-fetch-dest") ?? (headers.has("service-worker") ? "serviceworker" : "");
    const needs = this.#needs;
    // A speculative fetch of a page is told from a script's own fetch by its purpose; others need not say it.
    const purpose = dest === "empty" ? (headers.get("sec-purpose") ?? headers.get("purpose") ?? "") : "";
    let facts = `${request.method}\n${request.url}\n${cookies}\n${dest}\n${purpose}\n${headers.get("if-none-match") ?? ""}\n${failed}\n`;
    const worker = dest === "serviceworker";
    const draws = dest === "document" || dest === "" || purpose !== "" || dest.endsWith("frame") || worker;
    const stranger = cookies === "" || needs.cookieless;
    // A subresource with a cookie comes from the version its page came from, so nothing else matters for it.
    if (draws || stranger) {
      facts += `${dest === "" ? (headers.get("accept") ?? "") : ""}\n${headers.get("user-agent") ?? ""}\n`;
      facts += needs.cookieless || needs.consent ? `${headers.get("sec-gpc") ?? ""}\n` : "\n";
      facts += stranger || worker ? `${headers.get("cf-connecting-ip") ?? ""}\n${headers.get("referer") ?? ""}\n` : "\n\n";
      const cf = needs.geo ? request.cf : undefined;
      facts += cf ? `${cf.country ?? ""}\n${cf.regionCode ?? ""}\n${cf.city ?? ""}\n${cf.colo ?? ""}` : "\n\n\n";
      for (const name of needs.headers) facts += `\n${headers.get(name) ?? ""}`;
    }
    return read(this.#call(facts, glue.decide, now));
  }

  /** Puts numbers from the ticket office into this isolate's lease. */
  granted(numbers, rollout, asked) {
    if (this.#wasm) this.#call(numbers, glue.granted, rollout, asked);
  }

  /** Answers a question to the ticket office. */
  office(question, sql, now) {
    this.#instance();
    return this.#call(question, glue.office, sql, now);
  }

  /** Logs once per kind of thing what someone should know; visitors never see it. */
  say(message, error) {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    console.error(JSON.stringify({ level: "error", message, error: error === undefined ? undefined : String(error) }));
  }

  /** Something went wrong on our side. After a trap the instance is not to be trusted; the next call makes a new one. */
  failed(error, message) {
    this.say(message, error?.stack ?? error);
    if (error instanceof WebAssembly.RuntimeError) {
      this.#wasm = null;
      this.#loaded = null;
      this.#trapped = true;
    }
  }

  #instance() {
    if (this.#wasm) return;
    // The glue keeps one instance of its own; after a trap it has to let go of it first.
    if (this.#trapped) glue.__wbg_reset_state();
    this.#wasm = glue.initSync({ module: wasmModule });
    this.#trapped = false;
  }

  /** Writes text, calls, reads text. */
  #call(text, act, ...rest) {
    const room = text.length * 3;
    const at = glue.input(room);
    const { written } = encoder.encodeInto(text, new Uint8Array(this.#wasm.memory.buffer, at, room));
    const length = act(written, ...rest);
    return decoder.decode(new Uint8Array(this.#wasm.memory.buffer, glue.output(), length));
  }
}

/** The text of an instruction as an object; the order of lines is that of `decide::Instruction`. */
function read(text) {
  const f = text.split("\n");
  if (f[0] === "A") {
    const headers = new Headers();
    const count = Number(f[2]);
    for (let n = 0; n < count; n++) headers.append(f[3 + 2 * n], f[4 + 2 * n]);
    const body = f.slice(3 + 2 * count).join("\n");
    return { kind: "answer", response: new Response(body || null, { status: Number(f[1]), headers }) };
  }
  if (f[0]?.[0] !== "C") throw new Error("no instruction: no plan is loaded");
  const flags = f[0];
  const attempts = [];
  for (let n = 9; n + 9 < f.length; n += 10) {
    attempts.push({
      kind: f[n],
      binding: f[n + 1],
      target: f[n + 2],
      locationFrom: f[n + 3],
      locationTo: f[n + 4],
      version: f[n + 5],
      why: f[n + 6],
      status: f[n + 7] === "" ? 0 : Number(f[n + 7]),
      ifNoneMatch: f[n + 8],
      forward: f[n + 9],
    });
  }
  return {
    kind: "carry",
    guarded: flags.includes("g"),
    preview: flags.includes("p"),
    announce: flags.includes("h"),
    navigation: flags.includes("n"),
    timeout: Number(f[1]),
    revision: f[2],
    ownCookie: f[3],
    setCookie: f[4],
    setCookieConfirmed: f[5],
    office: f[6],
    vary: f[7],
    cacheControl: f[8],
    attempts,
  };
}
