// What browsers and shared caches may keep, and that HEAD, Range and conditional requests agree with GET, for files of
// the static assets, of a bucket and of another server alike.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { cookiesOf, said, startWorker, writeBuild } from "./worker.mjs";

const HASHED = "/assets/main-4f3a2b1c.js";
const IMMUTABLE = "public, max-age=31536000, immutable";
const page = (version) => `<!doctype html><title>${version}</title><p>${version} ${"0123456789".repeat(5)}</p>`;
/** Two builds of one site: pages and plain names differ, a hashed name is the same file. */
const build = (version) => ({
  "index.html": page(version),
  "404.html": `<p>${version} has no such page</p>`,
  "style.css": `p { color: ${version === "v1" ? "red" : "blue"} }`,
  [HASHED.slice(1)]: "export const shared = 1;",
  [`assets/${version}-0a1b2c3d.js`]: `export const only = "${version}";`,
  "contested-9f8e7d6c.js": `// of ${version}`,
});

/** A build's host: whole files, ranges and validators as RFC 9110 has them, and headers of its own taste. */
function answer(request, response) {
  const [, version, ...rest] = request.url.split("?")[0].split("/");
  const name = rest.join("/") || "index.html";
  const text = build(version)[name];
  if (text === undefined) {
    response.statusCode = 404;
    response.setHeader("cache-control", "public, max-age=600");
    return response.end("gone");
  }
  const etag = `"${createHash("sha1").update(text).digest("hex")}"`;
  response.setHeader("etag", etag);
  response.setHeader("cache-control", name === "style.css" ? "no-store" : "public, max-age=600");
  response.setHeader("content-type", name.endsWith("html") ? "text/html" : "text/plain");
  response.setHeader("set-cookie", "host=1");
  response.setHeader("accept-ranges", "bytes");
  const modified = version === "v1" ? "Mon, 02 Nov 2026 10:00:00 GMT" : "Mon, 09 Nov 2026 10:00:00 GMT";
  response.setHeader("last-modified", modified);
  const conditions = request.headers["if-none-match"]?.split(", ");
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  if (conditions ? conditions.some((tag) => tag === "*" || tag.replace("W/", "") === etag) : since >= Date.parse(modified)) {
    response.statusCode = 304;
    return response.end();
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range && (request.headers["if-range"] ?? etag) === etag) {
    response.statusCode = 206;
    response.setHeader("content-range", `bytes ${range[1]}-${range[2]}/${text.length}`);
    return response.end(text.slice(Number(range[1]), Number(range[2]) + 1));
  }
  response.setHeader("content-length", text.length);
  response.end(request.method === "HEAD" ? undefined : text);
}

let origin;
let worker;

before(async () => {
  origin = await startOrigin(answer);
  const site = (host, v1, v2) => ({
    hosts: [host],
    versions: { v1, v2 },
    stable: "v1",
    // What goes with a page that is counted is the business of feedback.test.mjs.
    feedback: { enabled: false },
    rollout: { canary: "v2", steps: ["50%"] },
    rules: [
      { name: "one", when: { query: { show: "v1" } }, serve: "v1" },
      { name: "two", when: { query: { show: "v2" } }, serve: "v2" },
      { name: "header", when: { header: { "x-tier": "gold" } }, serve: "v2" },
    ],
  });
  worker = await startWorker({
    name: "caching",
    folders: { v1: writeBuild("caching-v1", build("v1")), v2: writeBuild("caching-v2", build("v2")) },
    config: {
      sites: {
        files: { ...site("files.example", "assets:v1", "assets:v2"), default: true },
        bucket: site("bucket.example", "r2:BUILDS/v1", "r2:BUILDS/v2"),
        host: site("host.example", `${origin.url}/v1`, `${origin.url}/v2`),
        named: { ...site("named.example", "assets:v1", "assets:v2"), cache: { hashed: ["/style.*"] } },
      },
    },
  });
  const { BUILDS } = await worker.env();
  for (const version of ["v1", "v2"]) {
    for (const [path, text] of Object.entries(build(version))) await BUILDS.put(`${version}/${path}`, text);
  }
});

after(async () => {
  await worker?.close();
  await origin?.close();
});

/** A page of a version, and the cookie that goes with it. */
async function visit(host, version) {
  const response = await worker.navigate(`http://${host}.example/?show=${version}`);
  assert.deepEqual([response.status, said(response).version], [200, version]);
  return { response, text: await response.text(), cookie: cookiesOf(response) };
}

