// What an isolate remembers of pages and their parts, so that how something is served is decided once: nobody can tell from an
// answer whether it was remembered.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, Visitor } from "./population.mjs";
import { said, startWorker, writeBuild } from "./worker.mjs";

const build = (version) =>
  writeBuild(`standing-${version}`, {
    "index.html": `<!doctype html><title>${version}</title>${version}`,
    "app-0a1b2c3d.js": `"the same in both"`,
    "style.css": `/* ${version} */`,
    [`only-${version}.0a1b2c3d.js`]: `"${version}"`,
    "404.html": `<!doctype html><title>${version}: not here</title>`,
  });

const site = (host, versions, rest = {}) => ({
  hosts: [host],
  versions: Object.fromEntries(versions.map((id) => [id, `assets:${id}`])),
  stable: versions[0],
  rollout: { canary: versions[1], steps: ["50%"], decide: "never" },
  ...rest,
});

const config = (rest = {}) => ({
  sites: {
    shop: site("shop.example", ["v1", "v2"], { default: true, ...rest }),
    other: site("other.example", ["o1", "o2"]),
    quiet: site("quiet.example", ["v1", "v2"], { feedback: { enabled: false } }),
  },
});
const folders = Object.fromEntries(["v1", "v2", "o1", "o2"].map((version) => [version, build(version)]));

const FILES = [
  `/style.css?long=${"x".repeat(2500)}`,
  "/app-0a1b2c3d.js",
  "/style.css",
  "/style.css?v=2",
  "/only-v1.0a1b2c3d.js",
  "/only-v2.0a1b2c3d.js",
  "/none.png",
];
const DESTS = { js: "script", css: "style", png: "image" };

let worker;
let people;

before(async () => {
  worker = await startWorker({ name: "standing", config: config(), folders });
  people = [];
  await eventually(async () => {
    const visitor = new Visitor(worker);
    await (await visitor.open("http://shop.example/")).body?.cancel();
    people.push(visitor);
    return people.length >= 12 && new Set(people.map(({ version }) => version)).size === 2;
  }, "visitors of both versions");
});
after(() => worker?.close());

/** A part of a page as its browser asks for it. */
function part(path, cookie, { host = "shop.example", headers = {} } = {}) {
  const dest = DESTS[new URL(path, "http://x").pathname.split(".").pop()];
  return worker.fetch(`http://${host}${path}`, { headers: { "sec-fetch-dest": dest, cookie, ...headers } });
}

/** All that a browser is told. */
async function whole(response) {
  return { status: response.status, headers: [...response.headers].sort(), text: await response.text() };
}

test("asked again, in any order and by anybody with a page of that version, a part is answered as it was at first", async () => {
  const first = {};
  for (let round = 0; round < 4; round++) {
    for (const { cookie, version } of round % 2 ? people : people.toReversed()) {
      for (const path of round % 2 ? FILES : FILES.toReversed()) {
        const answer = await whole(await part(path, cookie));
        first[`${version} ${path}`] ??= answer;
        assert.deepEqual(answer, first[`${version} ${path}`], `${path} with a page of ${version}, round ${round}`);
      }
    }
  }
  assert.equal(first["v1 /style.css"].text, "/* v1 */");
  assert.equal(first["v2 /style.css"].text, "/* v2 */");
  assert.equal(first["v1 /only-v2.0a1b2c3d.js"].text, '"v2"');
  assert.deepEqual([first["v1 /none.png"].status, first["v1 /none.png"].text.includes("v1: not here")], [404, true]);
});

const PAGES = ["/", "/?from=mail", "/none", `/?long=${"x".repeat(2500)}`];

/** A page as a browser asks for it. */
const page = (host, path, cookie) => worker.navigate(`http://${host}${path}`, { headers: { cookie } });

/** All that a browser is told, without what is one visitor's own. */
async function shared(response) {
  const { status, headers, text } = await whole(response);
  const own = (text) => text.replace(/(halftone-page;desc="|reports\?t=)[^",&]+/g, "$1");
  return { status, headers: headers.filter(([name]) => name !== "set-cookie").map(([name, text]) => [name, own(text)]), text };
}

for (const host of ["shop.example", "quiet.example"]) {
  test(`a page of ${host} is the same for all of one version, whoever asked for it before`, async () => {
    const first = {};
    const visitors = [];
    await eventually(async () => {
      const visitor = new Visitor(worker);
      await (await visitor.open(`http://${host}/`)).body?.cancel();
      visitors.push(visitor);
      return visitors.length >= 8 && new Set(visitors.map(({ version }) => version)).size === 2;
    }, "visitors of both versions");
    for (let round = 0; round < 3; round++) {
      for (const { cookie, version } of round % 2 ? visitors : visitors.toReversed()) {
        for (const path of PAGES) {
          const response = await page(host, path, cookie);
          assert.equal(said(response).version, version);
          assert.deepEqual(response.headers.getSetCookie(), [], "a visitor who comes back keeps theirs");
          const answer = await shared(response);
          first[`${version} ${path}`] ??= answer;
          assert.deepEqual(answer, first[`${version} ${path}`], `${path} of ${version}, round ${round}`);
        }
      }
    }
    assert.deepEqual([first["v1 /"].text.includes("<title>v1"), first["v2 /"].text.includes("<title>v2")], [true, true]);
    assert.deepEqual([first["v2 /none"].status, first["v2 /none"].text.includes("v2: not here")], [404, true]);
  });
}

