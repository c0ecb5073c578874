// Which site a host belongs to where the Wasm can not be asked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { siteOf } from "../../src/edge/site.mjs";

const site = (name, ...hosts) => ({ name, hosts });

test("the narrowest name of a host has it in whatever order the sites stand", () => {
  const sites = [site("wide", "*.x.example"), site("narrow", "*.b.x.example"), site("exact", "a.b.x.example"), site("rest")];
  for (let turn = 0; turn < sites.length; turn += 1) {
    sites.push(sites.shift());
    const table = { sites, default: sites.findIndex((one) => one.name === "rest") };
    const of = (host) => siteOf(table, host).name;
    assert.equal(of("a.b.x.example"), "exact");
    assert.equal(of("c.b.x.example"), "narrow");
    assert.equal(of("b.x.example"), "wide");
    assert.equal(of("x.example"), "rest");
    assert.equal(of("elsewhere.example"), "rest");
  }
  const short = { sites: [site("wide", "*.x"), site("exact", "a.x")], default: 0 };
  assert.deepEqual(
    ["a.x", "b.x"].map((host) => siteOf(short, host).name),
    ["exact", "wide"],
  );
});
