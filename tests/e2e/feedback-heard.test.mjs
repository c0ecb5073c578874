// Who is counted apart and who is not heard: robots, previews, those who object, pages out of a service worker; and what is
// too much.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { around, heard, OPERATOR, page, TOKENS } from "./guests.mjs";
import { eventually } from "./population.mjs";
import { cookiesOf, KEY, ROOT, startWorker, writeBuild } from "./worker.mjs";

const FAST_MS = 33_000;

const config = {
  admin: { host: "localhost" },
  sites: {
    shop: heard("shop.localhost", { default: true }),
    scant: heard("scant.localhost", { feedback: { shards: 1, daily_budget: 3 } }),
    named: heard("named.localhost"),
    open: heard("open.localhost", { bots: "split" }),
    asked: heard("asked.localhost", { consent: "cookie:consent=yes" }),
    nameless: heard("nameless.localhost", { consent: "cookie:consent=yes", without_consent: "cookieless" }),
  },
};

let worker;
let BOT;
let Guest;
let everybody;
let guest;
let tallies;
let intake;
let age;
let robot;
let dropped;
before(async () => {
  const folders = Object.fromEntries(
    ["v1", "v2"].map((version) => [version, writeBuild(`heard-${version}`, { "index.html": page(version) })]),
  );
  worker = await startWorker({ name: "feedback-heard", config, folders, secrets: { HALFTONE_TOKENS: TOKENS } });
  ({ BOT, Guest, everybody, guest, tallies, intake, age, robot, dropped } = around(worker, OPERATOR));
});
after(() => worker?.close());

describe("counted apart", () => {
  /** How many pages a class has, and how many its version. */
  const pages = async (name, kind) => {
    const rows = await (await intake(name)).exec(`SELECT key, n FROM cells WHERE key LIKE '${kind}|%|pages'`);
    return rows.map(({ key, n }) => `${key.split("|").slice(1, 4).join(" ")}: ${n}`);
  };
  const counted = (name, kind) =>
    eventually(async () => {
      const found = await pages(name, kind).catch(() => []);
      return found.length > 0 && found;
    }, `a page of the class ${kind}`);

  test("are listed bots", async () => {
    await robot("shop.localhost");
    const [cell] = await counted("shop", "bot");
    assert.match(cell, /^- v[12] 1: 1$/);
  });

  test("are not listed bots that are split as everybody: those that keep their cookie are tested", async () => {
    const bot = new Guest("open.localhost");
    bot.more["user-agent"] = BOT;
    await bot.open();
    assert.ok(bot.token && bot.cookie);
    await bot.say({ e: "alive", at: 1 });
    const rows = await (await intake("open")).exec(
      "SELECT cell, bits FROM pages JOIN cell_names USING (cell_number) WHERE visitor = ?",
      bot.id,
    );
    assert.deepEqual(
      rows.map(({ cell, bits }) => [cell.split("|")[0], bits & (1 | 64 | 128)]),
      [["drawn", 1 | 64 | 128]],
    );
    assert.deepEqual(await pages("open", "bot"), []);
  });

  test("are previews", async () => {
    const link = execFileSync(
      join(ROOT, "target/release/halftone"),
      ["preview", "v2", join(worker.work, "halftone.json"), "--url", "http://shop.localhost/"],
      { encoding: "utf8", env: { ...process.env, HALFTONE_KEYS: KEY } },
    ).trim();
    const cookie = cookiesOf(await worker.navigate(link));
    const shown = await worker.navigate("http://shop.localhost/", { headers: { cookie } });
    assert.ok(!(await shown.text()).includes("page.js"));
    assert.deepEqual(await counted("shop", "preview"), ["- v2 1: 1"]);
  });

  test("are visitors who have not consented, and those with a privacy control", async () => {
    await new Guest("asked.localhost").open();
    assert.deepEqual(await counted("asked", "opted_out"), ["- v1 1: 1"]);
    const one = new Guest();
    await one.open("/", { "sec-gpc": "1" });
    const [cell] = await counted("shop", "opted_out");
    assert.match(cell, /^- v[12] 1: 1$/);
  });

  test("are visitors who get a version without a cookie", async () => {
    const one = new Guest("nameless.localhost");
    await one.open();
    assert.equal(one.cookie, "");
    const [cell] = await counted("nameless", "cookieless");
    assert.match(cell, /^- v[12] 1: 1$/);
  });

  test("are pages out of a service worker: neither missing nor trials", async () => {
    const kept = await guest("named.localhost", "v2");
    await kept.say({ e: "worker" });
    await age("named", FAST_MS);
    const counts = await eventually(async () => {
      const rows = await (await intake("named")).exec("SELECT key, n FROM cells WHERE key LIKE 'drawn|c|%'");
      const found = Object.fromEntries(rows.map(({ key, n }) => [key.split("|").at(-1), n]));
      return found.pages_worker && found;
    }, "the page");
    assert.deepEqual([counts.pages, counts.pages_worker, counts.pages_missing, counts.trials], [1, 1, undefined, undefined]);
  });
});

