// Who is known by what: the cookie modes, each as a browser sees it, and what visitors without a cookie get.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWorker } from "../e2e/worker.mjs";
import { buildSite, settled } from "./builds.mjs";
import { launch, livePlan, record, said, USER_AGENT } from "./chromium.mjs";

const rollout = (share, more = {}) => ({ canary: "new", steps: [share], ...more });

/** One site a mode, at `NAME.localhost`; the rollout among newcomers begins with `newcomers`. */
const config = (newcomers) => {
  const site = (more) => ({ versions: { old: "assets:old", new: "assets:new" }, stable: "old", ...more });
  const consent = { consent: "cookie:consent=yes*" };
  const sites = {
    everyone: site({ rollout: rollout("50%") }),
    newcomers: site(newcomers ? { rollout: rollout("100%", { visitors: "new" }) } : {}),
    asking: site({ rollout: rollout("100%"), ...consent }),
    cookieless: site({ rollout: rollout("50%"), ...consent, without_consent: "cookieless" }),
    whole: site({ rollout: rollout("100%") }),
  };
  for (const [name, one] of Object.entries(sites)) one.hosts = [`${name}.localhost`];
  sites.everyone.default = true;
  return { sites };
};

let worker;
let browser;

before(async () => {
  const frame = { "framed.html": '<iframe src="/about"></iframe>' };
  // The same names in both builds: whatever comes from the other one shows.
  const build = (version) => buildSite(`visitors-${version}`, { version, hashed: false, pages: frame });
  worker = await startWorker({
    name: "visitors",
    config: config(false),
    folders: { old: await build("old"), new: await build("new") },
  });
  // A site without https or a name of this machine: the browser does not say there what a request is for.
  browser = await launch({ flags: ["--host-resolver-rules=MAP plain.example 127.0.0.1"] });
});

after(async () => {
  await browser?.close();
  await worker?.close();
});

const whole = (version) => [version, version, version];
const at = (host, path = "/") =>
  Object.assign(new URL(path, worker.url), { hostname: host.includes(".") ? host : `${host}.localhost` }).href;

/** One page view of a mode's site: what the header says, what the page is made of, the cookies kept after it. */
async function view(context, host, path = "/") {
  const page = await context.newPage();
  const response = await page.goto(at(host, path));
  const made = await settled(page);
  const { version, why } = said(response);
  assert.deepEqual(made, whole(version), "a page is of one version");
  const stored = await page.evaluate(() => document.cookie);
  await page.close();
  return { version, why, cookies: (await context.cookies(at(host))).map((cookie) => cookie.name), stored };
}

test("everyone is drawn, and the cookie is one that only the site's own requests carry", async () => {
  const context = await browser.newContext();
  const before = Date.now() / 1000;
  const first = await view(context, "everyone");
  assert.equal(first.why, first.version === "new" ? "canary" : "stable");
  assert.equal(first.stored, "", "scripts do not see it");
  const [cookie, ...others] = await context.cookies();
  assert.deepEqual(others, []);
  const { name, domain, path, httpOnly, secure, sameSite, expires } = cookie;
  assert.deepEqual(
    { name, domain, path, httpOnly, secure, sameSite },
    { name: "halftone", domain: "everyone.localhost", path: "/", httpOnly: true, secure: false, sameSite: "Lax" },
  );
  const days = (expires - before) / 86_400;
  assert.ok(days >= 179.9 && days <= 180.1, `${days} days`);
  for (let n = 0; n < 5; n++) assert.equal((await view(context, "everyone", "/about")).version, first.version);
  assert.deepEqual(await context.cookies(), [cookie], "it is not written again");
  await context.close();
});

test("a browser that does not say what a request is for is served the same", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = [];
  page.on("request", async (request) => requests.push(await request.allHeaders()));
  const { version } = said(await page.goto(at("plain.example")));
  assert.deepEqual(await settled(page), whole(version));
  assert.ok(requests.every((headers) => headers["sec-fetch-dest"] === undefined));
  for (let n = 0; n < 5; n++) assert.equal((await view(context, "plain.example", "/about")).version, version);
  await context.close();
});

test("where only newcomers are drawn, who is here already stays, and who comes gets the canary", async () => {
  const resident = await browser.newContext();
  assert.deepEqual(await view(resident, "newcomers"), { version: "old", why: "stable", cookies: ["halftone"], stored: "" });
  await livePlan(worker, at("newcomers"), "newcomers")(config(true));

  for (let n = 0; n < 3; n++) {
    const { version, why } = await view(resident, "newcomers");
    assert.deepEqual({ version, why }, { version: "old", why: "resident" });
  }
  const newcomer = await browser.newContext();
  for (let n = 0; n < 3; n++) {
    const { version, why } = await view(newcomer, "newcomers");
    assert.deepEqual({ version, why }, { version: "new", why: "canary" });
  }
  await resident.close();
  await newcomer.close();
});

