// The five kinds of origin on real components: what reaches them of a visitor's request, and what of their answer
// reaches the visitor.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { acceptSockets, overSocket, overSocketTo } from "./sockets.mjs";
import { cookiesOf, said, startWorker, writeBuild } from "./worker.mjs";

const HOST_HEADERS = {
  nel: '{"report_to":"host","max_age":86400}',
  "report-to": '{"group":"host","max_age":86400,"endpoints":[{"url":"https://host.example/r"}]}',
  "alt-svc": 'h3=":443"; ma=86400',
  "strict-transport-security": "max-age=31536000",
  "x-robots-tag": "noindex",
};

/** What came, as JSON; paths that end in a word of `special` do what it says. */
function answer(request, response, body) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  response.setHeader("content-type", "application/json");
  for (const [name, value] of Object.entries(HOST_HEADERS)) response.setHeader(name, value);
  const word = url.pathname.split("/").pop();
  if (word.startsWith("moved")) {
    response.setHeader("location", url.searchParams.get("to").replace("SELF", url.origin));
    response.statusCode = 302;
    return response.end();
  }
  if (word === "teapot") response.statusCode = 418;
  if (word === "cookies") response.setHeader("set-cookie", ["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
  if (word === "indexed") response.setHeader("x-robots-tag", "nosnippet");
  response.setHeader("x-of-the-build", "yes");
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
}

const SECOND = `export default { async fetch(request) {
  const url = new URL(request.url);
  if (request.headers.get("upgrade") === "websocket") {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener("message", (event) => server.send("second: " + event.data));
    return new Response(null, { status: 101, webSocket: client });
  }
  if (url.pathname.endsWith("moved")) return new Response(null, { status: 302, headers: { location: url.searchParams.get("to").replace("SELF", url.origin) } });
  return Response.json(
    { method: request.method, url: request.url, headers: Object.fromEntries(request.headers), body: await request.text() },
    { headers: { "x-robots-tag": "noindex", "set-cookie": "a=1" } });
} }`;

let origin;
let worker;
let streamed;

before(async () => {
  origin = await startOrigin(answer, (request, response) => streamed?.(request, response) ?? false);
  acceptSockets(origin.server);
  const site = (origin, ...hosts) => ({ hosts, versions: { one: origin }, stable: "one" });
  worker = await startWorker({
    name: "origins",
    folders: { one: writeBuild("origins", { "index.html": "<p>one</p>", "style.css": "p{}", "docs/index.html": "<p>docs</p>" }) },
    workers: [{ name: "SECOND", script: SECOND }],
    config: {
      sites: {
        url: site(`${origin.url}/base`),
        both: {
          hosts: ["both.example"],
          versions: { red: `${origin.url}/red`, blue: `${origin.url}/blue` },
          stable: "red",
          rollout: { canary: "blue", steps: ["50%"], decide: "never" },
        },
        open: site({ origin: `${origin.url}/base`, forward: ["cookie", "authorization"] }, "open.example"),
        files: site("assets:one", "files.example"),
        bucket: site("r2:BUILDS/site/one", "bucket.example"),
        service: site("service:SECOND/base", "service.example"),
      },
    },
  });
});

after(async () => {
  await worker?.close();
  await origin?.close();
});

beforeEach(() => {
  streamed = undefined;
  origin.take();
});

/** A visitor's cookies once they have been to a page. */
const visitorOf = async (address) => cookiesOf(await worker.navigate(address));

// What does not pass would be waited for without end.
describe("another server", { timeout: 60_000 }, () => {
  test("gets method, path under its base, query, body and headers as they were sent", async () => {
    const response = await worker.fetch("/form%20a/teapot?q=a%2Fb&q=%20", {
      method: "PUT",
      body: "name=Ada&ü=1",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-custom": "1, 2",
        "user-agent": "a browser",
        "accept-language": "mi",
      },
    });
    assert.equal(response.status, 418);
    assert.equal(response.headers.get("x-of-the-build"), "yes");
    const came = await response.json();
    assert.deepEqual([came.method, came.url, came.body], ["PUT", "/base/form%20a/teapot?q=a%2Fb&q=%20", "name=Ada&ü=1"]);
    for (const [name, value] of [
      ["content-type", "application/x-www-form-urlencoded"],
      ["x-custom", "1, 2"],
      ["user-agent", "a browser"],
      ["accept-language", "mi"],
    ]) {
      assert.equal(came.headers[name], value);
    }
  });

  for (const method of ["POST", "DELETE", "PATCH", "OPTIONS", "GET"]) {
    test(`gets ${method} as ${method}`, async () => {
      const response = await worker.fetch("/api", { method });
      assert.equal((await response.json()).method, method);
      assert.equal(said(response).version, "one");
    });
  }

  test("is asked as its own host, and told the visitor's", async () => {
    const came = await (
      await worker.fetch("https://open.example/", { headers: { "x-forwarded-host": "forged.example" } })
    ).json();
    assert.equal(came.headers.host, origin.host);
    assert.equal(came.headers["x-forwarded-host"], "open.example");
  });

  test("sees no cookie and no authorization unless the config forwards them", async () => {
    const ours = await visitorOf("/");
    assert.match(ours, /^halftone=1:/);
    const headers = { cookie: `theirs=1; ${ours}; other=2`, authorization: "Bearer abc" };
    const kept = (await (await worker.fetch("/", { headers })).json()).headers;
    assert.deepEqual([kept.cookie, kept.authorization], [undefined, undefined]);
    const open = (await (await worker.fetch("http://open.example/", { headers })).json()).headers;
    assert.deepEqual([open.cookie, open.authorization], ["theirs=1; other=2", "Bearer abc"]);
  });

  test("never sees a cookie of ours, in any spelling of its name", async () => {
    for (const name of ["halftone", "__Host-halftone", "halftone-preview", "__Host-halftone-preview"]) {
      for (const cookie of [`${name}=x`, `a=1;${name}=x`, `${name}=x;a=1`, ` ${name} =x; a=1`]) {
        const came = await (await worker.fetch("https://open.example/", { headers: { cookie } })).json();
        assert.doesNotMatch(came.headers.cookie ?? "", /halftone/, cookie);
        assert.equal(came.headers.cookie, cookie.includes("a=1") ? "a=1" : undefined, cookie);
      }
    }
    const came = await (
      await worker.fetch("https://open.example/", { headers: { cookie: "halftoned=1; my-halftone=2" } })
    ).json();
    assert.equal(came.headers.cookie, "halftoned=1; my-halftone=2");
  });

  test("says nothing to the browser in the site's name", async () => {
    const response = await worker.navigate("/");
    assert.equal(response.status, 200);
    for (const name of Object.keys(HOST_HEADERS)) assert.equal(response.headers.get(name), null, name);
    const indexed = await worker.navigate("/indexed");
    assert.equal(indexed.headers.get("x-robots-tag"), "nosnippet");
  });

  test("sets its own cookies beside ours, each in a header of its own", async () => {
    const response = await worker.navigate("/cookies");
    const set = response.headers.getSetCookie();
    assert.equal(set.length, 3);
    assert.deepEqual(set.slice(0, 2), ["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
    assert.match(set[2], /^halftone=1:[^,]+; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Lax$/);
  });

  const redirects = [
    ["SELF/base/there?x=1#y", "https://open.example/there?x=1#y", "absolute"],
    ["/base/there", "/there", "from the root"],
    ["/base", "/", "to the base itself"],
    ["SELF/base?x=1", "https://open.example/?x=1", "to the base itself with a query"],
    ["there", "there", "from the page"],
    ["?page=2", "?page=2", "of the query alone"],
    ["https://elsewhere.example/base/there", "https://elsewhere.example/base/there", "to a foreign site"],
    ["SELF/based/there", "SELF/based/there", "to a neighbour of the base"],
    ["/login", "SELF/login", "out of the base"],
  ];
  for (const [to, expected, what] of redirects) {
    test(`has a redirect ${what} mapped to where the site has it`, async () => {
      const response = await worker.fetch(`https://open.example/moved?to=${encodeURIComponent(to)}`);
      assert.equal(response.status, 302);
      assert.equal(response.headers.get("location"), expected.replace("SELF", origin.url));
    });
  }

  test("gets a body while the visitor is still sending it", async () => {
    const first = Promise.withResolvers();
    streamed = (request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
        first.resolve();
      });
      request.on("end", () => response.end(body));
      return true;
    };
    const answered = Promise.withResolvers();
    const sending = httpRequest(worker.url, { path: "/upload", method: "POST" }, answered.resolve);
    sending.on("error", answered.reject);
    sending.write("one ");
    await first.promise;
    sending.end("two");
    const response = await answered.promise;
    assert.equal(Buffer.concat(await Array.fromAsync(response)).toString(), "one two");
  });

  test("is read by the visitor while it is still sending", async () => {
    const more = Promise.withResolvers();
    streamed = (_, response) => {
      response.setHeader("content-type", "text/html");
      response.write("one ");
      more.promise.then(() => response.end("two"));
      return true;
    };
    const response = await worker.navigate("/slow", { headers: { "accept-encoding": "identity" } });
    const reader = response.body.getReader();
    assert.equal(Buffer.from((await reader.read()).value).toString(), "one ");
    more.resolve();
    assert.equal(Buffer.from((await reader.read()).value).toString(), "two");
  });

  test("speaks over a socket with the visitor", async () => {
    assert.equal(await overSocket(new URL("/talk?x=1", worker.url)), "origin at /base/talk?x=1: hello");
  });

  test("of two versions the visitor's own is spoken with, and who is new speaks with the stable one", async () => {
    const spokenWith = new Map();
    for (let n = 0; n < 40 && spokenWith.size < 2; n++) {
      const page = await worker.navigate("http://both.example/");
      const { version } = said(page);
      await page.body?.cancel();
      spokenWith.set(version, cookiesOf(page));
    }
    assert.deepEqual([...spokenWith.keys()].sort(), ["blue", "red"]);
    for (const [version, cookie] of spokenWith)
      assert.equal(await overSocketTo(worker, "both.example", cookie), `origin at /${version}/talk: hello`);
    assert.equal(await overSocketTo(worker, "both.example", "theme=dark"), "origin at /red/talk: hello");
  });
});

