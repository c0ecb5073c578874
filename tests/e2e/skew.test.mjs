// Two tabs on two versions: what a page asks for is found wherever it is, what is nowhere is a 404 of the visitor's
// version, and no path leads out of a version's prefix.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { cookiesOf, said, startWorker, writeBuild } from "./worker.mjs";

const chunk = (version) => `/assets/lazy-${version === "v1" ? "0a1b2c3d" : "4e5f6a7b"}.js`;
const build = (version) => ({
  "index.html": `<p>${version}</p>`,
  "about.html": `<p>${version} about</p>`,
  "docs/index.html": `<p>${version} docs</p>`,
  "404.html": `<p>${version} has no such page</p>`,
  "docs/404.html": `<p>${version} has no such guide</p>`,
  "style.css": `p { content: "${version}" }`,
  [`only-${version}.txt`]: version,
  [chunk(version).slice(1)]: `export const lazy = "${version}";`,
});

/** Hosts of builds under /plain (404 for what is not there) and /spa (200 and the index page for whatever is not there). */
function answer(request, response) {
  const [, host, version, ...rest] = request.url.split("?")[0].split("/");
  const text = build(version)?.[rest.join("/") || "index.html"];
  if (text === undefined && host !== "spa") {
    response.statusCode = 404;
    return response.end(`<p>host of ${version} has no such file</p>`);
  }
  response.setHeader("content-type", text === undefined || text.startsWith("<") ? "text/html; charset=utf-8" : "text/javascript");
  response.end(text ?? `<p>${version}</p>`);
}

let origin;
let worker;
before(async () => {
  origin = await startOrigin(answer);
  const site = (v1, v2) => ({
    versions: { v1, v2 },
    stable: "v1",
    // What goes with a page that is counted is the business of feedback.test.mjs.
    feedback: { enabled: false },
    rollout: { canary: "v2", steps: ["50%"] },
    rules: [
      { name: "one", when: { query: { show: "v1" } }, serve: "v1" },
      { name: "two", when: { query: { show: "v2" } }, serve: "v2" },
    ],
  });
  const folders = {
    v1: writeBuild("skew-v1", build("v1")),
    v2: writeBuild("skew-v2", build("v2")),
    secret: writeBuild("skew-secret", { "key.txt": "secret" }),
  };
  const host = (name) => site(`${origin.url}/${name}/v1`, `${origin.url}/${name}/v2`);
  const spa = (version) => ({ origin: `assets:${version}`, not_found: "spa" });
  const stored = (version) => ({ origin: `r2:BUILDS/${version}`, not_found: "spa" });
  worker = await startWorker({
    name: "skew",
    folders,
    config: {
      sites: {
        files: site("assets:v1", "assets:v2"),
        app: { hosts: ["app.example"], ...site(spa("v1"), spa("v2")) },
        plain: { hosts: ["plain.example"], ...host("plain") },
        spa: { hosts: ["spa.example"], ...host("spa") },
        bucket: { hosts: ["bucket.example"], ...site("r2:BUILDS/v1", "r2:BUILDS/v2") },
        stored: { hosts: ["stored.example"], ...site(stored("v1"), stored("v2")) },
        mixed: { hosts: ["mixed.example"], ...site("assets:v1", `${origin.url}/spa/v2`) },
        listed: {
          hosts: ["listed.example"],
          ...site(
            { origin: `${origin.url}/spa/v1`, files: "../builds/skew-v1" },
            { origin: `${origin.url}/spa/v2`, files: "../builds/skew-v2" },
          ),
        },
      },
    },
  });
  const { BUILDS } = await worker.env();
  for (const version of ["v1", "v2"]) {
    for (const [path, text] of Object.entries(build(version))) await BUILDS.put(`${version}/${path}`, text);
  }
  await BUILDS.put("secret.txt", "secret");
});
after(async () => {
  await worker?.close();
  await origin?.close();
});

/** The cookie of a visitor whose last page was of this version. */
async function tab(site, version) {
  const response = await worker.navigate(`http://${site}.example/?show=${version}`);
  assert.equal(said(response).version, version);
  return cookiesOf(response);
}

