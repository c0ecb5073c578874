// Writes src/visitor/bots.txt from the pinned package crawler-user-agents: `node scripts/bots.mjs [FILE]`.
//
// One lower-case literal a line; `^` in front means "begins with". The package's patterns are simple expressions: anchors,
// escapes, two-letter classes for case (matching ignores case here), a few alternatives. What a literal can not say is cut
// down to its longest literal part, which EXCEPTIONS names. Literals that another one covers are left out.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const crawlers = createRequire(import.meta.url)("crawler-user-agents");

/** Patterns that are more than a literal, and the literals that stand for them. */
const EXCEPTIONS = {
  "AdsBot-Google([^-]|$)": ["adsbot-google"],
  "(sistrix|SISTRIX) [cC]rawler": ["sistrix crawler"],
  "Ahrefs(Bot|SiteAudit)": ["ahrefsbot", "ahrefssiteaudit"],
  "(^| )sentry\\/": ["^sentry/", " sentry/"],
  "(^| )PTST\\/": ["^ptst/", " ptst/"],
  "BlogTraffic\\/\\d\\.\\d+ Feed-Fetcher": ["blogtraffic/"],
  "Automaton|Newsify Feed Fetcher": ["automaton", "newsify feed fetcher"],
  "Chirp|gotosocial": ["chirp", "gotosocial"],
  "Netumo|netumo": ["netumo"],
  "ContextualBot[\\s\\S]*outcomes\\.net": ["contextualbot"],
  "Current[\\s\\S]*RSS Reader": ["rss reader"],
  "Spider[\\s\\S]*spider\\.com": ["spider.com"],
  GoogleAssociationService$: ["googleassociationservice"],
  "SSL Labs$": ["ssl labs"],
};

/** Words that crawlers give themselves and browsers do not: they cover half the list, and crawlers nobody has listed yet. */
const GENERIC = ["bot/", "crawler", "spider"];

function literals(pattern) {
  if (EXCEPTIONS[pattern]) return EXCEPTIONS[pattern];
  const text = pattern
    .replace(/\[(\w)(\w)\]/g, (whole, a, b) => (a.toLowerCase() === b.toLowerCase() ? a : whole))
    .replace(/\\(\W)/g, "\ue000$1");
  const bare = text.replace(/\ue000./g, "").replace(/^\^/, "");
  if (/[[\](){}|+*?^$\\]/.test(bare.replace(/\./g, "")))
    throw new Error(`not a literal, and not among the exceptions: ${pattern}`);
  return [text.replaceAll("\ue000", "").toLowerCase()];
}

const all = [...new Set([...GENERIC, ...crawlers.flatMap((crawler) => literals(crawler.pattern))])];
const covers = (short, long) =>
  short !== long && (short.startsWith("^") ? long.startsWith(short) : long.replace(/^\^/, "").includes(short));
const minimal = all.filter((literal) => !all.some((other) => covers(other, literal))).sort();
const short = minimal.filter((literal) => literal.replace("^", "").length < 3);
if (short.length > 0) throw new Error(`too short to be looked for: ${short}`);
writeFileSync(process.argv[2] ?? new URL("../src/visitor/bots.txt", import.meta.url), `${minimal.join("\n")}\n`);
console.log(`${crawlers.length} patterns, ${minimal.length} literals`);
