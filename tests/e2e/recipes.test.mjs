// The recipes: every config of the documents passes the checker, and a bucket that speaks S3 serves a site.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { ROOT, said, startWorker, writeBuild } from "./worker.mjs";

const sha = (text) => createHash("sha256").update(text).digest("hex");

describe("every config", () => {
  for (const document of ["docs/recipes.md", "docs/gitops.md", "docs/guide.md"]) {
    const text = readFileSync(join(ROOT, document), "utf8");
    // A block in a list is indented as its list is.
    const configs = [...text.matchAll(/^( *)```json\n([\s\S]*?)^\1```/gm)].map(([, , block]) => block);
    test(`of ${document} has no problem`, () => {
      assert.ok(configs.length > 0);
      configs.forEach((config, at) => {
        const work = join(ROOT, "tests/.work/recipes", document, String(at));
        rmSync(work, { recursive: true, force: true });
        mkdirSync(work, { recursive: true });
        // What the config says is there: folders with a page, and lists of uploaded builds.
        const put = (path, text) => {
          mkdirSync(dirname(join(work, path)), { recursive: true });
          writeFileSync(join(work, path), text);
        };
        for (const [, folder] of config.matchAll(/"assets:([^"]+)"/g)) put(`www/${folder}/index.html`, folder);
        for (const [, folder] of config.matchAll(/"files": "([^"]+)"/g)) put(`${folder}/index.html`, folder);
        for (const [, site, version] of config.matchAll(/r2:BUILDS\/@([^/"]+)\/([^"]+)/g)) {
          const files = { "/index.html": [sha(version), version.length, "text/html; charset=utf-8"] };
          put(
            `halftone-builds/${site}/${version}.json`,
            JSON.stringify({ format: "halftone-build/1", site, version, made_s: 1, files }),
          );
        }
        put("halftone.json", config);
        let said;
        try {
          said = execFileSync(join(ROOT, "target/release/halftone"), ["check", join(work, "halftone.json")], {
            encoding: "utf8",
          });
        } catch (error) {
          said = error.stdout + error.stderr;
        }
        assert.match(said, /halftone\.json: no problems/, `${config}\n${said}`);
      });
    });
  }
});

describe("a bucket that speaks S3", () => {
  const builds = {
    v1: {
      "index.html": "<h1>v1</h1>",
      "about.html": "<h1>about v1</h1>",
      "404.html": "<h1>none</h1>",
      "docs/index.html": "docs",
    },
    v2: {
      "index.html": "<h1>v2</h1>",
      "about.html": "<h1>about v2</h1>",
      "assets/app-9f8e7d6c.js": "'v2'",
      "a b.txt": "0123456789",
    },
  };
  const asked = [];
  let origin;
  let worker;

  /** Path-style GET of public objects, as S3 answers without a signature: no index, no names without extension, 403 for what is not there. */
  function bucket(request, response) {
    const [, name, build, ...rest] = decodeURIComponent(new URL(request.url, "http://s3.example").pathname).split("/");
    asked.push(`${request.method} ${request.url}`);
    const content = name === "shop-builds" ? builds[build]?.[rest.join("/")] : undefined;
    response.setHeader("server", "S3");
    if (content === undefined) {
      response.writeHead(403, { "content-type": "application/xml" });
      return response.end("<Error><Code>AccessDenied</Code></Error>");
    }
    const etag = `"${createHash("md5").update(content).digest("hex")}"`;
    response.setHeader("etag", etag);
    response.setHeader("accept-ranges", "bytes");
    response.setHeader("content-type", rest.at(-1).endsWith(".html") ? "text/html" : "binary/octet-stream");
    if (request.headers["if-none-match"] === etag) return response.writeHead(304).end();
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!range) return response.end(request.method === "HEAD" ? undefined : content);
    response.writeHead(206, { "content-range": `bytes ${range[1]}-${range[2]}/${content.length}` });
    response.end(content.slice(Number(range[1]), Number(range[2]) + 1));
  }

  before(async () => {
    origin = await startOrigin(bucket);
    const version = (id) => ({ origin: `${origin.url}/shop-builds/${id}`, files: `dist/${id}` });
    const files = Object.entries(builds).flatMap(([id, all]) =>
      Object.entries(all).map(([path, text]) => [`dist/${id}/${path}`, text]),
    );
    worker = await startWorker({
      name: "recipes-s3",
      config: {
        sites: {
          shop: {
            versions: { v1: version("v1"), v2: version("v2") },
            stable: "v1",
            rules: [{ name: "two", when: { query: { show: "two" } }, serve: "v2" }],
          },
        },
      },
      folders: { none: writeBuild("recipes-none", { "index.html": "" }) },
      files: Object.fromEntries(files),
    });
  });

  after(async () => {
    await worker?.close();
    await origin?.close();
  });

  test("serves pages by their addresses, and its own page for what is missing", async () => {
    for (const [path, status, text] of [
      ["/", 200, "<h1>v1</h1>"],
      ["/about", 200, "<h1>about v1</h1>"],
      ["/docs/", 200, "docs"],
      ["/nope", 404, "<h1>none</h1>"],
      ["/about?show=two", 200, "<h1>about v2</h1>"],
    ]) {
      const response = await worker.navigate(path);
      assert.deepEqual([response.status, await response.text()], [status, text], path);
    }
    assert.ok(!asked.some((line) => line.includes("/about ") || line.endsWith("/about")), "no name was tried in vain");
  });

  test("gives an open page its files from the version that has them, ranges and validators as S3 does them", async () => {
    const script = await worker.fetch("/assets/app-9f8e7d6c.js");
    assert.deepEqual([await script.text(), said(script).why], ["'v2'", "skew"]);
    const part = await worker.fetch("/a%20b.txt", { headers: { range: "bytes=2-4" } });
    assert.deepEqual([part.status, await part.text()], [206, "234"]);
    const page = await worker.navigate("/");
    const again = await worker.navigate("/", { headers: { "if-none-match": page.headers.get("etag") } });
    assert.equal(again.status, 304);
  });
});
