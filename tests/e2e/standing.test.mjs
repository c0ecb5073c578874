// What an isolate remembers of a page's parts, so that dozens of requests need one decision: nobody can tell from an answer
// whether it was remembered.

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
  },
});
const folders = Object.fromEntries(["v1", "v2", "o1", "o2"].map((version) => [version, build(version)]));

const FILES = ["/app-0a1b2c3d.js", "/style.css", "/style.css?v=2", "/only-v1.0a1b2c3d.js", "/only-v2.0a1b2c3d.js", "/none.png"];
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