describe("a folder of the static assets", () => {
  test("serves pages and files by their names, and never shows the version's folder", async () => {
    const page = await worker.navigate("https://files.example/");
    assert.equal(await page.text(), "<p>one</p>");
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(await (await worker.fetch("https://files.example/style.css")).text(), "p{}");
    const bare = await worker.navigate("https://files.example/docs?a=1");
    assert.deepEqual([bare.status, bare.headers.get("location")], [307, "/docs/?a=1"]);
    assert.equal((await worker.navigate("https://files.example/one/index.html")).status, 404);
  });

  test("takes no other method than reading", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const response = await worker.fetch("https://files.example/index.html", { method, body: "x" });
      assert.equal(response.status, 405, method);
    }
  });

  test("sets the cookie for https alone", async () => {
    const response = await worker.navigate("https://files.example/");
    assert.match(
      response.headers.getSetCookie().join(),
      /^__Host-halftone=1:[^,]+; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Lax; Secure$/,
    );
  });
});

describe("a bucket", () => {
  before(async () => {
    const { BUILDS } = await worker.env();
    await BUILDS.put("site/one/index.html", "<p>bucket</p>", {
      httpMetadata: { contentType: "text/html", contentLanguage: "mi" },
    });
    await BUILDS.put("site/one/about.html", "<p>about</p>");
    await BUILDS.put("site/one/docs/index.html", "<p>docs</p>");
    await BUILDS.put("site/one/ngā kōwhai.svg", "<svg/>");
    await BUILDS.put("site/one/data.bin", "0123456789");
    await BUILDS.put("site/secret.txt", "of another build");
  });
  const get = (path, init) => worker.fetch(`https://bucket.example${path}`, init);

  test("serves pages and files, with types of its own or by their names", async () => {
    const page = await get("/");
    assert.deepEqual(
      [await page.text(), page.headers.get("content-type"), page.headers.get("content-language")],
      ["<p>bucket</p>", "text/html", "mi"],
    );
    const about = await get("/about");
    assert.deepEqual([await about.text(), about.headers.get("content-type")], ["<p>about</p>", "text/html; charset=utf-8"]);
    assert.equal(await (await get("/docs/")).text(), "<p>docs</p>");
    const svg = await get("/ng%C4%81%20k%C5%8Dwhai.svg");
    assert.deepEqual([await svg.text(), svg.headers.get("content-type")], ["<svg/>", "image/svg+xml"]);
    assert.equal((await get("/data.bin")).headers.get("content-type"), "application/octet-stream");
  });

  test("answers a range with the part, and HEAD with the length", async () => {
    const part = await get("/data.bin", { headers: { range: "bytes=2-4" } });
    assert.deepEqual([part.status, part.headers.get("content-range"), await part.text()], [206, "bytes 2-4/10", "234"]);
    const head = await get("/data.bin", { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "10", ""]);
  });

  test("knows what a visitor has already", async () => {
    const etag = (await get("/data.bin")).headers.get("etag");
    assert.match(etag, /^"one~[0-9a-f]+"$/);
    const again = await get("/data.bin", { headers: { "if-none-match": etag } });
    assert.deepEqual([again.status, again.headers.get("etag")], [304, etag]);
  });

  test("says what is not there, and what it does not do", async () => {
    assert.equal((await get("/nope.js")).status, 404);
    assert.equal((await get("/secret.txt")).status, 404);
    assert.equal((await get("/data.bin", { method: "POST", body: "x" })).status, 405);
    const { BUILDS } = await worker.env();
    assert.equal(await (await BUILDS.get("site/one/data.bin")).text(), "0123456789");
  });
});

