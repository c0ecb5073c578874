// `halftone deploy` against a real Worker with a real bucket: what is sent, what is refused, what visitors then get.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "./population.mjs";
import { atTerminal, drawnBars } from "./terminal.mjs";
import { cookiesOf, ROOT, said, startWorker, writeBuild } from "./worker.mjs";

const HALFTONE = join(ROOT, "target/release/halftone");
const sha = (text) => createHash("sha256").update(text).digest("hex");
const OPERATOR = "operator-token-for-the-deploys-01";
const VIEWER = "viewer-token-for-the-deploys-0001";

const page = (words) => `<!doctype html><title>${words}</title><h1>${words}</h1>`;
const ONE = {
  "/index.html": page("one"),
  "/about.html": page("about"),
  "/docs/index.html": page("docs"),
  "/404.html": page("not here"),
  "/assets/app-1f2e3d4c.js": "console.log('one')",
  "/assets/same-0a1b2c3d.css": "p{}",
  "/copy.css": "p{}",
  "/a b ü.txt": "0123456789",
  "/empty.txt": "",
};
const TWO = {
  ...ONE,
  "/index.html": page("two"),
  "/assets/app-9f8e7d6c.js": "console.log('two')",
};
delete TWO["/assets/app-1f2e3d4c.js"];

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };
const typeOf = (path) => TYPES[path.split(".").pop()] ?? "text/plain; charset=utf-8";

/** The list of files as the command writes it, made apart from it. */
function manifest(version, files) {
  const entries = Object.entries(files).map(([path, text]) => [path, [sha(text), Buffer.byteLength(text), typeOf(path)]]);
  entries.sort(([a], [b]) => (Buffer.from(a) < Buffer.from(b) ? -1 : Buffer.compare(Buffer.from(a), Buffer.from(b))));
  return { format: "halftone-build/1", site: "shop", version, made_s: 1, files: Object.fromEntries(entries) };
}

let worker;

before(async () => {
  const config = {
    admin: { host: "localhost" },
    sites: {
      shop: {
        versions: { one: "r2:BUILDS/@shop/one", two: "r2:BUILDS/@shop/two", never: "r2:BUILDS/@shop/never" },
        stable: "one",
        rules: [
          { name: "two", when: { query: { show: "two" } }, serve: "two" },
          { name: "never", when: { query: { show: "never" } }, serve: "never" },
        ],
        // Pages go as they are: what is put into them otherwise has tests of its own.
        feedback: { inject: false },
      },
    },
  };
  const lists = { one: ONE, two: TWO, never: { "/index.html": "never uploaded" } };
  worker = await startWorker({
    name: "deploy",
    config,
    files: Object.fromEntries(
      Object.entries(lists).map(([id, files]) => [`halftone-builds/shop/${id}.json`, JSON.stringify(manifest(id, files))]),
    ),
    secrets: { HALFTONE_TOKENS: `ann:operator:${sha(OPERATOR)},ben:viewer:${sha(VIEWER)}` },
  });
});

after(() => worker?.close());

function env() {
  const url = Object.assign(new URL(worker.url), { hostname: "localhost" }).href;
  return { ...process.env, HALFTONE_URL: url, HALFTONE_TOKEN: OPERATOR };
}

/** Runs the command line against the Worker; gives status, output and what it complained of. */
function halftone(...words) {
  return new Promise((resolve) => {
    execFile(HALFTONE, words, { env: env(), cwd: worker.work }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, stdout, stderr }),
    );
  });
}