test("who comes after others to the same page gets a cookie and a token of their own", async () => {
  const ids = new Set();
  for (let n = 0; n < 12; n++) {
    const response = await page("shop.example", "/", "");
    const [cookie, ...more] = response.headers.getSetCookie();
    const id = /^halftone=1:([\w-]{22}):/.exec(cookie)[1];
    const tokens = (response.headers.get("server-timing") ?? "").match(/halftone-page;desc="[^"]+"/g);
    assert.deepEqual([more, tokens.length, tokens[0].includes(`~${id}~`)], [[], 1, true]);
    ids.add(id);
    await response.body?.cancel();
  }
  assert.equal(ids.size, 12);
});

test("a visitor is known by their cookie among others, of the same name too", async () => {
  for (const host of ["shop.example", "quiet.example"]) {
    const first = await page(host, "/", "");
    const { version } = said(first);
    const [pair] = first.headers.getSetCookie()[0].split(";");
    for (const cookies of [
      `theme=dark; ${pair}; z=1`,
      `halftone=garbage; ${pair}`,
      `${pair}; halftone-preview=garbage`,
      `name=halftone; ${pair}`,
      `name=halftone;${pair};`,
    ]) {
      const response = await page(host, "/", cookies);
      assert.deepEqual([said(response).version, response.headers.getSetCookie()], [version, []], cookies);
      await response.body?.cancel();
    }
    for (const cookies of ["name=halftone", "xhalftone=1", "halftone=garbage", `x${pair}`, `halftone =; y=${pair}`]) {
      const response = await page(host, "/", cookies);
      assert.equal(response.headers.getSetCookie().length, 1, cookies);
      await response.body?.cancel();
    }
  }
});

test("addresses that somebody makes up, more than are remembered, are answered like all others", async () => {
  const { cookie, version } = people[0];
  const first = await whole(await part("/style.css?made=0", cookie));
  for (let n = 1; n <= 520; n++) {
    const response = await part(`/style.css?made=${n}`, cookie);
    assert.equal(said(response).version, version);
    await response.body?.cancel();
  }
  assert.deepEqual(await whole(await part("/style.css?made=0", cookie)), first);
});

test("ranges, validators and other methods are looked at each time", async () => {
  const { cookie, version } = people[0];
  const plain = await part("/style.css", cookie);
  assert.equal(await plain.text(), `/* ${version} */`);
  const range = await part("/style.css", cookie, { headers: { range: "bytes=3-4" } });
  assert.deepEqual([range.status, await range.text()], [206, version]);
  const known = await part("/style.css", cookie, { headers: { "if-none-match": plain.headers.get("etag") } });
  assert.equal(known.status, 304);
  const head = await worker.fetch("http://shop.example/style.css", {
    method: "HEAD",
    headers: { "sec-fetch-dest": "style", cookie },
  });
  assert.deepEqual([head.status, await head.text(), head.headers.get("etag")], [200, "", plain.headers.get("etag")]);
});

test("a cookie that is not ours, or another site's, is nobody's page", async () => {
  const { cookie } = people.find(({ version }) => version === "v2");
  assert.equal(said(await part("/style.css", cookie)).version, "v2");
  const forged = cookie.slice(0, -1) + (cookie.endsWith("A") ? "B" : "A");
  for (const [text, host] of [
    [forged, "shop.example"],
    [cookie, "other.example"],
    [cookie.replace(":v2:", ":v1:"), "shop.example"],
  ]) {
    const answer = said(await part("/style.css", text, { host }));
    assert.deepEqual([answer.version, answer.why], [host === "other.example" ? "o1" : "v1", "stable"]);
  }
});

test("another plan is in force for parts as soon as for pages", async () => {
  const { cookie, version } = people[0];
  const before = await part("/app-0a1b2c3d.js", cookie);
  assert.match(before.headers.get("cache-control"), /^public/);
  await worker.publish(config({ cache: { hashed: ["/other/*"] } }));
  const now = await eventually(async () => {
    const response = await part("/app-0a1b2c3d.js", cookie);
    return said(response).revision !== said(before).revision && response;
  }, "a part of the next revision");
  assert.match(now.headers.get("cache-control"), /^private/);
  assert.equal(said(now).version, version);
});
