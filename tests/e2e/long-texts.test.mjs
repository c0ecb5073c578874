// Text of any length reaches the WebAssembly whole, and is never written where that has made no room for it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { controllerOf } from "./brittle.mjs";
import { build, ORIGIN } from "./plain.mjs";
import { ROOT } from "./worker.mjs";

const config = {
  admin: { host: "admin.example" },
  sites: { shop: { hosts: ["shop.example"], versions: { v1: `${ORIGIN}/v1` }, stable: "v1" } },
};

let control;
before(async () => {
  build("long-texts", config);
  ({ control } = await controllerOf(join(ROOT, "tests/.work/long-texts")));
  await control.ready();
});

test("the end of a text decides, however far off it is, and what is asked next is not the worse for it", () => {
  const asked = (policy) => control.policy("https://shop.example", "/_halftone", policy)?.allowed ?? false;
  const [open, shut] = ["img-src 'self'", "script-src 'none'"];
  assert.deepEqual([asked(open), asked(shut)], [true, false]);
  for (const megabytes of [1, 12, 40]) {
    const long = `img-src ${"é".repeat(megabytes * 500_000)}; `;
    assert.deepEqual([asked(long + open), asked(long + shut)], [true, false], `${megabytes} MB`);
    assert.deepEqual([asked(open), asked(shut)], [true, false], `behind ${megabytes} MB`);
  }
});
