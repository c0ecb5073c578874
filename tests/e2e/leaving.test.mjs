// In front of an existing site, and out of the way again, as docs/recipes.md has it: what the server behind the hostname
// says is what visitors get, before, meanwhile where nothing is drawn, and afterwards, whatever cookies they still bring.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { eventually, Visitor } from "./population.mjs";
import { Repository } from "./repository.mjs";
import { ROOT, said, startWorker, writeBuild } from "./worker.mjs";

const SITE = "http://shop.example";

/** The site as it was before anybody heard of canaries. */
function serve(request, response, body) {
  response.setHeader("x-served-by", "the old server");
  const { pathname, search } = new URL(request.url, SITE);
  if (pathname === "/") return response.setHeader("content-type", "text/html").end("<title>The old site</title><h1>Hello</h1>");
  if (pathname === "/old") return response.writeHead(302, { location: `${SITE}/new${search}` }).end();
  if (pathname === "/login") {
    response.setHeader("set-cookie", ["session=1; Path=/; HttpOnly", "seen=2; Path=/"]);
    return response.end(`${request.method} ${body}`);
  }
  if (pathname === "/cookies") return response.end(request.headers.cookie ?? "");
  response.writeHead(404).end("nothing of this name");
}

const config = (versions, rest = {}) => ({
  admin: { host: "127.0.0.1" },
  sites: { shop: { hosts: ["shop.example"], versions, stable: "now", ...rest } },
});
const ALONE = config({ now: "zone" });
const BESIDE = config({ now: "zone", next: "assets:next" }, { rollout: { canary: "next", steps: ["50%"], decide: "never" } });
const folders = { next: writeBuild("leaving-next", { "index.html": "<title>Next</title><h1>Next</h1>" }) };

let server;
let worker;
let repository;

before(async () => {
  server = await startOrigin(serve);
  worker = await startWorker({ name: "leaving", config: ALONE, folders, outbound: server.listener, keeps: true });
  repository = new Repository(worker);
  await deploys(ALONE);
});
after(async () => {
  await worker?.close();
  await server?.close();
});

async function deploys(next) {
  const { status, said } = await repository.deploy(next);
  assert.equal(status, 0, said);
  await repository.upload(next);
}

const QUESTIONS = [
  ["/", {}],
  ["/old?x=1", {}],
  ["/login", { method: "POST", body: "name=ann" }],
  ["/none", {}],
  ["/", { method: "HEAD" }],
];

async function answer(response) {
  const headers = ["content-type", "location", "x-served-by"].map((name) => response.headers.get(name));
  const cookies = response.headers.getSetCookie().filter((cookie) => !cookie.startsWith("halftone="));
  return [response.status, ...headers, cookies, await response.text()];
}

/** What the server says by itself, to somebody with these cookies. */
const direct = async (path, init, cookie) =>
  answer(await fetch(server.url + path, { redirect: "manual", ...init, headers: cookie ? { cookie } : {} }));

/** Somebody whose first page was of this version. */
const somebody = (version) =>
  eventually(async () => {
    const visitor = new Visitor(worker);
    await (await visitor.open(`${SITE}/`)).body?.cancel();
    return visitor.version === version && visitor;
  }, `somebody with ${version}`);

test("with one version every answer is the server's, and our cookie never reaches it", async () => {
  const one = await somebody("now");
  assert.match(one.cookie, /^halftone=/);
  for (const [path, init] of QUESTIONS) {
    const response = await worker.navigate(SITE + path, { ...init, headers: { cookie: one.cookie } });
    assert.deepEqual([said(response).version, said(response).why], ["now", "stable"]);
    assert.deepEqual(await answer(response), await direct(path, init), path);
  }
  assert.ok(server.seen.every(({ headers }) => !(headers.cookie ?? "").includes("halftone")));
});

let left;

test("with a rollout beside it some get the other build, and the others what they always got", async () => {
  await deploys(BESIDE);
  // Only then the rollout is known to be in force.
  const tries = await somebody("next");
  const stays = await somebody("now");
  assert.match(await (await tries.open(`${SITE}/`)).text(), /<h1>Next/);
  const page = await (await stays.open(`${SITE}/`)).text();
  assert.match(page, /<title>The old site<\/title><h1>Hello/);
  // What both versions do by the server they still do, with their cookies and without ours.
  for (const visitor of [stays, tries]) {
    const cookie = `${visitor.cookie}; session=1`;
    const response = await worker.fetch(`${SITE}/cookies`, { headers: { cookie } });
    assert.equal(await response.text(), "session=1");
  }
  left = [stays, tries];
});

test("off gives everybody the server and writes no cookies; the rollout is ended, and its history kept", async () => {
  await worker.halftone(["off", "--why", "leaving"]);
  const [, tries] = left;
  await eventually(async () => (await (await tries.open(`${SITE}/`)).text()).includes("<h1>Hello"), "the server's page");
  for (const visitor of [tries, new Visitor(worker)]) {
    const response = await visitor.open(`${SITE}/`);
    assert.match(await response.text(), /<h1>Hello/);
    assert.deepEqual(response.headers.getSetCookie(), []);
  }
  await worker.halftone(["abort", "--why", "leaving"]);
  const history = (await worker.halftone(["history", "--json"])).trim();
  for (const word of ["off", "abort"]) assert.ok(history.includes(word), `${word} is in the history:\n${history}`);
});

test("without the Worker every visitor gets what the server says, whatever cookies they bring", async () => {
  await worker.close();
  for (const { cookie } of left) {
    assert.match(cookie, /^halftone=1:/);
    for (const [path, init] of QUESTIONS) assert.deepEqual(await direct(path, init, cookie), await direct(path, init), path);
  }
});

test("the recipes name the commands that this page uses", () => {
  const text = readFileSync(join(ROOT, "docs/recipes.md"), "utf8");
  const leaving = text.slice(text.indexOf("## Leaving again"), text.indexOf("## Cloudflare Pages"));
  for (const words of ["halftone abort", "halftone off", "halftone history --json"]) assert.ok(leaving.includes(words), words);
});
