// What a visitor is asked and told: rules, consent, bots, previews, prefetches and the cookie, on a running Worker.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cookiesOf, KEY, ROOT, said, startWorker, writeBuild } from "./worker.mjs";

const OTHER_KEY = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
const build = (version) =>
  writeBuild(`visitors-${version}`, {
    "index.html": `<!doctype html><html><head></head><body><h1>${version}</h1></body></html>`,
    "shop/cart.html": `<h1>${version}</h1>`,
    "style.css": `/* ${version} */`,
  });
const folders = Object.fromEntries(["v1", "v2", "v3"].map((version) => [version, build(version)]));
const versions = { v1: "assets:v1", v2: "assets:v2", v3: "assets:v3" };
const half = { canary: "v2", steps: ["50%"] };

const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
const TABLET =
  "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1";
const DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
const CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/** Condition, then requests that meet it and requests that do not: path and query, headers, geography. */
const CONDITIONS = {
  country: [
    { country: ["NZ", "EU"] },
    [{ cf: { country: "NZ" } }, { cf: { country: "FR" } }],
    [{ cf: { country: "GB" } }, { cf: { country: "" } }],
  ],
  unknown: [{ country: "unknown" }, [{ cf: { country: "T1" } }, { cf: { country: "" } }], [{ cf: { country: "NZ" } }]],
  region: [
    { region: "US-CA" },
    [{ cf: { country: "US", regionCode: "CA" } }],
    [{ cf: { country: "US", regionCode: "NY" } }, { cf: { country: "CA", regionCode: "CA" } }],
  ],
  continent: [{ continent: "OC" }, [{ cf: { country: "NZ" } }, { cf: { country: "FJ" } }], [{ cf: { country: "FR" } }]],
  eu: [{ eu: false }, [{ cf: { country: "GB" } }], [{ cf: { country: "FR" } }]],
  city: [{ city: "Te Awamutu" }, [{ cf: { country: "NZ", city: "Te Awamutu" } }], [{ cf: { country: "NZ", city: "Auckland" } }]],
  colo: [{ colo: "AKL" }, [{ cf: { colo: "AKL" } }], [{ cf: { colo: "CDG" } }]],
  path: [{ path: "/shop/**" }, [{ path: "/shop/cart" }], [{ path: "/" }]],
  host: [{ host: "beta.shop.example" }, [{ host: "beta.shop.example" }], [{ host: "www.shop.example" }]],
  query: [
    { query: { beta: "y*" } },
    [{ query: "&beta=yes" }, { query: "&beta=no&beta=y" }],
    [{ query: "&beta=no" }, { query: "" }, { query: "&xbeta=yes" }],
  ],
  header: [{ header: { "X-Tier": "gold" } }, [{ headers: { "x-tier": "gold" } }], [{ headers: { "x-tier": "silver" } }, {}]],
  cookie: [{ cookie: { staff: "*" } }, [{ headers: { cookie: "a=1; staff=ada" } }], [{ headers: { cookie: "xstaff=ada" } }, {}]],
  language: [
    { language: "mi" },
    [{ headers: { "accept-language": "mi-NZ, en;q=0.5" } }],
    [{ headers: { "accept-language": "en" } }, {}],
  ],
  device: [
    { device: ["mobile", "tablet"] },
    [{ headers: { "user-agent": PHONE } }, { headers: { "user-agent": TABLET } }],
    [{ headers: { "user-agent": DESKTOP } }],
  ],
  bot: [{ bot: true }, [{ headers: { "user-agent": CRAWLER } }], [{ headers: { "user-agent": DESKTOP } }]],
  all: [{ all: [{ query: { a: "1" } }, { query: { b: "1" } }] }, [{ query: "&a=1&b=1" }], [{ query: "&a=1" }, { query: "&b=1" }]],
  any: [{ any: [{ query: { a: "1" } }, { query: { b: "1" } }] }, [{ query: "&a=1" }, { query: "&b=1" }], [{ query: "&a=2" }]],
  not: [{ not: { query: { a: "1" } } }, [{ query: "" }], [{ query: "&a=1" }]],
};

