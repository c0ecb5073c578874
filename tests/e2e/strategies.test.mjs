// Who gets the canary, and who keeps what while plans are replaced: the three strategies on a running Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cookiesOf, said, startWorker, writeBuild } from "./worker.mjs";

const build = (version) =>
  writeBuild(`strategies-${version}`, { "index.html": `<p>${version}</p>`, "style.css": `/* ${version} */` });
const folders = { v1: build("v1"), v2: build("v2") };
const versions = { v1: "assets:v1", v2: "assets:v2" };

/** The parts of the visitor cookie that a response set: id, served version, and what is kept of the rollout. */
function cookieParts(response) {
  const [, id, , , served, , kept] = /halftone=([^;]*)/.exec(response.headers.getSetCookie().join())?.[1].split(":") ?? [];
  return { id, served, kept };
}

/** A person with a browser: keeps cookies, and remembers what the last page was. */
class Person {
  constructor(worker, host = "shop.example", cf = undefined) {
    Object.assign(this, { worker, host, cf, cookie: "" });
  }
  async visit(path = "/", headers = {}) {
    const init = { headers: { ...headers, cookie: this.cookie }, cf: this.cf };
    const response = await this.worker.navigate(`http://${this.host}${path}`, init);
    assert.equal(response.status, 200);
    this.cookie = cookiesOf(response, this.cookie);
    Object.assign(this, {
      response,
      version: said(response).version,
      why: said(response).why,
      revision: said(response).revision,
    });
    assert.ok((await response.text()).startsWith(`<p>${this.version}</p>`));
    return this.version;
  }
}

const crowd = (count, ...person) => Array.from({ length: count }, () => new Person(...person));

/** Everybody's next page, a few at a time. */
async function visits(people) {
  for (let at = 0; at < people.length; at += 20) await Promise.all(people.slice(at, at + 20).map((person) => person.visit()));
  return people.map((person) => person.version);
}

