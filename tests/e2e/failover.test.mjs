// Breaks the real thing, one piece at a time: the visitor has the stable page each time, and the log says why once.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { closedPort, startOrigin } from "./origin.mjs";
import { cookiesOf, KEY, said, startWorker, writeBuild } from "./worker.mjs";

/** The version that a response's cookie says was served. */
const remembered = (response) => /halftone=1:[^;]*/.exec(response.headers.getSetCookie().join())?.[0].split(":")[4];

/** Log lines as objects; fails if a line is not one. */
/** What went wrong; that a rollout began is in the log too. */
const logged = (worker) =>
  worker
    .logs()
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level !== "info");

/** Ends when `reached` gives something true; each look is a request, so nothing is waited for but the Worker itself. */
async function until(reached) {
  for (const began = Date.now(); Date.now() - began < 60_000; ) {
    const value = await reached();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("a minute went by");
}

const HELD = new Map();
/** Requests for this path that the origin holds back; `release` answers them and all to come. */
function hold(path) {
  const gate = Promise.withResolvers();
  HELD.set(path, gate.promise);
  return () => {
    HELD.delete(path);
    gate.resolve();
  };
}

/** Builds under /stable and /canary are well; what is under another name is ill in the way the name says. */
function answer(request, response) {
  const [, build] = request.url.split("/");
  response.setHeader("content-type", "text/html");
  response.setHeader("x-robots-tag", "noindex");
  if (build === "broken") {
    response.statusCode = 503;
    return response.end("<p>out of order: secret detail</p>");
  }
  if (build === "reset") return request.socket.destroy();
  if (build === "cut") {
    response.setHeader("content-length", "1000");
    response.write("<p>begins");
    return setImmediate(() => request.socket.destroy());
  }
  if (request.url.includes("/moved?")) {
    response.statusCode = 302;
    response.setHeader("location", `/${build}/there`);
    return response.end();
  }
  if (request.url.endsWith("/stream")) {
    response.write("<p>begins");
    return HELD.get(request.url).then(() => response.end(" and ends"));
  }
  return Promise.resolve(HELD.get(request.url)).then(() => response.end(`<p>${build} ${request.method} ${request.url}</p>`));
}

let origin;
before(async () => {
  origin = await startOrigin(answer);
});
after(() => origin?.close());

/** A site whose visitors all draw `canary`. */
const trial = (canary, hosts = [], stable = `${origin.url}/stable`) => ({
  hosts,
  versions: { v1: stable, v2: { timeout: "300ms", ...(typeof canary === "string" ? { origin: canary } : canary) } },
  stable: "v1",
  // What goes with a page that is counted is the business of feedback.test.mjs.
  feedback: { enabled: false },
  rollout: { canary: "v2", steps: ["100%"] },
});

describe("a canary's origin", () => {
  let worker;
  before(async () => {
    const down = `http://${await closedPort()}`;
    worker = await startWorker({
      name: "failover",
      folders: { v2: writeBuild("failover", { "index.html": "<p>folder</p>" }) },
      config: {
        sites: {
          well: trial(`${origin.url}/canary`),
          down: trial(down, ["down.example"]),
          slow: trial(`${origin.url}/slow`, ["slow.example"]),
          broken: trial(`${origin.url}/broken`, ["broken.example"]),
          reset: trial(`${origin.url}/reset`, ["reset.example"]),
          cut: trial(`${origin.url}/cut`, ["cut.example"]),
          both: trial(`${origin.url}/broken`, ["both.example"], `${origin.url}/broken`),
          neither: trial(down, ["neither.example"], down),
          unbound: trial("service:NOWHERE", ["unbound.example"]),
        },
      },
    });
  });
  after(() => worker?.close());

  test("that is well answers for itself", async () => {
    const response = await worker.navigate("/");
    assert.deepEqual([response.status, await response.text(), remembered(response)], [200, "<p>canary GET /canary/</p>", "v2"]);
    assert.equal(said(response).why, "canary");
  });

  const ills = {
    down: "refuses connections",
    broken: "answers 503",
    reset: "ends connections",
    slow: "sends no headers in time",
    unbound: "is a binding that is not there",
  };
  for (const [host, ill] of Object.entries(ills)) {
    for (const method of ["GET", "HEAD"]) {
      test(`that ${ill} is answered for by stable, for ${method}`, async () => {
        const release = hold("/slow/page?x=1");
        const response = await worker.navigate(`http://${host}.example/page?x=1`, { method });
        assert.equal(response.status, 200);
        assert.equal(await response.text(), method === "HEAD" ? "" : "<p>stable GET /stable/page?x=1</p>");
        assert.deepEqual(said(response), { version: "v1", why: "fallback", revision: "1" });
        assert.equal(remembered(response), "v1");
        release();
      });
    }
  }

  test("is asked again at the next navigation, and what the page needs meanwhile comes from stable", async () => {
    const release = hold("/slow/");
    const first = await worker.navigate("http://slow.example/");
    assert.equal(said(first).why, "fallback");
    const cookie = cookiesOf(first);
    const style = await worker.fetch("http://slow.example/style.css", { headers: { cookie, "sec-fetch-dest": "style" } });
    assert.deepEqual([said(style).version, said(style).why], ["v1", "page"]);
    release();
    const second = await worker.navigate("http://slow.example/", { headers: { cookie } });
    assert.deepEqual([said(second).version, said(second).why, remembered(second)], ["v2", "canary", "v2"]);
  });

  test("that has begun in time may take as long as it likes", async () => {
    const release = hold("/slow/stream");
    const response = await worker.navigate("http://slow.example/stream");
    const releasePage = hold("/slow/late");
    assert.equal(
      said(await worker.navigate("http://slow.example/late")).why,
      "fallback",
      "the time is up for a page without headers",
    );
    releasePage();
    release();
    assert.deepEqual([said(response).version, await response.text()], ["v2", "<p>begins and ends"]);
  });

  test("that breaks in the middle of a page is not mended", async () => {
    const response = await worker.navigate("http://cut.example/");
    assert.deepEqual([response.status, said(response).version], [200, "v2"]);
    await assert.rejects(response.text());
  });

  test("gets what was posted once, and nobody else gets it", async () => {
    for (const host of ["broken", "reset"]) {
      origin.take();
      const response = await worker.navigate(`http://${host}.example/order`, { method: "POST", body: "one order" });
      assert.equal(response.status, host === "broken" ? 503 : 502);
      assert.deepEqual(
        origin.take().map((request) => [request.url, request.body]),
        [[`/${host}/order`, "one order"]],
      );
    }
  });

  test("and stable's may both be ill: then stable's own answer passes, or a plain sentence where there is none", async () => {
    const both = await worker.navigate("http://both.example/");
    assert.deepEqual([both.status, await both.text(), said(both).version], [503, "<p>out of order: secret detail</p>", "v1"]);
    const neither = await worker.navigate("http://neither.example/");
    assert.deepEqual(
      [neither.status, await neither.text()],
      [502, "This site can not be reached at the moment. Please try again.\n"],
    );
    assert.equal(neither.headers.get("cache-control"), "no-store");
  });

  test("is named in the log once for each kind of failure, without a word about the visitor", async () => {
    await worker.navigate("http://down.example/?secret=1", {
      headers: { cookie: "session=secret", "cf-connecting-ip": "203.0.113.7" },
    });
    const lines = logged(worker);
    const about = (word) => lines.filter((line) => line.message.includes(word));
    assert.equal(about("origin of version v2 can not be reached").length, 1);
    assert.equal(about("origin of version v2 failed on a navigation; stable answered").length, 1);
    assert.equal(lines.length, new Set(lines.map((line) => line.message)).size, worker.logs().join("\n"));
    for (const line of worker.logs()) assert.doesNotMatch(line, /secret|203\.0\.113|halftone=|\n/);
  });
});

describe("a live site", () => {
  let worker;
  const config = (step) => ({
    sites: { shop: { ...trial(`${origin.url}/canary`), rollout: { canary: "v2", steps: ["100%"], step } } },
  });
  before(async () => {
    worker = await startWorker({ name: "live-plan", config: config(1) });
  });
  after(() => worker?.close());

  test("that is published replaces the running one without a restart, and is written down for the time without its Controller", async () => {
    const cookie = cookiesOf(await worker.navigate("/"));
    const { shop } = await worker.publish(config(0));
    await until(async () => said(await worker.navigate("/")).revision === String(shop));
    const response = await worker.navigate("/", { headers: { cookie } });
    assert.deepEqual(said(response), { version: "v1", why: "stable", revision: String(shop) });
    assert.equal(remembered(response), "v1");
    const { PLANS } = await worker.env();
    await until(async () => (await PLANS.get("live/shop"))?.startsWith(`${shop} live halftone-live/`));
  });
});

describe("without", () => {
  const sequential = (first) => ({
    sites: { shop: { ...trial(`${origin.url}/canary`), rollout: { canary: "v2", strategy: "sequential", steps: [{ first }] } } },
  });

  test("the signing secret everybody gets stable and no cookie, and health says so", async () => {
    for (const keys of ["", "much-too-weak"]) {
      const worker = await startWorker({ name: "no-keys", config: { sites: { shop: trial(`${origin.url}/canary`) } }, keys });
      try {
        const response = await worker.navigate("/");
        assert.deepEqual([response.status, await response.text()], [200, "<p>stable GET /stable/</p>"]);
        assert.deepEqual([said(response).version, said(response).why], ["v1", "off"]);
        assert.deepEqual(response.headers.getSetCookie(), []);
        const health = await worker.fetch("/_halftone/health");
        assert.equal(health.status, 200);
        assert.match((await health.json()).status, /^stable only: .*HALFTONE_KEYS/);
        const lines = logged(worker);
        assert.equal(lines.length, 1);
        assert.match(lines[0].message, /HALFTONE_KEYS.*every visitor gets the stable version$/);
        assert.doesNotMatch(worker.logs().join(), /much-too-weak/);
      } finally {
        await worker.close();
      }
    }
  });

  test("the ticket office nobody is enrolled, and the site is served", async () => {
    const worker = await startWorker({ name: "no-office", config: sequential(10), without: ["TICKETS"] });
    try {
      for (let n = 0; n < 3; n++) {
        const response = await worker.navigate("/");
        assert.deepEqual([response.status, said(response).version, said(response).why], [200, "v1", "stable"]);
      }
      assert.deepEqual(
        logged(worker).map((line) => line.message),
        ["binding TICKETS is missing; the sequential strategy enrols nobody"],
      );
    } finally {
      await worker.close();
    }
  });

  test("the store of live plans and without static assets the embedded plan is served", async () => {
    const worker = await startWorker({
      name: "no-bindings",
      config: { sites: { shop: trial(`${origin.url}/canary`), folder: trial("assets:v2", ["folder.example"]) } },
      folders: { v2: writeBuild("no-bindings", { "index.html": "<p>folder</p>" }) },
      without: ["PLANS", "[assets]"],
    });
    try {
      assert.equal(said(await worker.navigate("/")).version, "v2");
      assert.deepEqual(logged(worker), []);
      const response = await worker.navigate("http://folder.example/");
      assert.deepEqual([response.status, said(response).version, said(response).why], [200, "v1", "fallback"]);
      assert.match(worker.logs().join(), /binding ASSETS is missing; add it to wrangler.toml/);
    } finally {
      await worker.close();
    }
  });

  test("a table it can read the ticket office enrols nobody more, and the site is served", async () => {
    const worker = await startWorker({ name: "ill-office", config: sequential(40) });
    try {
      await until(async () => said(await worker.navigate("/")).version === "v2");
      const [id] = await worker.objects("Tickets");
      const storage = await worker.storage("Tickets", id);
      assert.deepEqual(await storage.exec("SELECT COUNT(*) AS leased FROM tickets"), [{ leased: 16 }]);
      await storage.exec("ALTER TABLE tickets RENAME TO lost");
      await storage.exec("CREATE TABLE tickets (holes TEXT)");
      let enrolled = 1;
      await until(async () => {
        const response = await worker.navigate("/");
        assert.equal(response.status, 200);
        if (said(response).version === "v2") enrolled++;
        return logged(worker).length > 0;
      });
      for (let n = 0; n < 5; n++) assert.equal(said(await worker.navigate("/")).version, "v1");
      assert.equal(enrolled, 16, "those whose places were leased before");
      assert.deepEqual(
        logged(worker).map((line) => line.message),
        [
          "the ticket office failed; whoever asked it goes on without",
          "the ticket office did not answer; new visitors get the stable version",
        ],
      );
    } finally {
      await worker.close();
    }
  });
});

describe("a panic", () => {
  let worker;
  before(async () => {
    worker = await startWorker({
      name: "panic",
      features: "fault-injection",
      folders: {
        v1: writeBuild("panic-v1", { "index.html": "<p>one</p>", "docs/index.html": "<p>docs one</p>", "app-0a1b2c3d.js": "1" }),
        v2: writeBuild("panic-v2", { "index.html": "<p>two</p>", "app-4e5f6a7b.js": "2" }),
      },
      config: {
        sites: {
          shop: trial(`${origin.url}/canary`),
          folder: trial("assets:v2", ["folder.example"], "assets:v1"),
          patient: trial({ origin: `${origin.url}/canary`, timeout: "30s" }, ["patient.example"]),
        },
      },
    });
  });
  after(() => worker?.close());

  /** Visits to the canary and posts that the origin holds back while something else happens. */
  async function waiting(during) {
    const release = hold("/canary/held");
    origin.take();
    const ask = (init) => worker.navigate("http://patient.example/held", init);
    const visits = Array.from({ length: 10 }, (_, n) => ask(n % 2 ? {} : { method: "POST", body: "x" }));
    await until(() => origin.seen.filter((request) => request.url === "/canary/held").length === visits.length);
    await during();
    release();
    for (const response of await Promise.all(visits)) {
      assert.deepEqual([response.status, said(response).version], [200, "v2"]);
      assert.match(await response.text(), /^<p>canary (GET|POST) \/canary\/held<\/p>$/);
    }
  }

  test("in the decision gives that visitor the stable page, and nobody else notices", async () => {
    const before = await worker.navigate("/");
    assert.equal(said(before).version, "v2");
    await waiting(async () => {
      const response = await worker.navigate("/a?x=halftone-fault=decide", { headers: { cookie: cookiesOf(before) } });
      assert.deepEqual([response.status, await response.text()], [200, "<p>stable GET /stable/a?x=halftone-fault=decide</p>"]);
      assert.deepEqual([said(response).version, said(response).why], ["v1", "off"]);
      assert.match(response.headers.get("cache-control"), /private/);
      assert.deepEqual([response.headers.get("x-robots-tag"), response.headers.getSetCookie()], [null, []]);
      const next = await worker.navigate("/", { headers: { cookie: cookiesOf(before) } });
      assert.deepEqual([said(next).version, said(next).why], ["v2", "canary"]);
    });
  });

  test("in the decision leaves methods, files and redirects of stable as they are", async () => {
    const fault = "?halftone-fault=decide";
    const posted = await worker.fetch(`/form${fault}`, { method: "POST", body: "x" });
    assert.equal(await posted.text(), `<p>stable POST /stable/form${fault}</p>`);
    const moved = await worker.navigate(`/moved${fault}`);
    assert.deepEqual([moved.status, moved.headers.get("location")], [302, "/there"]);
    const head = await worker.navigate(`/${fault}`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const folder = (path, init) => worker.fetch(`http://folder.example${path}${fault}`, init);
    assert.equal(await (await folder("/")).text(), "<p>one</p>");
    assert.equal(await (await folder("/docs/")).text(), "<p>docs one</p>");
    const other = await folder("/app-4e5f6a7b.js", { headers: { "sec-fetch-dest": "script" } });
    assert.deepEqual([other.status, await other.text()], [200, "2"], "an open page of the canary still has its files");
    assert.equal((await folder("/nope")).status, 404);
    assert.equal((await folder("/..%2fv2/index.html")).status, 400);
  });

  test("in the ticket office is answered at once, and the office goes on", async () => {
    const { TICKETS } = await worker.env();
    const ask = (question) => TICKETS.getByName("shop spring").fetch("https://office.local/", { method: "POST", body: question });
    assert.equal(await (await ask("lease 3")).text(), "0\n1\n2");
    await waiting(async () => {
      const response = await ask("fault");
      assert.deepEqual([response.status, await response.text()], [500, "the ticket office had to start again"]);
      assert.equal(await (await ask("lease 4")).text(), "3", "what was leased is known");
    });
    assert.equal((await worker.navigate("/")).status, 200);
  });

  test("in the decision does not bring an older plan back", async () => {
    const config = { sites: { shop: { ...trial(`${origin.url}/canary`), rollout: { canary: "v2", steps: ["100%"], step: 0 } } } };
    const { shop } = await worker.publish(config);
    await until(async () => said(await worker.navigate("/")).revision === String(shop));
    assert.equal(said(await worker.navigate("/?halftone-fault=decide")).why, "off");
    assert.deepEqual(said(await worker.navigate("/")), { version: "v1", why: "stable", revision: String(shop) });
  });

  test("is in the log once, in one line, without a word about the visitor", async () => {
    const failures = worker.logs().filter((line) => line.includes("a decision failed"));
    assert.equal(failures.length, 1);
    const { level, error } = JSON.parse(failures[0]);
    assert.equal(level, "error");
    assert.match(error, /RuntimeError/);
    for (const line of worker.logs()) assert.doesNotMatch(line, new RegExp(`halftone=|halftone-fault=|${KEY}|\n`));
  });
});
