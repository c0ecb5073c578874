// What pages send back, on the real runtime: tokens, notes, rows, their folding, the ledger and what is shown of it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { earlier } from "./forgeries.mjs";
import { cookiesOf, startWorker, writeBuild } from "./worker.mjs";

const OPERATOR = "operator-token-of-the-tests-0001";
const VIEWER = "viewer-token-of-the-tests-000002";
const hash = (token) => createHash("sha256").update(token).digest("hex");
const TOKENS = `ann:operator:${hash(OPERATOR)},ben:viewer:${hash(VIEWER)}`;

const page = (version) => `<!doctype html><html><head><title>${version}</title></head><body><p>${version}</p></body></html>`;
const config = (rest = {}) => ({
  admin: { host: "admin.example" },
  sites: {
    shop: {
      versions: { v1: "assets:v1", v2: "assets:v2" },
      stable: "v1",
      rollout: { canary: "v2", steps: ["50%"] },
      rules: [{ name: "pinned", when: { query: { pin: "1" } }, serve: "v2" }],
      feedback: { shards: 1 },
      ...rest,
    },
  },
});

let worker;
before(async () => {
  const files = (version) => ({ "index.html": page(version), "app.js": "1", "plain.txt": version });
  const folders = { v1: writeBuild("feedback-v1", files("v1")), v2: writeBuild("feedback-v2", files("v2")) };
  worker = await startWorker({ name: "feedback", config: config(), folders, secrets: { HALFTONE_TOKENS: TOKENS } });
});
after(() => worker?.close());

let addresses = 0;

/** A visitor with a network of their own. */
class Visitor {
  constructor(address = `203.0.${addresses++}.7`) {
    this.address = address;
    this.cookie = "";
  }

  headers(more = {}) {
    return { cookie: this.cookie, "cf-connecting-ip": this.address, ...more };
  }

  async open(path = "/", headers = {}) {
    const response = await worker.navigate(path, { headers: this.headers(headers) });
    this.cookie = cookiesOf(response, this.cookie);
    this.token = tokenOf(response);
    this.version = response.headers.get("halftone")?.match(/version="?([^",]+)/)?.[1];
    return response;
  }

  send(beacons, init = {}) {
    const body = typeof beacons === "string" ? beacons : JSON.stringify(beacons);
    return worker.fetch("/_halftone/in", {
      method: "POST",
      body,
      headers: this.headers({ "content-type": "text/plain" }),
      ...init,
    });
  }

  say(...events) {
    return this.send(events.map((event) => ({ t: this.token, ...event })));
  }
}

const tokenOf = (response) => /halftone-page;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "")?.[1];

/** A visitor who drew this version. */
async function visitorOf(version, path) {
  for (;;) {
    const visitor = new Visitor();
    await visitor.open(path);
    if (visitor.version === version) return visitor;
  }
}

async function intake() {
  const [id] = await worker.objects("INTAKE");
  return worker.storage("INTAKE", id);
}

/** The row of a visitor's last page. */
async function rowOf(visitor) {
  const id = visitor.cookie.match(/halftone=1:([^:]+)/)[1];
  const rows = await (await intake()).exec(
    "SELECT * FROM pages JOIN cell_names USING (cell_number) WHERE visitor = ? ORDER BY page DESC",
    id,
  );
  return rows[0];
}

/** Asks until an answer is there; the objects work once a second. */
async function until(ask, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what} did not happen within 20 s`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Makes every open page so much older, and lets the object look. */
async function age(ms) {
  const sql = await intake();
  for (const { page: id } of await sql.exec("SELECT page FROM pages")) {
    const older = (Number.parseInt(id.slice(0, 8), 36) - ms).toString(36).padStart(8, "0") + id.slice(8);
    await sql.exec("UPDATE pages SET page = ? WHERE page = ?", older, id);
    await sql.exec("UPDATE draws SET page = ? WHERE page = ?", older, id);
  }
  // A note wakes the object.
  await new Visitor().open("/?wake");
}

const admin = (path, token, init = {}) =>
  worker.fetch(`http://admin.example${path}`, { headers: token ? { authorization: `Bearer ${token}` } : {}, ...init });

const tallies = async () => (await admin("/api/v1/tallies", VIEWER)).json();
const cell = (all, arm, name) => all.cells.find((one) => one.class === "drawn" && one.arm === arm)?.counts[name] ?? 0;