async function deploy(files, id, ...more) {
  const folder = writeBuild(`deploy-${id}`, files);
  const ran = await halftone("deploy", folder, "--version", id, "--json", ...more);
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

const api = (path, init = {}, token = OPERATOR) =>
  worker.fetch(`http://localhost/api/v1/${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

async function put(content, hash = sha(content)) {
  const headers = { "content-length": String(Buffer.byteLength(content)) };
  return api(`builds/blob?sha256=${hash}`, { method: "PUT", body: content, headers });
}

async function blobs() {
  const { BUILDS } = await worker.env();
  return (await BUILDS.list({ prefix: "blobs/" })).objects.map(({ key }) => key.slice("blobs/".length)).sort();
}

describe("a build is uploaded", { concurrency: false }, () => {
  test("what arrived before a failure is not sent again, and no version is there before the whole of it", async () => {
    assert.equal((await put(ONE["/about.html"])).status, 200);
    assert.deepEqual((await (await api("builds")).json()).builds, []);
    const done = await deploy(ONE, "one");
    assert.equal(done.is_new, true);
    assert.equal(done.origin, "r2:BUILDS/@shop/one");
    // Nine files, two of one content, one of which was there.
    assert.deepEqual([done.files, done.sent], [9, 7]);
    assert.deepEqual(await blobs(), [...new Set(Object.values(ONE).map(sha))].sort());
  });

  test("the next one sends only what changed, and again sends nothing", async () => {
    const done = await deploy(TWO, "two");
    assert.deepEqual([done.files, done.sent, done.is_new], [9, 2, true]);
    const again = await deploy(TWO, "two");
    assert.deepEqual([again.sent, again.is_new], [0, false]);
  });

  test("what was sent before somebody killed it is not sent again, and nothing was there before the whole", async (t) => {
    const pages = Array.from({ length: 120 }, (_, n) => [`/page-${n}.html`, page(`page ${n}`)]);
    const files = { "/index.html": page("killed"), ...Object.fromEntries(pages) };
    const before = (await blobs()).length;
    // Between it and the Worker: so many contents come through, and of those behind them nobody hears.
    const through = 40;
    let sent = 0;
    const line = createServer(async (request, response) => {
      if (request.method === "PUT" && ++sent > through) return;
      const body = Buffer.concat(await request.toArray());
      const { authorization } = request.headers;
      const headers = { authorization, ...(body.length > 0 ? { "content-length": String(body.length) } : {}) };
      const init = { method: request.method, headers, body: request.method === "GET" ? undefined : body };
      const answer = await worker.fetch(`http://localhost${request.url}`, init);
      response.writeHead(answer.status).end(await answer.text());
    });
    line.listen(0, "127.0.0.1");
    await once(line, "listening");
    t.after(() => {
      line.closeAllConnections();
      line.close();
    });
    const words = ["deploy", writeBuild("deploy-killed", files), "--version", "killed"];
    const url = `http://127.0.0.1:${line.address().port}/`;
    const sending = execFile(HALFTONE, words, { env: { ...env(), HALFTONE_URL: url }, cwd: worker.work });
    await eventually(async () => (await blobs()).length === before + through, "what comes through");
    sending.kill("SIGKILL");
    assert.deepEqual(await once(sending, "exit"), [null, "SIGKILL"]);
    const versions = async () => (await (await api("builds")).json()).builds.map(({ version }) => version);
    assert.ok(!(await versions()).includes("killed"));
    const done = await deploy(files, "killed");
    assert.deepEqual([done.files, done.sent, done.is_new], [121, 121 - through, true]);
    assert.equal((await halftone("builds", "drop", "killed")).status, 0);
  });

  test("who looks is shown how much of it has arrived", async () => {
    const texts = Array.from({ length: 60 }, (_, n) => [`/part-${n}.txt`, `${n}`.repeat(20_000)]);
    const folder = writeBuild("deploy-shown", { "/index.html": page("shown"), ...Object.fromEntries(texts) });
    const words = [HALFTONE, "deploy", folder, "--version", "shown"];
    const drawn = drawnBars(await atTerminal(words, { cwd: worker.work, env: env() }));
    assert.ok(drawn.length >= 2 && drawn.at(-1) > drawn[0], String(drawn));
    assert.deepEqual(
      drawn,
      drawn.toSorted((a, b) => a - b),
    );
    const again = await atTerminal(words, { cwd: worker.work, env: env() });
    assert.match(again, /^shown: 61 files, 0 sent \(0 B\) \(it was there already\)/m);
    assert.equal((await halftone("builds", "drop", "shown")).status, 0);
  });

  test("the list of its files is the one the config was compiled with", async () => {
    await deploy({ ...ONE, "/new.txt": "new" }, "listed");
    const written = JSON.parse(readFileSync(join(worker.work, "halftone-builds/shop/listed.json"), "utf8"));
    assert.deepEqual({ ...written, made_s: 1 }, manifest("listed", { ...ONE, "/new.txt": "new" }));
    const pulled = await halftone("builds", "pull", "listed", "--config", join(worker.work, "elsewhere/halftone.json"));
    assert.equal(pulled.status, 0, pulled.stderr);
    assert.equal(
      readFileSync(join(worker.work, "elsewhere/halftone-builds/shop/listed.json"), "utf8"),
      readFileSync(join(worker.work, "halftone-builds/shop/listed.json"), "utf8"),
    );
  });

  test("a version never changes", async () => {
    const folder = writeBuild("deploy-other", { ...ONE, "/index.html": "other" });
    const ran = await halftone("deploy", folder, "--version", "one");
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, /`one` is there with other files, and a version never changes: choose another id/);
    assert.equal((await worker.navigate("/")).headers.get("etag"), `"one~${sha(ONE["/index.html"]).slice(0, 32)}"`);
  });

  test("--add names it in the config and leaves the rest of the text alone", async () => {
    const config = join(worker.work, "added/halftone.json");
    const text = (more) => `{
  "sites": {
    "shop": {
      "versions": {
        "v0": "assets:v0"${more}
      },
      "stable": "v0", "rules": []
    }
  }
}
`;
    mkdirSync(dirname(config), { recursive: true });
    writeFileSync(config, text(""));
    await deploy(ONE, "one", "--config", config, "--add");
    const added = text(',\n        "one": "r2:BUILDS/@shop/one"');
    assert.equal(readFileSync(config, "utf8"), added);
    await deploy(ONE, "one", "--config", config, "--add");
    assert.equal(readFileSync(config, "utf8"), added);
  });

  test("without an id it is the commit of its repository", async () => {
    const ran = await halftone("deploy", join(ROOT, "tests/.work/builds/deploy-one"), "--json");
    const head = await new Promise((resolve) =>
      execFile("git", ["-C", ROOT, "rev-parse", "--short", "HEAD"], (_, stdout) => resolve(stdout.trim())),
    );
    assert.equal(JSON.parse(ran.stdout).version, head);
  });
});