describe("a bound service", () => {
  test("gets the request as it was sent, less our cookies", async () => {
    const ours = await visitorOf("https://service.example/");
    assert.match(ours, /^a=1; __Host-halftone=1:/);
    const response = await worker.fetch("https://service.example/a%20b?q=1", {
      method: "POST",
      body: "body",
      headers: { cookie: `${ours}; session=1`, authorization: "Bearer abc", "x-custom": "1" },
    });
    const came = await response.json();
    assert.deepEqual([came.method, came.url, came.body], ["POST", "https://service.example/base/a%20b?q=1", "body"]);
    assert.deepEqual(
      [came.headers.cookie, came.headers.authorization, came.headers["x-custom"]],
      ["a=1; session=1", "Bearer abc", "1"],
    );
    assert.equal(response.headers.get("x-robots-tag"), "noindex", "a service of the site speaks for it");
  });

  test("has its redirects mapped to where the site has them", async () => {
    for (const [to, expected] of [
      ["SELF/base/there", "https://service.example/there"],
      ["/base/there", "/there"],
      ["/login", "/login"],
    ]) {
      const response = await worker.fetch(`https://service.example/moved?to=${encodeURIComponent(to)}`);
      assert.equal(response.headers.get("location"), expected);
    }
  });

  test("keeps its cookie beside ours", async () => {
    const set = (await worker.navigate("https://service.example/")).headers.getSetCookie();
    assert.equal(set.length, 2);
    assert.equal(set[0], "a=1");
    assert.match(set[1], /^__Host-halftone=/);
  });
});

