// Pages on their way through the Worker while a rollout runs: none waits, whatever its policy; none loses a header of its own.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startOrigin } from "./origin.mjs";
import { cookiesOf, startWorker } from "./worker.mjs";

const NONCE = "c2VjcmV0";
const POLICIES = {
  nonce: `script-src 'nonce-${NONCE}'; connect-src 'self'`,
  closed: "default-src 'none'",
};
/** What pages say of reports themselves. */
const ENDPOINTS = {
  endpoints: 'main="https://reports.example/main"',
  default: 'main="https://reports.example/main", default="https://reports.example/default"',
};
/** Policies inside the page. */
const WITHIN = {
  "meta-self": "default-src 'self'",
  "meta-escaped": "default-src &#x27;self&#x27;",
  "meta-closed": "default-src\n 'none'",
  "meta-nonce": `script-src 'nonce-${NONCE}'; connect-src 'self'`,
};

let release;

function answer(request, response) {
  const path = request.url.split(/[/?]/)[1];
  response.setHeader("content-type", "text/html");
  if (ENDPOINTS[path]) response.setHeader("reporting-endpoints", ENDPOINTS[path]);
  if (path === "held") {
    release = () => response.end("<p>ends</p></body></html>");
    return response.write(`<!doctype html><html><head><title>held</title></head><body><p>begins</p>${" ".repeat(1000)}`);
  }
  if (POLICIES[path]) response.setHeader("content-security-policy", POLICIES[path]);
  const meta = WITHIN[path] ? `<META Http-Equiv="Content-Security-Policy" content="${WITHIN[path]}">` : "";
  response.end(`<!doctype html><html><head>${meta}<title>${path}</title></head><body>${path}</body></html>`);
}

const site = (origin) => ({
  versions: { v1: `${origin.url}`, v2: `${origin.url}` },
  stable: "v1",
  rollout: { canary: "v2", steps: ["50%"] },
  feedback: { shards: 1 },
});

const isTold = (response) => (response.headers.get("server-timing") ?? "").includes("halftone-page");

/** Ends when `reached` gives something true. */
async function until(reached) {
  for (const began = Date.now(); Date.now() - began < 60_000; ) {
    const value = await reached();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("a minute went by");
}

let origin;
before(async () => {
  origin = await startOrigin(answer);
});
after(() => origin?.close());

describe("a page with a policy", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ name: "policies", config: { sites: { shop: site(origin) } } });
  });
  after(() => worker?.close());

  /** A new visitor's page, its text, and the bit `untested` of its row once there is one. */
  async function visited(path) {
    const response = await worker.navigate(path);
    const html = await response.text();
    const [, visitor] = cookiesOf(response).split("=")[1].split(":");
    const row = await until(async () => {
      const [id] = await worker.objects("INTAKE");
      if (!id) return null;
      const rows = await (await worker.storage("INTAKE", id)).exec("SELECT bits FROM pages WHERE visitor = ?", visitor);
      return rows[0];
    });
    return { response, html, isUntested: (row.bits & 8) !== 0 };
  }

  test("is left as it is and not tested until an isolate can judge it; from then on the script has the page's nonce", async () => {
    // An isolate that has a Controller in it, as here, may be able to from the beginning.
    const first = await visited("/nonce");
    const told = isTold(first.response);
    assert.deepEqual([first.html.includes("page.js"), first.isUntested], [told, !told]);
    await until(async () => isTold(await worker.navigate("/nonce")));
    const { response, html, isUntested } = await visited("/nonce");
    assert.ok(isTold(response));
    assert.ok(html.includes(`<script nonce="${NONCE}" async src="/_halftone/page.js"></script>`), html);
    assert.equal(isUntested, false);
  });

  test("that lets nothing in stays as it is, and is not tested", async () => {
    const { response, html, isUntested } = await visited("/closed");
    assert.deepEqual([isTold(response), html.includes("page.js"), isUntested], [false, false, true]);
  });

  test("inside its HTML is not tested if that would stop the script or its beacons, and is tested otherwise", async () => {
    for (const [path, expected] of Object.entries({
      "/plain": false,
      "/meta-self": false,
      "/meta-escaped": false,
      "/meta-closed": true,
      "/meta-nonce": true,
    })) {
      const { response, html } = await visited(path);
      assert.ok(isTold(response) && html.includes("page.js"), path);
      const [, visitor] = cookiesOf(response).split("=")[1].split(":");
      const [id] = await worker.objects("INTAKE");
      const storage = await worker.storage("INTAKE", id);
      // A note of the page's end comes after that of its beginning; another page's note comes after both.
      if (expected)
        await until(async () => ((await storage.exec("SELECT bits FROM pages WHERE visitor = ?", visitor))[0].bits & 8) !== 0);
      else {
        await visited("/plain");
        assert.equal((await storage.exec("SELECT bits FROM pages WHERE visitor = ?", visitor))[0].bits & 8, 0, path);
      }
    }
  });

  test("none of this was an error", () => {
    assert.deepEqual(
      worker.logs().filter((line) => line.includes('"level":"error"')),
      [],
    );
  });
});

describe("a page", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ name: "pages-through", config: { sites: { shop: site(origin) } } });
  });
  after(() => worker?.close());

  test("is read by the visitor, the script already in it, while the origin is still sending it", async () => {
    const response = await worker.navigate("/held", { headers: { "accept-encoding": "identity" } });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("begins")) text += (await reader.read()).value;
    assert.match(text, /<head><script>.*<\/script><script async src="\/_halftone\/page\.js"><\/script><title>held/);
    assert.doesNotMatch(text, /ends/);
    release();
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    assert.match(text, /<p>ends<\/p><\/body><\/html>$/);
  });

  test("that names endpoints for reports keeps them beside ours, and its own default alone", async () => {
    const named = (await worker.navigate("/endpoints")).headers.get("reporting-endpoints");
    assert.match(named, /^main="https:\/\/reports\.example\/main", default="\/_halftone\/reports\?t=1~[^"]+"$/);
    const own = await worker.navigate("/default");
    assert.equal(own.headers.get("reporting-endpoints"), ENDPOINTS.default);
    assert.ok(isTold(own));
  });
});

describe("a page with a policy, while the second bundle", () => {
  const ills = {
    "never loads": "await new Promise(() => {});\nexport const control = null;\n",
    "is broken": 'throw new Error("broken on purpose");\n',
  };
  for (const [ill, script] of Object.entries(ills)) {
    test(`${ill}, comes all the same`, async () => {
      const worker = await startWorker({
        name: "policies-without",
        config: { sites: { shop: site(origin) } },
        spoil: (folder) => writeFileSync(join(folder, "control.js"), script),
      });
      try {
        for (let n = 0; n < 3; n++) {
          const response = await worker.navigate("/nonce");
          assert.deepEqual([response.status, isTold(response)], [200, false]);
          assert.match(await response.text(), /<body>nonce<\/body>/);
        }
        assert.ok(isTold(await worker.navigate("/plain")), "a page without one needs no second bundle");
      } finally {
        await worker.close();
      }
    });
  }
});
