// What a site asks to hear: pages that bring the script themselves, a part of the visitors, and nothing while no rollout runs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { Visitor } from "./population.mjs";

const VISITORS = 24;

const site = (name, more) => ({
  [name]: {
    hosts: [`${name}.example`],
    versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
    stable: "v1",
    rollout: { canary: "v2", steps: ["50%"], decide: "never" },
    ...more,
  },
});
const config = {
  admin: { host: "admin.example" },
  sites: {
    ...site("own", { feedback: { inject: false } }),
    ...site("part", { feedback: { sample: "50%" } }),
    ...site("whole", { default: true }),
    ...site("still", { rollout: undefined }),
    ...site("deaf", { feedback: { enabled: false } }),
  },
};

let worker;
before(async () => {
  worker = new Plain("feedback-asked", build("feedback-asked", config));
  await worker.start();
});
after(() => worker?.kill());

/** Somebody who opens a page of a site; `html` is what they got. */
async function guest(name) {
  const visitor = new Visitor(worker);
  const response = await visitor.open(`http://${name}.example/`);
  visitor.html = await response.text();
  visitor.id = /halftone=1:([^:]+)/.exec(visitor.cookie)?.[1];
  return visitor;
}

/** The sites that objects have been made for, and the visitors in their rows. */
function kept() {
  const objects = worker.each("Intake", (database) => ({
    site: database.prepare("SELECT value FROM facts WHERE name = 'about'").get().value.split(" ")[0],
    visitors: database
      .prepare("SELECT visitor FROM pages")
      .all()
      .map((row) => row.visitor),
  }));
  return Object.groupBy(objects, (object) => object.site);
}

test("a page that brings the script itself is sent as it is, with a token, and is heard like any other", async () => {
  const visitor = await guest("own");
  const { html } = await guest("still");
  assert.ok((await guest("whole")).html.includes("/_halftone/page.js"));
  assert.equal(visitor.html, html, "the origin's own page");
  await visitor.say({ e: "alive", at: 90 }, { e: "goal", name: "signup" });
  const rows = worker.rows("Intake", `SELECT bits & 1 AS alive, goals FROM pages WHERE visitor = '${visitor.id}'`);
  assert.deepEqual(
    rows.map(({ alive, goals }) => [alive, goals]),
    [[1, "signup"]],
  );
});

test("where a part of the visitors is asked, the same ones are on every page, and of the others nothing is kept", async () => {
  const asked = [];
  for (let n = 0; n < VISITORS; n++) {
    const visitor = await guest("part");
    const [first, token] = [visitor.token !== undefined, visitor.token];
    assert.equal(visitor.html.includes("/_halftone/page.js"), first);
    await visitor.open(`http://part.example/${n}`);
    assert.equal(visitor.token !== undefined, first, "one visitor, one answer");
    if (!first) continue;
    asked.push(visitor.id);
    visitor.token = token;
    await visitor.say({ e: "alive", at: 1 });
  }
  // Of 24 visitors all or none are in a half once in eight million times.
  assert.ok(asked.length > 0 && asked.length < VISITORS, `${asked.length} of ${VISITORS}`);
  const visitors = new Set(kept().part.flatMap((object) => object.visitors));
  assert.deepEqual([...visitors].sort(), asked.sort());
});

test("with no rollout, and with feedback switched off, pages have no token and no object is made", async () => {
  for (const name of ["still", "deaf"]) {
    const visitor = await guest(name);
    await visitor.open(`http://${name}.example/again`);
    assert.deepEqual([visitor.token, visitor.html.includes("page.js")], [undefined, false], name);
  }
  // Somebody of a site where it is otherwise: what the others left would be there by now.
  await (await guest("whole")).say({ e: "alive", at: 1 });
  assert.deepEqual(Object.keys(kept()).sort(), ["own", "part", "whole"]);
});