/** Publishes a config, and comes back when it is in force. */
async function publish(worker, config) {
  const { shop } = await worker.publish(config);
  const probe = new Person(worker);
  while ((await probe.visit()) && Number(probe.revision) !== shop) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe("random", () => {
  let worker;
  const steps = [1, 5, 25, 50, 100].map((percent) => `${percent}%`);
  const rollout = (step) => ({ canary: "v2", steps, step });
  const config = (step, newcomers) => ({
    sites: {
      shop: { versions, stable: "v1", rollout: rollout(step) },
      club: {
        hosts: ["club.example"],
        versions,
        stable: "v1",
        ...(newcomers ? { rollout: { ...newcomers, canary: "v2", visitors: "new" } } : {}),
      },
    },
  });
  before(async () => {
    worker = await startWorker({ name: "random", folders, config: config(1) });
  });
  after(() => worker?.close());

  test("a ramp moves nobody back, a rollback everybody at the next page, and only new visitors are drawn where that is asked", async () => {
    const people = crowd(400, worker);
    const members = crowd(20, worker, "club.example");
    await visits(members);
    assert.deepEqual(new Set(members.map((member) => member.why)), new Set(["stable"]));
    let newcomers = [];
    let canary = new Set();
    for (const [at, share] of [0.01, 0.05, 0.25, 0.5, 1].entries()) {
      if (at > 0) await publish(worker, config(at + 1, { steps: ["100%"], step: at === 4 ? 0 : 1 }));
      await visits(people);
      const now = new Set(people.filter((person) => person.version === "v2"));
      assert.ok(
        [...canary].every((person) => now.has(person)),
        `step ${at + 1} moved somebody back`,
      );
      const spread = 5 * Math.sqrt(400 * share * (1 - share));
      assert.ok(Math.abs(now.size - 400 * share) <= spread, `${now.size} of 400 at ${share}`);
      canary = now;

      await visits(members);
      if (at === 0) continue;
      assert.deepEqual(
        new Set(members.map((member) => `${member.version} ${member.why}`)),
        new Set([at === 4 ? "v1 stable" : "v1 resident"]),
      );
      if (at === 1) newcomers = crowd(20, worker, "club.example");
      await visits(newcomers);
      assert.deepEqual(
        new Set(newcomers.map((member) => `${member.version} ${member.why}`)),
        new Set([at === 4 ? "v1 stable" : "v2 canary"]),
      );
    }
    assert.equal(canary.size, 400);

    await publish(worker, config(0));
    const open = people[0];
    const style = () =>
      worker.fetch("http://shop.example/style.css", { headers: { cookie: open.cookie, "sec-fetch-dest": "style" } });
    assert.equal(await (await style()).text(), "/* v2 */", "a page that is open keeps its version");
    assert.deepEqual(new Set(await visits(people)), new Set(["v1"]));
    assert.equal(await (await style()).text(), "/* v1 */");
  });

  test("the same visitor has the same version by every method and on every page, and no cookie again", async () => {
    const person = new Person(worker);
    await person.visit();
    for (const method of ["GET", "HEAD"]) {
      const response = await worker.navigate("http://shop.example/?page=2", { method, headers: { cookie: person.cookie } });
      assert.equal(said(response).version, person.version);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  });
});

describe("geographic", () => {
  let worker;
  const waves = [
    { areas: { NZ: "100%" } },
    { areas: { NZ: "100%", "US-CA": "100%", "continent:OC": "0%", "colo:AKL": "100%", EU: "100%", unknown: "100%" } },
  ];
  const site = (step, hosts) => ({
    hosts,
    versions,
    stable: "v1",
    rollout: { canary: "v2", strategy: "geographic", steps: waves, step },
  });
  before(async () => {
    worker = await startWorker({
      name: "geographic",
      folders,
      config: { sites: { first: site(1, ["first.example"]), shop: site(2, undefined) } },
    });
  });
  after(() => worker?.close());

  const places = [
    [{ country: "NZ" }, "v2", "v2"],
    [{ country: "AU" }, "v1", "v1"],
    [{ country: "US", regionCode: "CA" }, "v1", "v2"],
    [{ country: "US", regionCode: "NY" }, "v1", "v1"],
    [{ country: "CA", regionCode: "CA" }, "v1", "v1"],
    [{ country: "FR" }, "v1", "v2"],
    [{ country: "GB" }, "v1", "v1"],
    [{ country: "JP", colo: "AKL" }, "v1", "v2"],
    [{ country: "T1" }, "v1", "v2"],
    [{ country: "XX" }, "v1", "v2"],
    [{ country: "" }, "v1", "v2"],
  ];
  for (const [cf, first, second] of places) {
    test(`a visitor in ${JSON.stringify(cf)} has ${first} in the first wave and ${second} in the second`, async () => {
      const got = await Promise.all([
        new Person(worker, "first.example", cf).visit(),
        new Person(worker, "shop.example", cf).visit(),
      ]);
      assert.deepEqual(got, [first, second]);
    });
  }

  test("a visitor who travels keeps the version of the place where they were first seen", async () => {
    for (const [home, abroad, version] of [
      ["NZ", "JP", "v2"],
      ["JP", "NZ", "v1"],
      ["T1", "JP", "v2"],
    ]) {
      const person = new Person(worker, "shop.example", { country: home });
      assert.equal(await person.visit(), version);
      person.cf = { country: abroad };
      assert.equal(await person.visit(), version);
      person.cf = undefined;
      assert.equal(await person.visit(), version);
      assert.deepEqual(person.response.headers.getSetCookie(), []);
    }
  });

  test("no header says where a visitor is, unless the config believes it", async () => {
    const person = new Person(worker, "shop.example", { country: "JP" });
    assert.equal(await person.visit("/", { "cf-ipcountry": "NZ", "x-country": "NZ" }), "v1");
  });
});

test("headers that the config believes say where a visitor is", async () => {
  const rollout = { canary: "v2", strategy: "geographic", steps: [{ areas: { NZ: "100%" } }] };
  const config = { geo_headers: { country: "X-Country" }, sites: { shop: { versions, stable: "v1", rollout } } };
  const worker = await startWorker({ name: "geo-headers", folders, config });
  try {
    const at = (country, header) =>
      new Person(worker, "shop.example", { country }).visit("/", header ? { "x-country": header } : {});
    assert.deepEqual([await at("JP", "NZ"), await at("NZ", "JP"), await at("NZ")], ["v2", "v1", "v2"]);
  } finally {
    await worker.close();
  }
});

describe("sequential", () => {
  let worker;
  const site = (first, rest = {}) => ({
    versions,
    stable: "v1",
    rollout: { canary: "v2", strategy: "sequential", steps: [{ first, ...rest }] },
  });
  before(async () => {
    worker = await startWorker({
      name: "sequential",
      folders,
      config: { sites: { shop: site(20), half: { hosts: ["half.example"], ...site(60, { of: "50%" }) } } },
    });
  });
  after(() => worker?.close());

  /** New visitors in bursts of twenty, so many or until enough are enrolled; gives those who are. */
  async function arrive(host, bursts, enough = Number.POSITIVE_INFINITY) {
    const enrolled = [];
    for (let burst = 0; burst < bursts && enrolled.length < enough; burst++) {
      const people = crowd(20, worker, host);
      await Promise.all(people.map((person) => person.visit()));
      enrolled.push(...people.filter((person) => cookieParts(person.response).kept));
    }
    return enrolled;
  }
  const ticket = (person) => cookieParts(person.response).kept.split("|")[2];
  const number = (person) => Number.parseInt(ticket(person).slice(1).split("/")[0], 36);

  let first;
  let enrolled;
  test("the first twenty are enrolled and nobody after them, whatever arrives at once", async () => {
    first = await arrive("shop.example", 100, 1);
    enrolled = [...first];
    // Four further isolates lease from the same office while two hundred visitors arrive here.
    const { TICKETS } = await worker.env();
    const [id] = await worker.objects("Tickets");
    const office = TICKETS.get(TICKETS.idFromString(id));
    const lease = () =>
      office.fetch("https://office.local/", { method: "POST", body: "lease 20" }).then((answer) => answer.text());
    const [others, here] = await Promise.all([Promise.all([lease(), lease(), lease(), lease()]), arrive("shop.example", 10)]);
    enrolled.push(...here);
    const leased = others.flatMap((text) => text.split("\n").filter(Boolean).map(Number));
    const numbers = [...enrolled.map(number), ...leased].sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      Array.from({ length: 20 }, (_, n) => n),
      "each number is handed out once",
    );
    assert.deepEqual(new Set(enrolled.map((person) => `${person.version} ${person.why}`)), new Set(["v2 canary"]));
    assert.deepEqual(await arrive("shop.example", 2), []);
  });

  test("numbers are in order of arrival, and a ticket is confirmed when its cookie comes back", async () => {
    // Who arrives in the same moment is in no order; the first burst was before all others.
    assert.ok(Math.max(...first.map(number)) < Math.min(...enrolled.slice(first.length).map(number)));
    const person = first.find((one) => number(one) === 0);
    assert.match(ticket(person), /^p0\//);
    await person.visit();
    assert.deepEqual([person.version, ticket(person)], ["v2", "c0"], "the cookie is set again");
    const [id] = await worker.objects("Tickets");
    const storage = await worker.storage("Tickets", id);
    assert.deepEqual(await storage.exec("SELECT number FROM tickets WHERE confirmed = 1"), [{ number: 0 }]);
    await person.visit();
    assert.deepEqual([person.version, person.response.headers.getSetCookie()], ["v2", []]);
  });

  test("who came too late is not enrolled later either", async () => {
    const person = new Person(worker);
    for (let n = 0; n < 3; n++) assert.deepEqual([await person.visit(), person.why], ["v1", "stable"]);
  });

  test("of the enrolled, the given share has the canary, and keeps it", async () => {
    const all = await arrive("half.example", 100, 60);
    assert.equal(all.length, 60);
    const canary = all.filter((person) => person.version === "v2");
    // Five times sqrt(60) / 2 around the half.
    assert.ok(canary.length >= 11 && canary.length <= 49, `${canary.length} of 60`);
    const before = all.map((person) => person.version);
    assert.deepEqual(await visits(all), before);
  });
});
