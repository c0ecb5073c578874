// Writes src/config/territory.txt from the pinned packages cldr-core, cldr-localenames-full (the names of countries) and
// cldr-subdivisions-full (those of regions): `node scripts/territories.mjs [FILE]`.
//
// One line a country, between tabs: alpha-2, alpha-3, continent as CDNs name it, `e` for members of the European Union, `u`
// for a code that users of ISO 3166-1 assigned themselves (else `-`), English name, then each ISO 3166-2 subdivision: its
// code without the country, a space, its English name. Countries are the officially assigned codes of ISO 3166-1, and XK.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const groups = require("cldr-core/supplemental/territoryContainment.json").supplemental.territoryContainment;
const codes = require("cldr-core/supplemental/codeMappings.json").supplemental.codeMappings;
const parts = require("cldr-core/supplemental/subdivisionContainment.json").supplemental.subdivisionContainment;
const regionNames = require("cldr-subdivisions-full/subdivisions/en/en.json").subdivisions.localeDisplayNames.subdivisions;
const names = require("cldr-localenames-full/main/en/territories.json").main.en.localeDisplayNames.territories;

/** Codes that CLDR has and ISO 3166-1 does not assign: reserved for islands, unions and private use. */
const NOT_ASSIGNED = new Set(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]);

/** Not assigned by ISO 3166-1 either, and yet what CDNs send: Kosovo. */
const USER_ASSIGNED = new Set(["XK"]);

/** UN M49 groups of countries, and the continent they count to. North America takes Central America and the Caribbean. */
const CONTINENTS = {
  "002": "AF",
  142: "AS",
  150: "EU",
  "003": "NA",
  "013": "NA",
  "021": "NA",
  "029": "NA",
  "005": "SA",
  "009": "OC",
};

// Where the addresses' databases that CDNs use (MaxMind's, with GeoNames' continents) differ from the United Nations.
const continents = new Map([
  ["AQ", "AN"],
  ["BV", "AN"],
  ["GS", "AN"],
  ["HM", "AN"],
  ["TF", "AN"],
  ["CC", "AS"],
  ["CY", "EU"],
  ["IO", "AS"],
  ["TL", "OC"],
]);
const walk = (group, continent) => {
  for (const code of groups[group]?._contains ?? []) {
    if (/^[A-Z]{2}$/.test(code)) {
      if (!continents.has(code)) continents.set(code, continent);
    } else walk(code, CONTINENTS[code] ?? continent);
  }
};
for (const [group, continent] of Object.entries(CONTINENTS)) walk(group, continent);

// Level two of some countries hangs below level one (GB: nations, then councils); both are ISO 3166-2 codes.
const subdivisions = (group) =>
  (parts[group]?._contains ?? []).flatMap((code) => [code, ...subdivisions(code), ...subdivisions(code.toUpperCase())]);
const members = new Set(groups.EU._contains);
const lines = Object.keys(codes)
  .filter(
    (code) =>
      /^[A-Z]{2}$/.test(code) && codes[code]._alpha3 && codes[code]._numeric && !NOT_ASSIGNED.has(code) && continents.has(code),
  )
  .sort()
  .map((code) => {
    const regions = [...new Set(subdivisions(code))].sort().map((part) => {
      const name = regionNames[part.toLowerCase()];
      return name ? `${part.slice(2).toUpperCase()} ${name}` : part.slice(2).toUpperCase();
    });
    const kind = members.has(code) ? "e" : USER_ASSIGNED.has(code) ? "u" : "-";
    return [code, codes[code]._alpha3, continents.get(code), kind, names[code], ...regions].join("\t");
  });
writeFileSync(process.argv[2] ?? new URL("../src/config/territory.txt", import.meta.url), `${lines.join("\n")}\n`);
console.log(`${lines.length} countries`);