let worker;
before(async () => {
  const rules = Object.entries(CONDITIONS).map(([name, [when]]) => ({
    name,
    when: { all: [{ query: { rule: name } }, when] },
    serve: "v2",
  }));
  rules.push({ name: "split", when: { query: { rule: "split" } }, split: { v1: "50%", v2: "30%", v3: "20%" } });
  const site = (rest) => ({ versions, stable: "v1", rollout: half, ...rest });
  worker = await startWorker({
    name: "visitors",
    folders,
    config: {
      sites: {
        shop: { versions, stable: "v1", rules },
        half: site({ hosts: ["half.example"] }),
        all: site({ hosts: ["all.example"], rollout: { canary: "v2", steps: ["100%"] }, bots: "stable" }),
        bots: site({ hosts: ["bots.example"], bots: "split-uncounted" }),
        counted: site({ hosts: ["counted.example"], bots: "split" }),
        asked: site({ hosts: ["asked.example"], rollout: { canary: "v2", steps: ["100%"] }, consent: "cookie:consent=yes*" }),
        nameless: site({ hosts: ["nameless.example"], consent: "cookie:consent=yes*", without_consent: "cookieless" }),
        none: site({ hosts: ["none.example"], rollout: { canary: "v2", steps: ["100%"], step: 0 } }),
      },
    },
  });
});
after(() => worker?.close());

const visit = (host, headers = {}, path = "/", init = {}) => worker.navigate(`http://${host}${path}`, { ...init, headers });

describe("a rule", () => {
  for (const [name, [, met, unmet]] of Object.entries(CONDITIONS)) {
    test(`by ${name} serves who meets it, and nobody else`, async () => {
      for (const [requests, expected] of [
        [met, "v2 rule"],
        [unmet, "v1 stable"],
      ]) {
        for (const request of requests) {
          const { path = "/", query = "", headers = {}, host = "www.shop.example", cf } = request;
          const response = await visit(host, headers, `${path}?rule=${name}${query}`, { cf });
          assert.equal(`${said(response).version} ${said(response).why}`, expected, JSON.stringify(request));
        }
      }
    });
  }

  test("splits its visitors among three versions, each by a slot that is theirs", async () => {
    const counts = { v1: 0, v2: 0, v3: 0 };
    for (let burst = 0; burst < 15; burst++) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const first = await visit("shop.example", {}, "/?rule=split");
          const again = await visit("shop.example", { cookie: cookiesOf(first) }, "/shop/cart?rule=split");
          assert.equal(said(again).version, said(first).version);
          counts[said(first).version]++;
        }),
      );
    }
    for (const [version, share] of [
      ["v1", 0.5],
      ["v2", 0.3],
      ["v3", 0.2],
    ]) {
      const spread = 5 * Math.sqrt(300 * share * (1 - share));
      assert.ok(Math.abs(counts[version] - 300 * share) <= spread, JSON.stringify(counts));
    }
  });

  test("that reads a header is named in Vary", async () => {
    const vary = (await visit("shop.example")).headers.get("vary").toLowerCase().split(", ");
    for (const name of ["cookie", "x-tier", "accept-language"]) assert.ok(vary.includes(name), vary.join());
  });
});

describe("consent", () => {
  test("that is asked and not given means stable and no cookie", async () => {
    for (const headers of [{}, { cookie: "consent=no" }, { cookie: "consent=yes", "sec-gpc": "1" }]) {
      const response = await visit("asked.example", headers);
      assert.deepEqual([said(response).version, said(response).why, response.headers.getSetCookie()], ["v1", "consent", []]);
    }
  });

  test("that is given means a draw and a cookie, which goes when it is taken back", async () => {
    const given = await visit("asked.example", { cookie: "consent=yes-all" });
    assert.deepEqual([said(given).version, said(given).why], ["v2", "canary"]);
    const cookie = cookiesOf(given);
    assert.match(cookie, /^halftone=1:/);
    const back = await visit("asked.example", { cookie: `consent=no; ${cookie}` });
    assert.deepEqual([said(back).version, cookiesOf(back, cookie)], ["v1", ""]);
  });

  test("that is not given may mean a slot of the day and the network, with nothing stored", async () => {
    const seen = { v1: 0, v2: 0 };
    for (let network = 0; network < 60; network++) {
      const headers = { "cf-connecting-ip": `203.${network}.113.7`, "user-agent": DESKTOP };
      const first = await visit("nameless.example", headers);
      assert.deepEqual(first.headers.getSetCookie(), []);
      const neighbour = await visit("nameless.example", { ...headers, "cf-connecting-ip": `203.${network}.113.99` });
      assert.equal(said(neighbour).version, said(first).version);
      const style = await worker.fetch("http://nameless.example/style.css", {
        headers: { ...headers, "sec-fetch-dest": "style" },
      });
      assert.equal(await style.text(), `/* ${said(first).version} */`);
      seen[said(first).version]++;
    }
    // Five times sqrt(60) / 2 around the half.
    assert.ok(seen.v2 >= 11 && seen.v2 <= 49, JSON.stringify(seen));
  });
});

