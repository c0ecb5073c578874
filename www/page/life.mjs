// Says that the page lives: that somebody looks at it after all, that nobody did when it was opened, and that it has painted
// something. A script that runs on a white page says nothing, and that is how a white page is found.

import { activatedAt, fetchedAhead } from "./navigation.mjs";
import { quiet } from "./quiet.mjs";
import { tell } from "./send.mjs";
import { openedHidden } from "./shown.mjs";

/** `activated` and `hidden` where they apply, and `alive` at the first contentful paint. Once per page. */
export function live() {
  if (fetchedAhead()) tell({ e: "activated" });
  if (openedHidden()) tell({ e: "hidden" });
  const observer = new PerformanceObserver(
    quiet((list) => {
      const [paint] = list.getEntriesByName("first-contentful-paint");
      if (!paint) return;
      observer.disconnect();
      tell({ e: "alive", at: Math.round(Math.max(paint.startTime - activatedAt(), 0)) });
    }),
  );
  observer.observe({ type: "paint", buffered: true });
}
