// What Halftone said of this page, put where the page has room for it.
//
// The edge says `Server-Timing: halftone;desc="v2 canary r12"` with each document: version, why, revision. A page that
// was opened without Halftone in front hears nothing and says that.

/** Why, in a sentence, by the word that Halftone uses. */
export const REASONS = {
  preview:
    "You followed a signed preview link. It shows you this version, whatever the shares are, until it expires or you leave the preview.",
  rule: "A rule in halftone.json holds for this request, and rules come before the draw.",
  canary:
    "Your place lies within the canary’s share, so you are among those who try the new version. You keep it while the share grows.",
  stable:
    "Neither a rule nor the draw gave you the canary, so you have the version that is trusted now. When the canary’s share grows, your turn may come.",
  bot: "Your browser says that it is a known bot, and bots get the stable version.",
  consent:
    "You have not agreed to a cookie, or your browser asks sites not to track you. So nothing is kept of you, and you get the stable version.",
  new: "Only visitors who are new take part in this rollout.",
  resident:
    "Only visitors who are new take part in this rollout. You were here before it began, so you keep the version you had.",
  fallback: "The version you were drawn for did not answer in time, so you got the stable one instead.",
  off: "Nothing is split at the moment: Halftone is switched off or has no keys, and everybody gets the stable version.",
};

/** The demo's rules: the query that they look at, its value, their name, and what they do. */
export const RULES = [
  ["show", "v1", "show-v1", "the address asks for version 1."],
  ["show", "v2", "show-v2", "the address asks for version 2."],
  ["country", "NZ", "new-zealand-first", "visitors from there get the canary before anybody else."],
  ["country", "DE", "germany-waits", "visitors from there keep the stable version."],
];

/** `{version, why, revision}` as the edge said them, or null. */
function heard() {
  const [navigation] = performance.getEntriesByType("navigation");
  const said = navigation?.serverTiming?.find((entry) => entry.name === "halftone");
  const match = /^(\S+) (\S+) r(\d+)$/.exec(said?.description ?? "");
  return match && { version: match[1], why: match[2], revision: match[3] };
}

/** `own` is what the page calls itself; a config may know the build by another name. */
function reason({ version, why }, own) {
  const known = version === own ? "" : `Halftone knows this build as “${version}”. `;
  const asked = new URLSearchParams(location.search);
  const rule = RULES.find(([name, value]) => asked.get(name) === value);
  const more = why === "rule" && rule ? ` The rule is “${rule[2]}”: ${rule[3]}` : "";
  return known + (REASONS[why] ?? `Why you got it: “${why}”.`) + more;
}

function fill(name, text) {
  for (const element of document.querySelectorAll(`[data-halftone="${name}"]`)) element.textContent = text;
}

/** Fills the page in. */
export function tell() {
  const own = document.documentElement.dataset.version;
  const said = heard();
  document.documentElement.dataset.why = said?.why ?? "unknown";
  fill("why", said?.why ?? "not said");
  fill("revision", said?.revision ?? "not said");
  fill(
    "reason",
    said
      ? reason(said, own)
      : "Halftone said nothing about this page. It was opened without Halftone in front, or the response headers are switched off.",
  );
  keepAsking(said);
}

/** While a rule of the address holds, the site's own links keep that part of the address, so that the version stays. */
function keepAsking(said) {
  if (said?.why !== "rule") return;
  for (const link of document.querySelectorAll("a[data-keep]")) link.search = location.search;
}