describe("visitors get what was uploaded", { concurrency: false }, () => {
  test("pages by their names, with the hash of the content as the entity tag", async () => {
    const response = await worker.navigate("/about");
    assert.equal(response.status, 200);
    assert.equal(await response.text(), ONE["/about.html"]);
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(response.headers.get("etag"), `"one~${sha(ONE["/about.html"]).slice(0, 32)}"`);
    assert.equal((await worker.navigate("/docs")).headers.get("location"), "/docs/");
    const missing = await worker.navigate("/nope");
    assert.deepEqual([missing.status, await missing.text()], [404, ONE["/404.html"]]);
    assert.equal((await worker.navigate("/?show=two").then((page) => page.text())).includes("two"), true);
  });

  test("HEAD, ranges and validators agree with GET, without asking the bucket for more than it takes", async () => {
    const path = `/${encodeURIComponent("a b ü.txt")}`;
    const whole = await worker.fetch(path);
    assert.equal(await whole.text(), "0123456789");
    const head = await worker.fetch(path, { method: "HEAD" });
    for (const name of ["etag", "content-type", "accept-ranges"])
      assert.equal(head.headers.get(name), whole.headers.get(name), name);
    assert.equal(head.headers.get("content-length"), "10");
    const part = await worker.fetch(path, { headers: { range: "bytes=2-4" } });
    assert.deepEqual([part.status, await part.text(), part.headers.get("content-range")], [206, "234", "bytes 2-4/10"]);
    const beyond = await worker.fetch(path, { headers: { range: "bytes=10-" } });
    assert.equal(beyond.status, 416);
    const known = await worker.fetch(path, { headers: { "if-none-match": whole.headers.get("etag") } });
    assert.equal(known.status, 304);
    assert.equal(await (await worker.fetch("/empty.txt")).text(), "");
  });

  test("an open page finds its files whichever version its visitor has by now", async () => {
    const response = await worker.fetch("/assets/app-9f8e7d6c.js");
    assert.equal(await response.text(), TWO["/assets/app-9f8e7d6c.js"]);
    assert.deepEqual([said(response).version, said(response).why], ["two", "skew"]);
    assert.match(response.headers.get("cache-control"), /^public/);
    assert.equal(response.headers.get("etag"), `"${sha(TWO["/assets/app-9f8e7d6c.js"]).slice(0, 32)}"`);
  });

  test("a version that was never uploaded is answered by stable", async () => {
    const response = await worker.navigate("/?show=never");
    assert.equal(await response.text(), ONE["/index.html"]);
    assert.deepEqual([said(response).version, said(response).why], ["one", "fallback"]);
    assert.ok(cookiesOf(response));
  });
});

