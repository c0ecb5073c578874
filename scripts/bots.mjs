// Writes src/visitor/bots.txt from the pinned package crawler-user-agents: `node scripts/bots.mjs [FILE]`.
//
// One lower-case literal a line; `^` in front means "begins with". The package's patterns are simple expressions: anchors,
// escapes, two-letter classes for case (matching ignores case here), a few alternatives. A pattern that is more than a
// literal, or that real browsers match too, is listed below with what stands for it and why; each is printed. Literals
// that another one covers are left out.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const crawlers = createRequire(import.meta.url)("crawler-user-agents");

/** Patterns that are more than a literal, and the literals that stand for them. */
const EXPRESSIONS = {
  "AdsBot-Google([^-]|$)": [["adsbot-google"], "those that go on with a hyphen are crawlers too"],
  "(sistrix|SISTRIX) [cC]rawler": [["sistrix crawler"], "the same but for case"],
  "Ahrefs(Bot|SiteAudit)": [["ahrefsbot", "ahrefssiteaudit"], "both alternatives"],
  "(^| )sentry\\/": [["^sentry/", " sentry/"], "both alternatives"],
  "(^| )PTST\\/": [["^ptst/", " ptst/"], "both alternatives"],
  "BlogTraffic\\/\\d\\.\\d+ Feed-Fetcher": [["blogtraffic/"], "without its number"],
  "Automaton|Newsify Feed Fetcher": [["automaton", "newsify feed fetcher"], "both alternatives"],
  "Chirp|gotosocial": [["chirp", "gotosocial"], "both alternatives"],
  "Netumo|netumo": [["netumo"], "the same but for case"],
  "ContextualBot[\\s\\S]*outcomes\\.net": [["contextualbot"], "its first part is telling enough"],
  "Current[\\s\\S]*RSS Reader": [["currentreader.app"], "neither part is telling alone; the address it gives is"],
  "Spider[\\s\\S]*spider\\.com": [["spider.com"], "its last part is telling enough"],
  "Y!J": [["y!j-", "y!j "], "all that follow it; three letters are too few for the table"],
  "BW\\/": [["; bw/1"], "in a comment and with its number; three letters are too few for the table"],
  "^BW\\/": [["^bw/1"], "with its number; three letters are too few for the table"],
  GoogleAssociationService$: [["googleassociationservice"], "wherever it stands"],
  "SSL Labs$": [["ssl labs"], "wherever it stands"],
};

/** Patterns that browsers of people match too. What is left out altogether stands in tests/e2e/data-current.test.mjs again. */
const PEOPLE_TOO = {
  "AP3A\\.240617\\.008": [[], "a build number of Android 15 that OPPO, OnePlus and realme phones carry"],
  "MetaIAB Facebook": [[], "the browser inside Facebook's app"],
  "Code\\/1\\.": [[], "the browser inside an editor, Visual Studio Code"],
  "Trae\\/": [[], "the browser inside an editor, Trae"],
  Fluid: [[], "a macOS program that shows one site to its user"],
  Sonic: [["ranksonic", "; sonic/"], "Panasonic makes phones"],
  Sogou: [["sogou web", "sogou news", "sogou pic"], "Sogou has a browser too"],
  Viber: [["^viber"], "inside the app the name stands last"],
  WhatsApp: [["^whatsapp"], "link previews begin with it"],
  Butterfly: [["; butterfly/"], "HTC made a phone called Butterfly"],
  Fever: [["^fever/"], "Archos made a phone called Fever"],
  Expanse: [["expanse, a palo alto"], "there is a phone called Expanse"],
  speedy: [["speedy spider"], "other programs have the word in their name"],
  "008\\/": [["^008/"], "models of phones end so"],
  ds9: [["^ds9 "], "models of phones contain it"],
  "NING\\/": [["^ning/"], "Lightning/ is a part of Mozilla's mail program"],
  "RED\\/": [["^red/"], "names of programs end so"],
  "Fetch\\/": [["^fetch/"], "Firefox for Android fetches as MozacFetch/"],
};

/** What crawlers call themselves and no phone is called: covers many of the list, and crawlers nobody has listed yet. */
const GENERIC = ["bot/", "crawler", "spider/"];

const SPECIAL = new Map(Object.entries({ ...EXPRESSIONS, ...PEOPLE_TOO }));
const patterns = new Set(crawlers.map((crawler) => crawler.pattern));
for (const pattern of SPECIAL.keys()) {
  if (!patterns.has(pattern))
    throw new Error(`the package no longer has the pattern ${pattern}: take it out of scripts/bots.mjs`);
}

function literals(pattern) {
  if (SPECIAL.has(pattern)) return SPECIAL.get(pattern)[0];
  const text = pattern
    .replace(/\[(\w)(\w)\]/g, (whole, a, b) => (a.toLowerCase() === b.toLowerCase() ? a : whole))
    .replace(/\\(\W)/g, "\ue000$1");
  const bare = text.replace(/\ue000./g, "").replace(/^\^/, "");
  if (/[[\](){}|+*?^$\\.]/.test(bare)) throw new Error(`not a literal, and not among the expressions: ${pattern}`);
  return [text.replaceAll("\ue000", "").toLowerCase()];
}

const all = [...new Set([...GENERIC, ...[...patterns].flatMap(literals)])];
const covers = (short, long) =>
  short !== long && (short.startsWith("^") ? long.startsWith(short) : long.replace(/^\^/, "").includes(short));
const minimal = all.filter((literal) => !all.some((other) => covers(other, literal))).sort();
const short = minimal.filter((literal) => literal.replace("^", "").length < 4);
if (short.length > 0) throw new Error(`too short to be looked for: ${short}`);
writeFileSync(process.argv[2] ?? new URL("../src/visitor/bots.txt", import.meta.url), `${minimal.join("\n")}\n`);

for (const [pattern, [stand, why]] of SPECIAL) {
  const instead = stand.length > 0 ? stand.map((literal) => `\`${literal}\``).join(", ") : "nothing";
  console.log(`\`${pattern}\`: ${instead} stands for it; ${why}`);
}
console.log(`${patterns.size} patterns, ${minimal.length} literals`);