describe("a page of a visitor who is drawn", () => {
  test("carries a token in a header and the script in its head, and is no other copy's", async () => {
    const visitor = new Visitor();
    const response = await visitor.open();
    const html = await response.text();
    assert.match(visitor.token, /^1~/);
    assert.ok(!html.includes(visitor.token), "no body holds a token");
    assert.match(html, /<head><script>.*__halftone.*<\/script><script async src="\/_halftone\/page\.js"><\/script><title>/);
    assert.match(response.headers.get("etag"), /^"v[12]~~/);
    assert.equal(response.headers.get("accept-ranges"), null);
    assert.match(response.headers.get("reporting-endpoints"), /^default="\/_halftone\/reports\?t=1~/);
  });

  test("is confirmed by a copy that was told to report, with a fresh token, and by no other", async () => {
    const visitor = new Visitor();
    const first = await visitor.open();
    const [etag, token] = [first.headers.get("etag"), visitor.token];
    const again = await visitor.open("/", { "if-none-match": etag });
    assert.equal(again.status, 304);
    assert.notEqual(visitor.token, token);
    const untold = await visitor.open("/", { "if-none-match": etag.replace("~~", "~") });
    assert.equal(untold.status, 200);
  });

  test("agrees with its HEAD", async () => {
    const visitor = new Visitor();
    const got = await visitor.open();
    const head = await worker.navigate("/", { method: "HEAD", headers: visitor.headers() });
    assert.equal(head.headers.get("etag"), got.headers.get("etag"));
    for (const name of ["accept-ranges", "content-length", "last-modified"]) assert.equal(head.headers.get(name), null, name);
    assert.equal(tokenOf(head), undefined);
  });

  test("is a row, and its beacons are in it once they are acknowledged", async () => {
    const visitor = await visitorOf("v2");
    const answer = await visitor.say(
      { e: "alive", at: 120 },
      { e: "vital", name: "LCP", value: 812.4, id: "a" },
      { e: "goal", name: "signup" },
    );
    assert.deepEqual(
      [answer.status, answer.headers.get("cache-control"), answer.headers.getSetCookie(), await answer.text()],
      [204, "no-store", [], ""],
    );
    const row = await rowOf(visitor);
    assert.deepEqual([row.bits & 1, row.lcp, row.goals], [1, 812, "signup"]);
    assert.match(row.cell, /^drawn\|c\|v2\|1\|-\|5000\|5000$/);
    assert.ok(!JSON.stringify(row).includes(visitor.address), "no address is kept");
  });

  test("is proven by the page script's own request", async () => {
    const visitor = await visitorOf("v1");
    const proven = async () => ((await rowOf(visitor)).bits & 64) !== 0;
    assert.equal(await proven(), false);
    const script = await worker.fetch("/_halftone/page.js", { headers: visitor.headers() });
    assert.equal(script.status, 200);
    assert.match(script.headers.get("content-type"), /^text\/javascript/);
    await until(proven, "proof");
  });
});

describe("a page that is not counted as evidence", () => {
  test("of a rule is apart, and a visitor drawn before stays out of it", async () => {
    const visitor = new Visitor();
    await visitor.open("/?pin=1");
    assert.match((await until(() => rowOf(visitor), "the row")).cell, /^apart\|-\|v2\|1\|rule:pinned\|0\|0$/);
  });

  test("that asks for privacy has no token and no script", async () => {
    const visitor = new Visitor();
    const response = await visitor.open("/", { "sec-gpc": "1" });
    assert.equal(visitor.token, undefined);
    assert.ok(!(await response.text()).includes("page.js"));
  });

  test("fetched ahead has a token and no row until it is looked at", async () => {
    const visitor = new Visitor();
    await visitor.open("/", { "sec-purpose": "prefetch;prerender" });
    assert.match(visitor.token, /p~/);
    assert.equal((await visitor.say({ e: "alive", at: 5 })).status, 204);
    assert.equal(await rowOf(visitor), undefined);
    const answer = await visitor.say({ e: "activated" }, { e: "alive", at: 5 });
    const fresh = answer.headers.get("halftone-page");
    assert.match(fresh, /^1~/);
    assert.equal((await rowOf(visitor)).bits & 1, 1);
    visitor.token = fresh;
    assert.equal((await visitor.say({ e: "soft" })).status, 204);
    assert.equal((await rowOf(visitor)).soft, 1);
  });

  test("of a file that is no page has neither token nor script", async () => {
    const visitor = new Visitor();
    const response = await visitor.open("/plain.txt");
    assert.equal(visitor.token, undefined);
    assert.match(response.headers.get("etag"), /^"v[12]~[^~]/);
  });
});

describe("a body", () => {
  const cases = [
    ["that is no JSON", "{", {}, 400, "bad_json"],
    ["that is neither object nor array", "5", {}, 400, "bad_shape"],
    ["of another type", "[]", { "content-type": "image/png" }, 415, "bad_type"],
    ["that is too large", "x".repeat(65 * 1024), {}, 413, "too_large"],
    ["with too many beacons", JSON.stringify(Array.from({ length: 51 }, () => ({}))), {}, 413, "too_many"],
  ];
  for (const [what, body, headers, status, code] of cases) {
    test(`${what} is refused with ${status} and the word ${code}`, async () => {
      const visitor = new Visitor();
      const answer = await visitor.send(body, { headers: visitor.headers({ "content-type": "text/plain", ...headers }) });
      assert.deepEqual([answer.status, (await answer.json()).error.code], [status, code]);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    });
  }

  test("is taken by POST alone, and who asks beforehand is told so", async () => {
    const get = await worker.fetch("/_halftone/in");
    assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST, OPTIONS"]);
    const preflight = await worker.fetch("/_halftone/in", { method: "OPTIONS", headers: { origin: "https://x.example" } });
    assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-methods")], [204, "POST"]);
  });

  test("with a token of somebody else changes nothing", async () => {
    const [ann, ben] = [await visitorOf("v2"), await visitorOf("v2")];
    const before = await until(() => rowOf(ann), "the row");
    ben.token = ann.token;
    assert.equal((await ben.say({ e: "error", kind: "error", at: 1 })).status, 204);
    assert.deepEqual(await rowOf(ann), before);
  });

  test("that comes twice counts once", async () => {
    const visitor = await visitorOf("v1");
    await visitor.say({ e: "alive", at: 1 });
    const once = await rowOf(visitor);
    await visitor.say({ e: "alive", at: 1 });
    assert.deepEqual(await rowOf(visitor), once);
  });
});

describe("reports of browsers", () => {
  const report = async (visitor, body, type) =>
    worker.fetch(`/_halftone/reports?t=${visitor.token}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": type },
    });

  test("are counted by kind and reason for the version their token names", async () => {
    const visitor = await visitorOf("v2");
    const crash = { type: "crash", age: 1, url: "https://shop.example/", user_agent: "x", body: { reason: "oom" } };
    assert.equal((await report(visitor, [crash, crash], "application/reports+json")).status, 204);
    const legacy = { "csp-report": { "effective-directive": "script-src" } };
    assert.equal((await report(visitor, legacy, "application/csp-report")).status, 204);
    const rows = await (await intake()).exec("SELECT key, n FROM cells WHERE key LIKE '%report.%' ORDER BY key");
    assert.deepEqual(
      rows.map(({ key, n }) => [key.split("|").at(-1), n]),
      [
        ["report.crash:oom", 2],
        ["report.csp:script-src", 1],
      ],
    );
  });
});

describe("pages that are old enough", () => {
  const expired = async () => (await tallies()).drops.expired ?? 0;
  /** How many were dropped as expired since there were `had`; what an isolate dropped is told with a later request. */
  const told = (visitor, had) =>
    until(async () => {
      await visitor.send("[]");
      return (await expired()) - had;
    }, "the count");

  test("become counts: alive, missing, errors; and votes in the site's ledger", async () => {
    const [good, silent, broken] = [await visitorOf("v1"), await visitorOf("v2"), await visitorOf("v2")];
    await good.say({ e: "alive", at: 5 });
    await broken.say({ e: "alive", at: 5 }, { e: "error", kind: "rejection", at: 9 });
    // The silent page's browser does keep its cookie.
    await worker.fetch("/app.js", { headers: silent.headers({ "sec-fetch-dest": "script" }) });
    await until(async () => ((await rowOf(silent))?.bits & 64) !== 0, "proof");
    const before = await tallies();
    await age(33_000);
    const grown = (all, arm, name) => cell(all, arm, name) > cell(before, arm, name);
    const now = await until(async () => {
      const all = await tallies();
      const canary = ["missing", "vote.missing", "errors", "vote.errors"].every((name) => grown(all, "canary", name));
      return canary && grown(all, "stable", "pages_alive") ? all : null;
    }, "the fold");
    assert.equal(cell(now, "stable", "vote.errors"), 0);
    assert.ok(cell(now, "canary", "trials") >= 2);
    const networks = now.networks.find((one) => one.guard === "missing");
    assert.ok(networks.canary_networks >= 1 && networks.canary_networks <= networks.networks);
  });

  test("are missing for good: what comes alive later is dropped as expired and undoes nothing, at either age", async () => {
    const visitor = await visitorOf("v2");
    await worker.fetch("/app.js", { headers: visitor.headers({ "sec-fetch-dest": "script" }) });
    await until(async () => ((await rowOf(visitor))?.bits & 64) !== 0, "proof");
    const counted = async () => {
      const all = await tallies();
      return ["missing", "pages_alive", "errors"].map((name) => cell(all, "canary", name));
    };
    const before = await counted();
    const since = async () => (await counted()).map((n, at) => n - before[at]);
    await age(33_000);
    await until(async () => (await since())[0] === 1, "the fold");
    const row = await rowOf(visitor);
    const had = await expired();
    visitor.token = earlier(visitor.token, 33_000);
    await visitor.say({ e: "alive", at: 31_000 }, { e: "error", kind: "error", at: 31_000 });
    assert.deepEqual(await rowOf(visitor), { ...row, errors: 1 }, "what is told within five minutes is shown");
    assert.equal(await told(visitor, had), 1);
    await age(303_000 - 33_000);
    await until(async () => (await rowOf(visitor)) === undefined, "the row's end");
    await until(async () => cell(await tallies(), "canary", "errors_reported") >= 1, "the later fold");
    assert.deepEqual(await since(), [1, 0, 0]);
  });

  test("say nothing with a token that is too old: all of it is dropped as expired", async () => {
    const visitor = await visitorOf("v2");
    const before = await until(() => rowOf(visitor), "the row");
    const [fresh, had] = [visitor.token, await expired()];
    for (const [ms, event] of [
      [31_000, { e: "alive", at: 5 }],
      [301_000, { e: "error", kind: "error", at: 5 }],
      [25 * 3_600_000, { e: "ask" }],
    ]) {
      visitor.token = earlier(fresh, ms);
      assert.equal((await visitor.say(event)).status, 204);
    }
    assert.deepEqual(await rowOf(visitor), before);
    visitor.token = fresh;
    assert.equal(await told(visitor, had), 3);
  });

  test("leave nothing behind but counts and the draw", async () => {
    const visitor = await visitorOf("v1");
    await visitor.say({ e: "alive", at: 5 });
    await age(303_000);
    await until(async () => (await rowOf(visitor)) === undefined, "the row's end");
    const lcp = await tallies();
    assert.ok(cell(lcp, "stable", "slow_trials") >= 1);
  });
});

describe("the admin surface", () => {
  test("is for those who have a token, by role, on its own hostname", async () => {
    assert.equal((await admin("/metrics")).status, 401);
    assert.equal((await admin("/metrics", "some-other-token-of-nobody")).status, 401);
    assert.equal((await admin("/metrics", VIEWER)).status, 200);
    const forget = (token) =>
      admin("/api/v1/forget", token, { method: "POST", body: "x", headers: { authorization: `Bearer ${token}` } });
    assert.equal((await forget(VIEWER)).status, 403);
    assert.equal((await forget(OPERATOR)).status, 400);
    assert.equal((await worker.fetch("/metrics", { headers: { authorization: `Bearer ${VIEWER}` } })).status, 404);
    assert.equal((await worker.fetch("/api/v1/tallies", { headers: { authorization: `Bearer ${VIEWER}` } })).status, 404);
  });

  test("forgets a visitor", async () => {
    const visitor = await visitorOf("v1");
    await until(() => rowOf(visitor), "the row");
    const id = visitor.cookie.match(/halftone=1:([^:]+)/)[1];
    const answer = await admin("/api/v1/forget", OPERATOR, {
      method: "POST",
      body: id,
      headers: { authorization: `Bearer ${OPERATOR}` },
    });
    assert.equal(answer.status, 200);
    assert.ok((await answer.json()).rows >= 2);
    assert.equal(await rowOf(visitor), undefined);
  });

  test("counts what was dropped, by reason", async () => {
    const visitor = await visitorOf("v1");
    await visitor.send([{ t: "garbage", e: "alive", at: 1 }]);
    const dropped = await until(async () => {
      // What an isolate dropped is told with a later request.
      await visitor.send([{ t: visitor.token, e: "ask" }]);
      return (await tallies()).drops.bad_token;
    }, "the count");
    assert.ok(dropped >= 1);
  });
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