describe("what is refused", { concurrency: false }, () => {
  test("a content that is not what its hash says", async () => {
    const response = await put("something", sha("something else"));
    assert.equal(response.status, 422);
    assert.equal((await response.json()).error.code, "bad_hash");
    assert.ok(!(await blobs()).includes(sha("something else")));
    assert.equal((await put("x", "../builds/shop/one.json")).status, 400);
  });

  test("a manifest that leads elsewhere", async () => {
    for (const [path, entry] of [
      ["/../x", [sha("x"), 1, "text/plain"]],
      ["x", [sha("x"), 1, "text/plain"]],
      ["/a//b", [sha("x"), 1, "text/plain"]],
      ["/x", ["../secret", 1, "text/plain"]],
      ["/x", [sha("x"), -1, "text/plain"]],
      ["/x", [sha("x"), 1, "text/plain\r\nset-cookie: a"]],
    ]) {
      const body = JSON.stringify({ ...manifest("bad", {}), files: { [path]: entry } });
      const response = await api("builds/register", { method: "POST", body });
      assert.equal(response.status, 422, `${path} ${entry}`);
    }
    const foreign = await api("builds/register", {
      method: "POST",
      body: JSON.stringify({ ...manifest("x", ONE), site: "other" }),
    });
    assert.match((await foreign.json()).error.message, /one of site `other`/);
  });

  test("whoever may only look", async () => {
    assert.equal((await api("builds", {}, VIEWER)).status, 200);
    for (const path of ["builds/missing", "builds/register", "builds/drop"])
      assert.equal((await api(path, { method: "POST", body: "{}" }, VIEWER)).status, 403, path);
    assert.equal((await api(`builds/blob?sha256=${sha("x")}`, { method: "PUT", body: "x" }, VIEWER)).status, 403);
  });

  test("a file that no address can name", async () => {
    const folder = writeBuild("deploy-odd", { "/index.html": "x", "/a\\b.txt": "x" });
    const ran = await halftone("deploy", folder, "--version", "odd");
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, /a\\b\.txt is a name that the edge refuses to ask for: rename the file/);
  });
});

describe("a build is dropped", { concurrency: false }, () => {
  test("never one that the deployed config names", async () => {
    const ran = await halftone("builds", "drop", "two");
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, /`two` is a version of the deployed config, and open pages ask for its files/);
  });

  test("with what it alone has, and nothing else", async () => {
    await deploy({ ...ONE, "/only.txt": "only here" }, "three");
    assert.ok((await blobs()).includes(sha("only here")));
    const ran = await halftone("builds", "drop", "three", "--site", "shop");
    assert.equal(ran.stdout, "three is gone, and 1 content that no other build has\n");
    assert.ok(!(await blobs()).includes(sha("only here")));
    for (const text of Object.values({ ...ONE, ...TWO })) assert.ok((await blobs()).includes(sha(text)));
    assert.equal((await halftone("builds", "drop", "three")).status, 2);
  });

  test("by --keep, the oldest that nothing names", async () => {
    await deploy({ "/index.html": "old" }, "old");
    const done = await deploy({ "/index.html": "new" }, "new", "--keep", "1");
    assert.ok(done.dropped.includes("old"));
    const { builds } = await (await api("builds")).json();
    assert.deepEqual(builds.map(({ version }) => version).sort(), ["new", "one", "two"]);
    const listed = await halftone("builds");
    assert.match(listed.stdout, /^new +\d{4}-\d\d-\d\dT[\d:]+Z +1 files +3 B ann$/m);
    assert.match(listed.stdout, /^one .* 9 files .* ann +in use$/m);
  });
});