describe("a bot", () => {
  test("has stable and no cookie where the config says so", async () => {
    const response = await visit("all.example", { "user-agent": CRAWLER });
    assert.deepEqual([said(response).version, said(response).why, response.headers.getSetCookie()], ["v1", "bot", []]);
    assert.equal(said(await visit("all.example", { "user-agent": DESKTOP })).version, "v2");
  });

  test("is split by its network and has no cookie where the config says so", async () => {
    const seen = new Set();
    for (let network = 0; network < 40; network++) {
      const headers = { "user-agent": CRAWLER, "cf-connecting-ip": `66.${network}.66.1` };
      const [first, second] = [await visit("bots.example", headers), await visit("bots.example", headers)];
      assert.deepEqual(first.headers.getSetCookie(), []);
      assert.equal(said(first).version, said(second).version);
      seen.add(said(first).version);
    }
    assert.deepEqual([...seen].sort(), ["v1", "v2"]);
  });

  test("is drawn and has a cookie like everybody where the config says so", async () => {
    const seen = new Set();
    for (let n = 0; n < 40; n++) {
      const first = await visit("counted.example", { "user-agent": CRAWLER });
      const cookie = cookiesOf(first);
      assert.match(cookie, /^halftone=1:/);
      const second = await visit("counted.example", { "user-agent": CRAWLER, cookie });
      assert.equal(said(first).version, said(second).version);
      seen.add(said(first).version);
    }
    assert.deepEqual([...seen].sort(), ["v1", "v2"]);
  });
});

describe("a preview link", () => {
  const link = (version, url, config = "visitors") =>
    execFileSync(
      join(ROOT, "target/release/halftone"),
      ["preview", version, join(ROOT, "tests/.work", config, "halftone.json"), "--url", url],
      {
        encoding: "utf8",
        env: { ...process.env, HALFTONE_KEYS: KEY },
      },
    ).trim();

  test("shows its version at 0 %, marked, to nobody's index, until it is left", async () => {
    const opened = await worker.navigate(link("v2", "http://none.example/shop/cart?x=1"));
    assert.deepEqual([opened.status, opened.headers.get("location")], [303, "/shop/cart?x=1"]);
    const [set] = opened.headers.getSetCookie();
    assert.match(set, /^halftone-preview=v2~[^;]+; Path=\/; HttpOnly; SameSite=Lax$/, "a session's cookie");
    const cookie = cookiesOf(opened);

    const page = await visit("none.example", { cookie });
    assert.deepEqual([page.status, said(page).version, said(page).why], [200, "v2", "preview"]);
    assert.deepEqual([page.headers.get("x-robots-tag"), page.headers.get("cache-control")], ["noindex", "private, no-store"]);
    assert.deepEqual([page.headers.get("etag"), page.headers.getSetCookie()], [null, []]);
    assert.match(await page.text(), /<h1>v2<\/h1><aside role="status".*Preview of version v2.*<\/aside><\/body>/);
    const style = await worker.fetch("http://none.example/style.css", { headers: { cookie, "sec-fetch-dest": "style" } });
    assert.equal(await style.text(), "/* v2 */");
    assert.equal(said(await visit("none.example")).version, "v1", "nobody else sees it");

    const left = await visit("none.example", { cookie }, "/?halftone-preview=off");
    assert.deepEqual([left.status, left.headers.get("location"), cookiesOf(left, cookie)], [303, "/", ""]);
  });

  test("wins over a rule and over what the visitor had, and leaves that as it was", async () => {
    const before = await visit("all.example");
    const cookie = `${cookiesOf(before)}; ${cookiesOf(await worker.navigate(link("v3", "http://all.example/")))}`;
    assert.equal(said(await visit("all.example", { cookie })).version, "v3");
    assert.equal(said(await visit("all.example", { cookie: cookiesOf(before) })).version, "v2");
    const shop = cookiesOf(await worker.navigate(link("v1", "http://shop.example/")));
    assert.equal(said(await visit("shop.example", { cookie: shop }, "/?rule=not")).version, "v1");
  });

  test("opens nothing on another host, for another version, or when it was changed", async () => {
    const token = new URL(link("v2", "http://none.example/")).search;
    const changed = [
      `http://half.example/${token}`,
      `http://none.example/${token.replace("=v2~", "=v3~")}`,
      `http://none.example/${token}x`,
    ];
    for (const address of [
      ...changed,
      "http://none.example/?halftone-preview=",
      "http://none.example/?halftone-preview=v2~zzz~AAAAAAAAAAAAAAAAAAAAAA",
    ]) {
      const response = await worker.navigate(address);
      assert.deepEqual([response.status, response.headers.getSetCookie()], [403, []], address);
    }
    const forged = `halftone-preview=${token.split("=")[1].replace("v2~", "v3~")}`;
    assert.equal(said(await visit("none.example", { cookie: forged })).version, "v1");
  });
});

