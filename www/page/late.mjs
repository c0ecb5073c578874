// Says that a paint is overdue. A page that never paints has no value to report, so silence would look like health; this is said
// only where the page was in sight all the time, since a browser does not paint what nobody sees.

import { activatedAt } from "./navigation.mjs";
import { quiet } from "./quiet.mjs";
import { tell } from "./send.mjs";
import { inSight } from "./shown.mjs";

/** What is awaited, until when in ms, and the entry that says that it has come. */
const AWAITED = [
  ["FCP", 1800, "paint", "first-contentful-paint"],
  ["LCP", 2500, "largest-contentful-paint", ""],
];

/** Whether the browser has written down such an entry, including those that no observer has been given yet. */
function has(type, name) {
  const observer = new PerformanceObserver(() => {});
  observer.observe({ type, buffered: true });
  const entries = observer.takeRecords();
  observer.disconnect();
  return entries.some((entry) => entry.name === name);
}

export function expect() {
  const isInSight = inSight();
  for (const [metric, limit, type, name] of AWAITED) {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) continue;
    const look = quiet(() => isInSight() && !has(type, name) && tell({ e: "late", names: [metric] }));
    setTimeout(look, activatedAt() + limit - performance.now());
  }
}
