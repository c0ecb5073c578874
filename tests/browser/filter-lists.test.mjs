// What content blockers make of our addresses: EasyList and EasyPrivacy as Debian carries them, asked by the engine of a blocker.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FiltersEngine, Request } from "@ghostery/adblocker";

/** From Debian's package webext-ublock-origin-chromium. */
const FOLDER = "/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist";
const LISTS = ["easylist.txt", "easyprivacy.txt"];

const PAGE = "https://shop.example/";
const OURS = { "page.js": "script", in: "fetch", reports: "ping", health: "fetch" };
/** What the same would be called where nobody had looked: each is on one of the lists. */
const KNOWN = { "https://shop.example/beacon.js": "script", "https://www.google-analytics.com/analytics.js": "script" };

const has = LISTS.every((list) => existsSync(join(FOLDER, list)));
const isDebian = existsSync("/etc/debian_version");
const skip =
  has || isDebian ? false : "EasyList can not be had on this machine: it comes from a Debian package, and this is no Debian";

test("no address of ours is on EasyList or EasyPrivacy", { skip }, (t) => {
  assert.ok(has, `there are no lists in ${FOLDER}: run scripts/setup.sh test`);
  const texts = LISTS.map((list) => readFileSync(join(FOLDER, list), "utf8"));
  const engine = FiltersEngine.parse(texts.join("\n"), { enableCompression: false });
  const blocked = (url, type) => engine.match(Request.fromRawDetails({ url, type, sourceUrl: PAGE }));
  for (const [url, type] of Object.entries(KNOWN)) assert.equal(blocked(url, type).match, true, `${url} is on the lists`);
  for (const [name, type] of Object.entries(OURS)) {
    const { match, filter } = blocked(`${PAGE}_halftone/${name}`, type);
    assert.equal(match, false, `${name}: ${filter}`);
  }
  for (const [at, list] of LISTS.entries()) t.diagnostic(`${list}: ${texts[at].split("\n").length} lines`);
});
