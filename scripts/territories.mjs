// Writes src/config/territory.txt from the pinned package cldr-core: `node scripts/territories.mjs [FILE]`.
//
// One line a country: alpha-2, alpha-3, continent as CDNs name it, `e` for members of the European Union (else `-`), English
// name, ISO 3166-2 subdivision codes without the country. Countries are the officially assigned codes of ISO 3166-1, and XK.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const groups = require("cldr-core/supplemental/territoryContainment.json").supplemental.territoryContainment;
const codes = require("cldr-core/supplemental/codeMappings.json").supplemental.codeMappings;
const parts = require("cldr-core/supplemental/subdivisionContainment.json").supplemental.subdivisionContainment;
const names = new Intl.DisplayNames("en", { type: "region" });

/** Codes that CLDR has and ISO 3166-1 does not assign: reserved for islands, unions and private use. */
const NOT_ASSIGNED = new Set(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]);

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

const continents = new Map([
  ["AQ", "AN"],
  ["BV", "AN"],
  ["GS", "AN"],
  ["HM", "AN"],
  ["TF", "AN"],
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
    const regions = [...new Set(subdivisions(code))].map((part) => part.slice(2).toUpperCase()).sort();
    return [
      code,
      codes[code]._alpha3,
      continents.get(code),
      members.has(code) ? "e" : "-",
      names.of(code),
      regions.join(" "),
    ].join("\t");
  });
writeFileSync(process.argv[2] ?? new URL("../src/config/territory.txt", import.meta.url), `${lines.join("\n")}\n`);
console.log(`${lines.length} countries`);
