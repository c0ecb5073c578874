// A site for the tests of the page script: plain pages with a token in `Server-Timing`, the script as it is built, and a place
// that takes beacons as the edge does and remembers them. No Worker, so that what is seen here is the script's alone.

import { execFileSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EARLY } from "../../src/edge/early.mjs";
import { ROOT } from "../e2e/worker.mjs";

const PATIENCE_MS = 30_000;

/** What a page holds before the script, so that nothing is missed: as it is injected, and documented. */
export const STUB = `<script>${EARLY}</script>`;
export const SCRIPT = '<script async src="/_halftone/page.js"></script>';
export const HELLO = "<h1>Hello</h1>";

/** A page: the script, and what else is to stand in head and body. */
export const html = (body = HELLO, head = SCRIPT) => `<!doctype html><title>page</title>${head}<body>${body}`;

/** The built script, as text, and what the build said. */
export function buildScript() {
  const folder = mkdtempSync(join(tmpdir(), "halftone-page-"));
  try {
    const said = execFileSync(process.execPath, [join(ROOT, "scripts/page.mjs"), join(folder, "page.js")], { encoding: "utf8" });
    return { said, script: readFileSync(join(folder, "page.js"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function startSite() {
  const site = new Site();
  await new Promise((listening) => site.server.listen(0, "127.0.0.1", listening));
  return site;
}

class Site {
  /** Every beacon in the order of its coming, with the path of the page that it speaks for. */
  heard = [];
  /** What is answered to beacons of a path, as `halftone-recall`. */
  recall = {};
  server = createServer((request, response) => this.#take(request, response));
  #paths = {};
  #tokens = {};
  #script = buildScript().script;
  #arrival = new EventEmitter().setMaxListeners(0);

  /** Serves a path: a page's text, or `(request, response, timing)`, where `timing` is a fresh `Server-Timing`. */
  serve(path, what) {
    this.#paths[path] = typeof what === "string" ? (_, response, timing) => page(response, what, timing) : what;
    return this.url(path);
  }

  url(path) {
    return `http://127.0.0.1:${this.server.address().port}${path}`;
  }

  /** What pages of a path have said, of one kind or all. */
  of(path, e) {
    return this.heard.filter((beacon) => beacon.path === path && (!e || beacon.e === e));
  }

  /** Waits until pages of a path have said a thing of this kind `times` times, and gives the latest. */
  async until(path, e, times = 1) {
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (this.of(path, e).length < times) {
      const arrived = Promise.withResolvers();
      this.#arrival.once("beacon", arrived.resolve);
      late.onabort = () => arrived.reject(new Error(`no \`${e}\` number ${times} of ${path}: ${JSON.stringify(this.of(path))}`));
      await arrived.promise;
    }
    late.onabort = null;
    return this.of(path, e)[times - 1];
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  #take(request, response) {
    const { pathname } = new URL(request.url, "http://page");
    if (pathname === "/_halftone/page.js") return answer(response, 200, "text/javascript", this.#script);
    if (pathname === "/_halftone/in") return this.#hear(request, response);
    const found = this.#paths[pathname];
    if (!found) return answer(response, 404, "text/plain", "nothing here");
    const token = `t${Object.keys(this.#tokens).length}.${"x".repeat(20)}~:_-`;
    this.#tokens[token] = pathname;
    return found(request, response, `origin;dur=12, halftone-page;desc="${token}", halftone;desc="v2 canary r12"`, token);
  }

  async #hear(request, response) {
    const body = (await request.setEncoding("utf8").toArray()).join("");
    const type = request.headers["content-type"];
    let path;
    for (const { t, ...beacon } of [JSON.parse(body)].flat()) {
      path = this.#tokens[t];
      this.heard.push({ ...beacon, path, token: t, type, arrived: performance.now() });
    }
    const recall = this.recall[path];
    response.writeHead(204, { "cache-control": "no-store", ...(recall ? { "halftone-recall": recall } : {}) }).end();
    this.#arrival.emit("beacon");
  }
}

/** Answers a page's text under a `Server-Timing`, or without one. */
export function page(response, text, timing, more = {}) {
  const headers = { "content-type": "text/html", ...(timing ? { "server-timing": timing } : {}), ...more };
  response.writeHead(200, headers).end(text);
}

function answer(response, status, type, text) {
  response.writeHead(status, { "content-type": type }).end(text);
}