const asset = (site, path, cookie, dest = "script") =>
  worker.fetch(`http://${site}.example${path}`, { headers: { cookie, "sec-fetch-dest": dest } });

const KINDS = {
  files: "folders of the static assets",
  app: "folders of a single-page application",
  plain: "hosts that answer 404 for what they have not",
  spa: "hosts that answer every address with their index page",
  listed: "such hosts with their files listed",
  bucket: "a bucket",
  mixed: "a folder and a host",
};
for (const [site, kind] of Object.entries(KINDS)) {
  describe(`two tabs on two versions in ${kind}`, () => {
    for (const [mine, other] of [
      ["v1", "v2"],
      ["v2", "v1"],
    ]) {
      test(`a tab on ${mine} has its own files, and the hashed chunk that ${other} alone has`, async () => {
        const cookie = await tab(site, mine);
        const own = await asset(site, chunk(mine), cookie);
        assert.deepEqual([own.status, await own.text(), said(own).why], [200, `export const lazy = "${mine}";`, "page"]);
        assert.equal(await (await asset(site, "/style.css", cookie, "style")).text(), `p { content: "${mine}" }`);
        const theirs = await asset(site, chunk(other), cookie);
        assert.deepEqual([theirs.status, await theirs.text()], [200, `export const lazy = "${other}";`]);
        assert.deepEqual([said(theirs).version, said(theirs).why], [other, "skew"]);
        assert.deepEqual([theirs.headers.getSetCookie(), theirs.headers.get("cache-control").split(",")[0]], [[], "public"]);
      });
    }

    test("a visitor without a cookie has the chunks of both", async () => {
      for (const version of ["v1", "v2"]) {
        const response = await asset(site, chunk(version), "");
        assert.deepEqual([response.status, await response.text()], [200, `export const lazy = "${version}";`]);
      }
    });

    test("a hashed chunk that nobody has is a 404 of the visitor's version, not somebody's page", async () => {
      for (const version of ["v1", "v2"]) {
        const response = await asset(site, "/assets/lazy-9f8e7d6c.js?x=1", await tab(site, version));
        assert.deepEqual([response.status, said(response).version, said(response).why], [404, version, "page"]);
        assert.match(response.headers.get("cache-control"), /no-store/);
        if (site === "plain") assert.equal(await response.text(), `<p>host of ${version} has no such file</p>`);
      }
    });
  });
}

describe("what is nowhere", () => {
  test("is a 404 with the page that the visitor's version has nearest to it", async () => {
    for (const version of ["v1", "v2"]) {
      for (const site of ["files", "bucket"]) {
        const page = await worker.navigate(`http://${site}.example/nope?show=${version}`);
        assert.deepEqual([page.status, await page.text()], [404, `<p>${version} has no such page</p>`]);
        assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
        assert.match(page.headers.get("cache-control"), /^private/);
        const guide = await worker.navigate(`http://${site}.example/docs/a/b?show=${version}`);
        assert.deepEqual([guide.status, await guide.text()], [404, `<p>${version} has no such guide</p>`]);
        const head = await worker.navigate(`http://${site}.example/nope?show=${version}`, { method: "HEAD" });
        assert.deepEqual([head.status, await head.text()], [404, ""]);
      }
      const host = await worker.navigate(`http://plain.example/nope?show=${version}`);
      assert.deepEqual([host.status, await host.text()], [404, `<p>host of ${version} has no such file</p>`]);
    }
  });

  test("is a 404 of the visitor's version for what a page asks for, too", async () => {
    for (const version of ["v1", "v2"]) {
      const image = await asset("files", "/nope.png", await tab("files", version), "image");
      assert.deepEqual(
        [image.status, await image.text(), said(image).version],
        [404, `<p>${version} has no such page</p>`, version],
      );
    }
  });

  test("as a page is not looked for in another version", async () => {
    const response = await worker.navigate("/only-v2.txt?show=v1");
    assert.deepEqual([response.status, said(response).version], [404, "v1"]);
  });

  test("is the index page in a single-page application, for pages alone", async () => {
    for (const version of ["v1", "v2"]) {
      for (const site of ["app", "stored"]) {
        const page = await worker.navigate(`http://${site}.example/settings/profile?show=${version}`);
        assert.deepEqual([page.status, await page.text()], [200, `<p>${version}</p>`]);
        const data = await asset(site, "/api/data", await tab(site, version), "empty");
        assert.equal(data.status, 404);
      }
    }
  });
});

