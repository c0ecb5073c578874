// Keeps the latest of each web vital and tells them when they are worth most: twice while the page stands, at ages when a
// verdict reads them, and with what has changed whenever the page goes out of sight, which may be its end.

import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import { listen, quiet } from "./quiet.mjs";
import { tell, tellLast } from "./send.mjs";
import { isHidden, whenSeen } from "./shown.mjs";

/** Ages in ms. Paints are judged at 30 s, interaction and layout at 5 min; each told with time left to arrive. */
const SNAPSHOTS = [10_000, 270_000];

const known = {};

/** What has been said at the page's possible end already. */
const told = new Set();

const note = quiet(({ name, value, id, navigationType }) => {
  // A page that comes back out of the back/forward cache starts its vitals anew; it is no new page.
  if (navigationType !== "back-forward-cache") known[name] = { e: "vital", name, value: Math.round(value * 1e4) / 1e4, id };
});

const snapshot = quiet(() => Object.values(known).forEach(tell));

function last() {
  const fresh = Object.values(known).filter((vital) => !told.has(vital));
  for (const vital of fresh) told.add(vital);
  if (fresh.length) tellLast(fresh);
}

export function measure() {
  // What web-vitals needs of the language; without it, it would throw into the page.
  if (![].at) return;
  for (const on of [onLCP, onINP, onCLS, onFCP, onTTFB]) on(note, { reportAllChanges: true });
  whenSeen((start) => {
    for (const age of SNAPSHOTS) setTimeout(snapshot, start + age - performance.now());
  });
  // After those listeners of web-vitals that bring a value up to date at the end.
  listen(window, "visibilitychange", () => isHidden() && last(), { capture: false });
  listen(window, "pagehide", last, { capture: false });
}