describe("a prefetch", () => {
  for (const headers of [
    { "sec-purpose": "prefetch", "sec-fetch-dest": "empty" },
    { "sec-purpose": "prefetch;prerender" },
    { purpose: "prefetch", "sec-fetch-dest": "empty" },
  ]) {
    test(`by ${JSON.stringify(headers)} gives the version that the navigation will have`, async () => {
      for (let n = 0; n < 12; n++) {
        const early = await visit("half.example", headers, "/shop/cart");
        const cookie = cookiesOf(early);
        assert.match(cookie, /^halftone=1:/, "the first thing of a visitor may be a prefetch");
        assert.match(early.headers.get("cache-control"), /^private/);
        const page = await visit("half.example", { cookie }, "/shop/cart");
        assert.equal(said(page).version, said(early).version);
        const next = await visit("half.example", { ...headers, cookie });
        assert.deepEqual([said(next).version, said(next).why], [said(page).version, said(page).why]);
      }
    });
  }

  test("of a file draws nothing", async () => {
    const response = await worker.fetch("http://half.example/style.css", {
      headers: { "sec-purpose": "prefetch", "sec-fetch-dest": "empty" },
    });
    assert.deepEqual([said(response).version, response.headers.getSetCookie()], ["v1", []]);
  });
});

describe("the cookie", () => {
  test("that was changed, cut or made up is a new visitor's", async () => {
    const good = cookiesOf(await visit("all.example"));
    const bad = [
      good.replace(":v2:", ":v1:"),
      good.slice(0, -1),
      `${good}x`,
      "halftone=",
      "halftone=1:::::::",
      `halftone=${"x".repeat(5000)}`,
      'halftone="1:\\"";;=;=',
      "halftone=%00%ff",
    ];
    for (const cookie of bad) {
      const response = await visit("all.example", { cookie });
      assert.equal(response.status, 200);
      assert.match(cookiesOf(response), /^halftone=1:/, cookie);
    }
    const twice = await visit("all.example", { cookie: `halftone=garbage; ${good}` });
    assert.deepEqual(twice.headers.getSetCookie(), [], "of two the one that is ours counts");
  });

  test("of another site is a new visitor's", async () => {
    const response = await visit("half.example", { cookie: cookiesOf(await visit("all.example")) });
    assert.match(cookiesOf(response), /^halftone=1:/);
  });

  test("is not set for what a page asks for, nor drawn for", async () => {
    for (const dest of ["script", "style", "image", "font", "empty", "worker", "iframe"]) {
      const response = await worker.fetch("http://all.example/style.css", { headers: { "sec-fetch-dest": dest } });
      assert.deepEqual([said(response).version, response.headers.getSetCookie()], ["v1", []], dest);
    }
  });

  test("outlives a change of keys, and is signed anew", async () => {
    const start = (keys) =>
      startWorker({ name: "keys", folders, config: { sites: { shop: { versions, stable: "v1", rollout: half } } }, keys });
    const people = [];
    const old = await start(KEY);
    try {
      for (let n = 0; n < 10; n++) people.push(await old.navigate("/"));
    } finally {
      await old.close();
    }
    const both = await start(`${OTHER_KEY},${KEY}`);
    try {
      for (const before of people) {
        const after = await both.navigate("/", { headers: { cookie: cookiesOf(before) } });
        assert.equal(said(after).version, said(before).version);
        const id = (response) => cookiesOf(response).split(":")[1];
        assert.equal(id(after), id(before));
        const again = await both.navigate("/", { headers: { cookie: cookiesOf(after) } });
        assert.deepEqual(again.headers.getSetCookie(), []);
      }
    } finally {
      await both.close();
    }
  });
});