test("pages have the addresses that the static-assets platform gives them", async () => {
  const cases = [
    ["/", 200, "<p>v2</p>"],
    ["/index.html", 307, "/"],
    ["/index", 307, "/"],
    ["/about", 200, "<p>v2 about</p>"],
    ["/about.html", 307, "/about"],
    ["/about/", 307, "/about"],
    ["/docs", 307, "/docs/"],
    ["/docs/", 200, "<p>v2 docs</p>"],
    ["/docs/index.html", 307, "/docs/"],
    ["/style.css", 200, 'p { content: "v2" }'],
  ];
  for (const site of ["files", "bucket"]) {
    for (const [path, status, expected] of cases) {
      const response = await worker.navigate(`http://${site}.example${path}?show=v2&x=%2F`);
      const seen = status === 307 ? response.headers.get("location") : await response.text();
      assert.deepEqual([response.status, seen], [status, status === 307 ? `${expected}?show=v2&x=%2F` : expected], site + path);
      assert.match(response.headers.getSetCookie().join(), /halftone=1:/, "the draw is kept");
    }
  }
});

test("no path leaves a version's prefix, however it is written", async () => {
  // What a URL parser would tidy has to go over the wire as it is.
  const raw = (path, host) =>
    new Promise((resolve, reject) => {
      const headers = { "sec-fetch-dest": "document", host };
      const sent = httpRequest(
        { host: worker.url.hostname, port: worker.url.port, path, headers, setHost: false },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part) => {
            text += part;
          });
          response.on("end", () => resolve({ status: response.statusCode, text, location: response.headers.location ?? "" }));
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  const dots = ["..", "%2e%2e", ".%2e", "%2E%2E", "%252e%252e", "%25252e%25252e", "..%00", "...", "....", "%c0%ae%c0%ae", "．．"];
  const slashes = ["/", "\\", "%2f", "%5c", "%252f", "%255c", "//", "/./", "/%2e/"];
  const targets = { "files.example": "secret/key.txt", "bucket.example": "secret.txt", "plain.example": "v1/only-v1.txt" };
  const straight = [
    "/v1/only-v1.txt",
    "/v2/only-v2.txt",
    "/secret/key.txt",
    "//secret/key.txt",
    "/v1//only-v1.txt",
    "//elsewhere.example/x",
    "/\\elsewhere.example/x",
  ];
  origin.take();
  const kinds = new Map();
  for (const [host, target] of Object.entries(targets)) {
    const paths = [...straight];
    for (const dot of dots) {
      for (const slash of slashes) paths.push(`/${dot}${slash}${target}`, `/docs${slash}${dot}${slash}${dot}${slash}${target}`);
    }
    await Promise.all(
      paths.map(async (path) => {
        const { status, text, location } = await raw(encodeURI(path).replaceAll("%25", "%").replaceAll("%5C", "\\"), host);
        const what = `${host} ${path}: ${status} ${text} ${location}`;
        assert.ok([200, 307, 400, 404].includes(status), what);
        kinds.set(status, (kinds.get(status) ?? 0) + 1);
        assert.doesNotMatch(text, /secret|^v[12]$/, what);
        // What a browser would make of the redirect, if there is one, is on the site and is no version's folder.
        const next = new URL(location || "/", `http://${host}/`);
        assert.equal(next.host, host, what);
        assert.doesNotMatch(next.pathname, /^\/(v1|v2|secret)\b/, what);
      }),
    );
  }
  assert.ok(kinds.get(400) > 50 && kinds.get(404) > 10, JSON.stringify([...kinds]));
  const asked = origin.take().map((request) => request.url);
  assert.ok(asked.length > 0);
  for (const url of asked) {
    assert.match(url, /^\/plain\/v[12]\//);
    for (let decoded = url, n = 0; n < 5; n++, decoded = unescape(decoded)) {
      assert.doesNotMatch(decoded, /\\|\/\/|(^|\/)\.\.?(\/|$)/, url);
    }
  }
});
