// Who may use the admin surface: Cloudflare Access's word for somebody, limits, and errors that say what they are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startTeam } from "./team.mjs";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

let worker;
let team;
let assertion;

before(async () => {
  team = await startTeam();
  assertion = team.assertion;
  worker = await startWorker({
    name: "access",
    config: {
      sites: {
        shop: { versions: { v1: "assets:v1", v2: "assets:v1" }, stable: "v1", rollout: { canary: "v2", steps: ["50%", "100%"] } },
      },
    },
    folders: { v1: writeBuild("access-v1", { "index.html": "<!doctype html><title>v1</title>" }) },
    secrets: { HALFTONE_ACCESS: team.secret },
  });
});
after(async () => {
  await worker?.close();
  team?.close();
});

function ask(path, jwt, { method = "GET", headers = {}, body } = {}) {
  return worker.fetch(`http://admin.example${path}`, {
    method,
    body,
    headers: { "cf-connecting-ip": "198.51.100.7", ...(jwt ? { "cf-access-jwt-assertion": jwt } : {}), ...headers },
  });
}

const codeOf = async (response) => (await response.json()).error.code;

describe("Cloudflare Access", () => {
  test("lets in whom its keys vouch for, with the role the secret gives them, and their name is in the record", async () => {
    const done = await ask("/api/v1/pause", assertion(), { method: "POST", body: '{"why":"lunch"}' });
    assert.equal(done.status, 200);
    assert.equal((await done.json()).decisions[0].by, "ann@acme.example");
    const seen = await ask("/api/v1/status", assertion({ email: "Ben@Acme.example" }));
    assert.equal(seen.status, 200);
    const refused = await ask("/api/v1/resume", assertion({ email: "ben@acme.example" }), { method: "POST" });
    assert.deepEqual([refused.status, await codeOf(refused)], [403, "not_allowed"]);
    assert.equal(team.asked(), 1, "the keys are asked for once");
  });

  test("does not let in what is signed by others, for others, by another team, too late, too early, or not at all", async () => {
    const now = Math.floor(Date.now() / 1000);
    const bad = {
      "another key": assertion({}, { key: team.foreign.privateKey }),
      "an unknown key": assertion({}, { header: { kid: "k2" } }),
      "another application": assertion({ aud: ["0".repeat(64)] }),
      "another team": assertion({ iss: "https://evil.cloudflareaccess.com" }),
      "too late": assertion({ exp: now - 120 }),
      "no end": assertion({ exp: undefined }),
      "too early": assertion({ nbf: now + 120 }),
      "not signed": assertion({}, { header: { alg: "none" } }),
      "nobody's": assertion({ email: undefined }),
      "somebody of another house": assertion({ email: "eve@acme.example.evil" }),
      "only the house": assertion({ email: "@acme.example" }),
      garbled: "a.b.c",
      cut: assertion().slice(0, -3),
    };
    for (const [what, jwt] of Object.entries(bad)) assert.equal((await ask("/api/v1/status", jwt)).status, 401, what);
    assert.ok(team.asked() <= 2, "keys that are not known do not make it ask again and again");
  });

  test("is no login for another site's page, while scripts with a token are not asked where they come from", async () => {
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
      const refused = await ask("/api/v1/off", assertion(), { method: "POST", headers });
      assert.deepEqual([refused.status, await codeOf(refused)], [403, "cross_site"]);
    }
    const own = { "sec-fetch-site": "same-origin", origin: "http://admin.example" };
    assert.equal((await ask("/api/v1/off", assertion(), { method: "POST", headers: own })).status, 200);
  });
});

describe("the admin surface", () => {
  test("says every error as JSON with a code that the document lists", async () => {
    const listed = readFileSync(join(ROOT, "docs/openapi.json"), "utf8");
    const put = { method: "POST", body: "{" };
    const cases = [
      [await ask("/api/v1/nowhere", assertion()), 404, "not_found"],
      [await ask("/api/v1/status", assertion(), { method: "DELETE" }), 405, "bad_method"],
      [await ask("/api/v1/status"), 401, "no_token"],
      [await ask("/api/v1/status?site=blog", assertion()), 404, "unknown_site"],
      [await ask("/api/v1/decisions?after=-1", assertion()), 400, "bad_parameter"],
      [await ask("/api/v1/diff", assertion()), 400, "bad_parameter"],
      [await ask("/api/v1/diff?from=99", assertion()), 404, "no_revision"],
      [await ask("/api/v1/pause", assertion(), put), 400, "bad_json"],
      [await ask("/api/v1/forget", assertion(), { method: "POST", body: "ann" }), 400, "bad_visitor"],
      [await ask("/api/v1/pause", assertion(), { method: "POST", body: `{"why":"${"x".repeat(70_000)}"}` }), 413, "too_large"],
    ];
    for (const [response, status, code] of cases) {
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.deepEqual([response.status, await codeOf(response)], [status, code]);
      assert.ok(listed.includes(`\`${code}\``), code);
    }
  });

  test("does not listen to an address that fails to log in again and again", async () => {
    const statuses = [];
    for (let n = 0; n < 70; n++) {
      const response = await ask("/api/v1/status", "", {
        headers: { "cf-connecting-ip": "203.0.113.9", authorization: `Bearer guess-number-${n}-of-many` },
      });
      statuses.push(response.status);
      await response.body?.cancel();
    }
    assert.equal(statuses[0], 401);
    assert.equal(statuses.at(-1), 429);
    assert.equal((await ask("/api/v1/status", assertion())).status, 200, "others are");
  });

  test("does not answer a name that asks without end, and goes on answering the others", async () => {
    const busy = assertion({ email: "busy@acme.example" });
    let answer;
    // A minute may begin in between, and with it another count.
    let left = 2 * 1200 + 100;
    const one = async () => {
      while (left-- > 0 && answer === undefined) {
        const response = await ask("/api/v1/revisions?before=1", busy);
        if (response.status === 429) answer ??= response;
        else assert.equal(response.status, 200);
        if (response !== answer) await response.body?.cancel();
      }
    };
    await Promise.all(Array.from({ length: 16 }, one));
    assert.deepEqual([answer?.headers.get("retry-after"), await codeOf(answer)], ["60", "too_many"]);
    assert.equal((await ask("/api/v1/status", assertion())).status, 200);
  });
});