test("two tabs of one visitor are two rows and one trial", async () => {
  const one = await guest("shop.localhost");
  const tab = Object.assign(new Guest(), { cookie: one.cookie });
  await tab.open();
  // A visitor's pages are told apart by their milliseconds.
  await new Promise((done) => setTimeout(done, 5));
  await one.open("/?tab");
  await Promise.all([one.say({ e: "alive", at: 1 }), tab.say({ e: "alive", at: 2 })]);
  const rows = await eventually(async () => {
    const found = await (await intake("shop")).exec("SELECT bits FROM pages WHERE visitor = ?", one.id);
    return found.length === 3 && found.map(({ bits }) => bits);
  }, "three pages");
  assert.deepEqual([rows.filter((bits) => bits & 128).length, rows.filter((bits) => bits & 1).length], [1, 2]);
});

describe("not heard", () => {
  test("are listed bots, and visitors who object or have not consented", async () => {
    const one = await guest();
    assert.equal((await one.send([{ e: "alive", at: 1 }], { cookie: "", "user-agent": BOT })).status, 204);
    assert.equal((await one.send([{ e: "soft" }], { "sec-gpc": "1" })).status, 204);
    assert.equal(await dropped(one, "shop", "bot"), 1);
    assert.equal(await dropped(one, "shop", "opted_out"), 1);
    const asked = Object.assign(new Guest("asked.localhost"), { cookie: "consent=yes" });
    await asked.open();
    assert.ok(asked.token);
    await asked.send([{ e: "soft" }], { cookie: asked.cookie.replace("consent=yes", "consent=no") });
    assert.equal(await dropped(asked, "asked", "opted_out"), 1);
    const [{ soft, bits }] = await (await intake("asked")).exec("SELECT soft, bits FROM pages WHERE visitor = ?", asked.id);
    assert.deepEqual([soft, bits & 1], [0, 0]);
  });

  test("is a visitor who sends more than sixty requests a minute: 429, and when to try again", async () => {
    const one = await guest();
    let answer;
    for (let n = 0; n < 70 && answer?.status !== 429; n++) answer = await one.send([{ e: "soft" }]);
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get("retry-after"), "10");
    assert.equal((await answer.json()).error.code, "rate_limited");
    assert.ok((await dropped(await guest(), "shop", "rate_limited")) >= 1);
  });

  test("is whoever comes when the day's budget is used up", async () => {
    const one = await guest("scant.localhost");
    await eventually(async () => {
      assert.equal((await one.send([{ e: "soft" }])).status, 204);
      return (await tallies("scant")).drops.budget;
    }, "a beacon over the budget");
    const late = await guest("scant.localhost");
    await late.send([{ e: "soft" }, { e: "goal", name: "order" }]);
    const rows = await (await intake("scant")).exec("SELECT soft, goals FROM pages WHERE visitor = ?", late.id);
    assert.ok(rows.every(({ soft, goals }) => soft === 0 && goals === ""));
  });

  test("are reports with a token nobody signed, of another type, and too large", async () => {
    const one = await guest();
    const report = (token, body, type) =>
      worker.fetch(`http://shop.localhost/_halftone/reports?t=${token}`, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
    const before = (await tallies("shop")).drops;
    const crash = JSON.stringify([{ type: "crash", body: { reason: "oom" } }]);
    assert.equal((await report(`${one.token.slice(0, -2)}AA`, crash, "application/reports+json")).status, 204);
    const cases = [
      [crash, "text/html", 415, "bad_type"],
      ["x".repeat(65 * 1024), "application/reports+json", 413, "too_large"],
      [`[${Array.from({ length: 101 }, () => "{}")}]`, "application/reports+json", 413, "too_many"],
      ["{", "application/reports+json", 400, "bad_json"],
    ];
    for (const [body, type, status, code] of cases) {
      const answer = await report(one.token, body, type);
      assert.deepEqual([answer.status, (await answer.json()).error.code], [status, code]);
    }
    for (const reason of ["bad_token", "bad_type", "too_large", "too_many"])
      assert.ok((await dropped(one, "shop", reason)) > (before[reason] ?? 0), reason);
    const kept = await (await intake("shop")).exec("SELECT key FROM cells WHERE key LIKE '%report.%'");
    assert.deepEqual(kept, []);
  });
});

test("nothing of this was an error, and no log holds a visitor, a token or an address", () => {
  const logs = worker.logs();
  assert.deepEqual(
    logs.filter((line) => line.includes('"level":"error"')),
    [],
  );
  const personal = everybody.flatMap(({ cookie, token, more }) => [
    /halftone=1:([^:]+)/.exec(cookie)?.[1],
    token,
    more["cf-connecting-ip"],
  ]);
  assert.ok(personal.filter(Boolean).length >= 15);
  for (const line of logs) for (const word of personal) assert.ok(!word || !line.includes(word), line);
});