/** A file as a page of the visitor asks for it. */
const file = (host, path, cookie, headers = {}, method = "GET") =>
  worker.fetch(`http://${host}.example${path}`, { method, headers: { "sec-fetch-dest": "script", cookie, ...headers } });

for (const [host, kind] of [
  ["files", "static assets"],
  ["bucket", "a bucket"],
  ["host", "another server"],
]) {
  describe(`files of ${kind}`, () => {
    test("are private where the visitor's draw decides what they hold", async () => {
      for (const version of ["v1", "v2"]) {
        const { response, cookie } = await visit(host, version);
        assert.equal(response.headers.get("cache-control"), "private, no-cache");
        const style = await file(host, "/style.css", cookie);
        assert.match(style.headers.get("cache-control"), host === "host" ? /^private, no-store$/ : /^private, no-cache$/);
        assert.deepEqual(
          response.headers
            .get("vary")
            .split(", ")
            .map((name) => name.toLowerCase()),
          ["cookie", "x-tier"],
        );
      }
    });

    test("are public and for ever under content-hashed names, with no cookie and no Vary", async () => {
      const { cookie } = await visit(host, "v2");
      for (const headers of [{ cookie }, {}]) {
        const response = await file(host, HASHED, headers.cookie ?? "");
        assert.deepEqual([response.status, response.headers.get("cache-control")], [200, IMMUTABLE]);
        assert.deepEqual([response.headers.getSetCookie(), response.headers.get("vary")], [[], null]);
        assert.doesNotMatch(response.headers.get("etag"), /~/, "a shared file has one tag");
      }
    });

    test("are never public on a navigation", async () => {
      const response = await worker.navigate(`http://${host}.example${HASHED}`);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("cache-control"), /^private/);
      assert.match(response.headers.getSetCookie().join(), /halftone=1:/);
    });

    test("are not kept when they are not there, whatever their name", async () => {
      const { cookie } = await visit(host, "v2");
      const response = await file(host, "/assets/gone-9a8b7c6d.js", cookie);
      assert.deepEqual([response.status, response.headers.get("cache-control")], [404, "private, no-store"]);
    });

    test("have tags that differ between versions even where the content does not", async () => {
      const [one, two] = [await visit(host, "v1"), await visit(host, "v2")];
      const [tagOne, tagTwo] = [one, two].map((visit) => visit.response.headers.get("etag"));
      assert.match(tagOne, /^(W\/)?"v1~/);
      assert.match(tagTwo, /^(W\/)?"v2~/);
    });

    test("are not sent again to who has them, however the visitor says so", async () => {
      const { response, cookie } = await visit(host, "v2");
      const etag = response.headers.get("etag");
      for (const condition of [etag, `W/${etag.replace("W/", "")}`, `"other", ${etag}`, `"v1~x", W/"y", ${etag}`, "*"]) {
        for (const method of ["GET", "HEAD"]) {
          const again = await worker.navigate(`http://${host}.example/?show=v2`, {
            method,
            headers: { cookie, "if-none-match": condition },
          });
          assert.deepEqual([again.status, await again.text()], [304, ""], `${method} ${condition}`);
          assert.equal(again.headers.get("etag"), etag);
          assert.match(again.headers.get("cache-control"), /^private/);
          assert.match(again.headers.get("vary"), /Cookie/i);
          assert.deepEqual(
            again.headers.getSetCookie().filter((line) => line.startsWith("halftone")),
            [],
          );
        }
      }
    });

    test("are sent to who has the other version's", async () => {
      const { response } = await visit(host, "v1");
      const condition = response.headers.get("etag");
      const again = await worker.navigate(`http://${host}.example/?show=v2`, { headers: { "if-none-match": condition } });
      assert.deepEqual([again.status, await again.text()], [200, page("v2")]);
      const crossed = condition.replace("v1~", "v2~");
      const tricked = await worker.navigate(`http://${host}.example/?show=v2`, { headers: { "if-none-match": crossed } });
      assert.equal(tricked.status, 200);
    });

    test("are sent to who has the other version's newer ones, as after a rollback", async () => {
      const { response } = await visit(host, "v2");
      const since = response.headers.get("last-modified") ?? new Date().toUTCString();
      for (const headers of [
        { "if-modified-since": since },
        { "if-modified-since": since, "if-none-match": response.headers.get("etag") },
      ]) {
        const again = await worker.navigate(`http://${host}.example/?show=v1`, { headers });
        assert.deepEqual([again.status, await again.text()], [200, page("v1")]);
      }
    });

    test("agree with GET when only the head is asked for", async () => {
      const { cookie } = await visit(host, "v2");
      for (const path of ["/?show=v2", "/style.css", HASHED, "/assets/gone-9a8b7c6d.js", "/nope?show=v2"]) {
        const [get, head] = [await file(host, path, cookie), await file(host, path, cookie, {}, "HEAD")];
        assert.deepEqual([head.status, await head.text()], [get.status, ""], path);
        for (const name of ["etag", "cache-control", "content-type", "content-length", "vary", "halftone"]) {
          if (name === "content-length" && get.headers.get(name) === null) continue;
          assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${path}`);
        }
      }
    });

    test("are sent in parts", async () => {
      const { text, cookie } = await visit(host, "v2");
      const part = (range) => file(host, "/?show=v2", cookie, { "sec-fetch-dest": "video", range });
      assert.equal((await file(host, "/?show=v2", cookie)).headers.get("accept-ranges"), "bytes");
      const size = text.length;
      const whole = [200, null, text];
      const cases = [
        ["bytes=0-9", [206, `bytes 0-9/${size}`, text.slice(0, 10)]],
        ["bytes=5-5", [206, `bytes 5-5/${size}`, text.slice(5, 6)]],
      ];
      if (host !== "host") {
        cases.push(
          ["bytes=10-", [206, `bytes 10-${size - 1}/${size}`, text.slice(10)]],
          ["bytes=-7", [206, `bytes ${size - 7}-${size - 1}/${size}`, text.slice(-7)]],
          ["bytes=0-99999", [206, `bytes 0-${size - 1}/${size}`, text]],
          ["bytes=-99999", [206, `bytes 0-${size - 1}/${size}`, text]],
          [`bytes=${size}-`, [416, `bytes */${size}`, ""]],
          ["bytes=-0", [416, `bytes */${size}`, ""]],
          ["bytes=9-5", whole],
          ["bytes=0-1,3-4", whole],
          ["lines=0-1", whole],
          ["bytes=x", whole],
        );
      }
      for (const [range, expected] of cases) {
        const response = await part(range);
        assert.deepEqual([response.status, response.headers.get("content-range"), await response.text()], expected, range);
      }
    });

    test("are sent in parts only to who has the rest of the same version", async () => {
      const { response, text, cookie } = await visit(host, "v2");
      const etag = response.headers.get("etag");
      const part = (condition) => file(host, "/?show=v2", cookie, { range: "bytes=0-9", "if-range": condition });
      const kept = await part(etag);
      assert.deepEqual([kept.status, await kept.text()], [206, text.slice(0, 10)]);
      for (const condition of [etag.replace("v2~", "v1~"), `W/${etag}`, '"other"', "Mon, 23 Nov 2026 16:00:00 GMT"]) {
        const changed = await part(condition);
        assert.deepEqual([changed.status, await changed.text()], [200, text], condition);
      }
    });
  });
}

test("a name that two builds share with different content is private, hashed as it looks", async () => {
  for (const version of ["v1", "v2"]) {
    const { cookie } = await visit("files", version);
    const response = await file("files", "/contested-9f8e7d6c.js", cookie);
    assert.equal(await response.text(), `// of ${version}`);
    assert.match(response.headers.get("cache-control"), /^private/);
  }
});

test("names that the config calls hashed are public, and no others", async () => {
  const { cookie } = await visit("named", "v2");
  assert.match((await file("named", HASHED, cookie)).headers.get("cache-control"), /^private/);
});

test("a 404 page of a version is private, has its status, and no part of it is sent", async () => {
  const response = await worker.navigate("http://files.example/nope?show=v2", { headers: { range: "bytes=0-3" } });
  assert.deepEqual([response.status, await response.text()], [404, "<p>v2 has no such page</p>"]);
  assert.match(response.headers.get("cache-control"), /^private/);
});

test("what Halftone says itself is kept by nobody", async () => {
  for (const path of ["/_halftone/health", "/_halftone/nothing", "/..%2f", "/?halftone-preview=x~y~z"]) {
    assert.equal((await worker.fetch(`http://files.example${path}`)).headers.get("cache-control"), "no-store", path);
  }
});