describe("the server behind the hostname", () => {
  let zone;
  before(async () => {
    zone = await startWorker({
      name: "zone",
      outbound: origin.listener,
      config: {
        sites: {
          zone: { versions: { now: "zone", next: "zone:/next" }, stable: "now", rollout: { canary: "next", steps: ["50%"] } },
        },
      },
    });
  });
  after(() => zone?.close());

  test("is asked under the visitor's own address, each version under its base", async () => {
    const paths = new Set();
    for (let n = 0; n < 40 && paths.size < 2; n++) {
      const response = await zone.navigate("https://shop.example/a?x=1");
      const came = await response.json();
      assert.equal(came.headers.host, "shop.example");
      assert.equal(came.url, said(response).version === "next" ? "/next/a?x=1" : "/a?x=1");
      paths.add(came.url);
    }
    assert.equal(paths.size, 2, "forty visitors at 50 % meet both versions");
  });

  test("sees the visitor's cookies and authorization, less ours, and keeps its own headers", async () => {
    const ours = cookiesOf(await zone.navigate("https://shop.example/"));
    const response = await zone.fetch("https://shop.example/api/cookies", {
      method: "POST",
      body: "x",
      headers: { cookie: `session=1; ${ours}`, authorization: "Bearer abc" },
    });
    const came = await response.json();
    assert.deepEqual(
      [came.method, came.body, came.headers.cookie, came.headers.authorization],
      ["POST", "x", "session=1", "Bearer abc"],
    );
    assert.equal(response.headers.get("strict-transport-security"), HOST_HEADERS["strict-transport-security"]);
    assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
  });
});