test("without consent nothing is stored and stable is served; consent begins and ends with its own cookie", async () => {
  const context = await browser.newContext();
  const nothing = { version: "old", why: "consent", cookies: [], stored: "" };
  for (let n = 0; n < 2; n++) assert.deepEqual(await view(context, "asking"), nothing);
  assert.deepEqual((await context.storageState()).origins, []);

  await context.addCookies([{ name: "consent", value: "yes.2026", url: at("asking") }]);
  const consenting = { version: "new", why: "canary", cookies: ["consent", "halftone"], stored: "consent=yes.2026" };
  for (let n = 0; n < 2; n++) assert.deepEqual(await view(context, "asking"), consenting);

  await context.addCookies([{ name: "consent", value: "no", url: at("asking") }]);
  const withdrawn = { version: "old", why: "consent", cookies: ["consent"], stored: "consent=no" };
  for (let n = 0; n < 2; n++) assert.deepEqual(await view(context, "asking"), withdrawn);
  await context.close();
});

test("a browser with a global privacy control is asked for nothing, whatever the consent cookie says", async () => {
  const context = await browser.newContext({ extraHTTPHeaders: { "Sec-GPC": "1" } });
  await context.addCookies([{ name: "consent", value: "yes", url: at("asking") }]);
  for (let n = 0; n < 2; n++) {
    assert.deepEqual(await view(context, "asking"), {
      version: "old",
      why: "consent",
      cookies: ["consent"],
      stored: "consent=yes",
    });
  }
  await context.close();
});

test("without consent a cookieless visitor keeps one version over loads, pages are whole, and nothing is stored", async () => {
  const met = new Set();
  // The slot is made of day, network and user agent; so other browsers are what can meet the other version.
  for (let n = 0; n < 6 || (met.size < 2 && n < 60); n++) {
    const context = await browser.newContext({ userAgent: USER_AGENT.replace("Chrome/150", `Chrome/${100 + n}`) });
    const first = await view(context, "cookieless");
    assert.deepEqual(first.cookies, []);
    for (const path of ["/about", "/", "/framed"]) assert.deepEqual(await view(context, "cookieless", path), first);
    met.add(first.version);
    await context.close();
  }
  assert.deepEqual([...met].sort(), ["new", "old"]);
});

test("a frame of the site is of its page's version", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(at("whole", "/framed"));
  const frame = page.frames()[1];
  assert.deepEqual(await settled(frame), whole("new"));
  await context.close();
});

test("in a frame on somebody else's site the visitor is not known: the page is stable's, whole, and no cookie is set", async () => {
  const context = await browser.newContext();
  assert.equal((await view(context, "whole")).version, "new");
  const page = await context.newPage();
  // Another name of this machine is another site to the browser.
  await page.goto(worker.url.href);
  const seen = record(page);
  const known = await context.cookies();
  await page.evaluate((url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
    return new Promise((resolve) => frame.addEventListener("load", resolve));
  }, at("whole"));
  assert.deepEqual(await settled(page.frames()[1]), whole("old"));
  const answers = seen.map(({ status, version, why }) => `${status} ${version} ${why}`);
  assert.deepEqual(answers, ["200 old stable", "200 old stable", "200 old stable"], "page, style and script");
  assert.deepEqual(await context.cookies(), known);
  await context.close();
});

test("a request without credentials gets stable's file, and what stable does not have from the version that has it", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(at("whole"));
  const seen = record(page);
  const words = await page.evaluate(async () => {
    const get = async (path) => (await fetch(path, { credentials: "omit" })).text();
    return [await get("/assets/main.js"), await get("/assets/lazy.js")];
  });
  assert.match(words[0], /dataset\.script="old"/);
  assert.match(words[1], /lazy part of old/);
  assert.deepEqual(
    seen.map((response) => [response.status, response.version, response.why]),
    [
      [200, "old", "stable"],
      [200, "old", "stable"],
    ],
  );
  await context.close();
});

test("a page fetched ahead of its navigation is the page that the navigation shows", async () => {
  const rules = JSON.stringify({ prefetch: [{ source: "list", urls: ["/about"], eagerness: "immediate" }] });
  for (const [markup, delivery] of [
    ['<link rel="prefetch" href="/about">', "cache"],
    [`<script type="speculationrules">${rules}</script>`, "navigational-prefetch"],
  ]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const { version } = said(await page.goto(at("everyone")));
    await settled(page);
    const ahead = page.waitForEvent("requestfinished", (request) => request.url() === at("everyone", "/about"));
    await page.evaluate((html) => document.head.append(document.createRange().createContextualFragment(html)), markup);
    const fetched = await ahead;
    assert.match((await fetched.allHeaders())["sec-purpose"], /^prefetch/);
    assert.equal(said(await fetched.response()).version, version);

    await page.click("a");
    await page.waitForURL("**/about");
    assert.deepEqual(await settled(page), whole(version));
    assert.equal(
      await page.evaluate(() => performance.getEntriesByType("navigation")[0].deliveryType),
      delivery,
      "it was not fetched again",
    );
    await context.close();
  }
});
