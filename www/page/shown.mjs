// Whether and since when somebody looks at the page. A tab opened in the background paints when it is first looked at, so what
// is measured in time starts there; a prerendered page starts when it is activated.

import { activatedAt } from "./navigation.mjs";
import { listen } from "./quiet.mjs";

export const isHidden = () => document.visibilityState === "hidden";

/** What the browser remembers of the page being shown and hidden since it was activated; empty in browsers that do not. */
const remembered = () => performance.getEntriesByType("visibility-state").filter(({ startTime }) => startTime >= activatedAt());

/** Whether the page was opened where nobody saw it. To be asked once the page is activated. */
export function openedHidden() {
  // The first entry of a prerendered page is of the time before.
  const first = activatedAt() ? undefined : remembered()[0];
  return first ? first.name === "hidden" : isHidden();
}

/** A function that says whether the page has been in sight from its activation up to now. */
export function inSight() {
  let always = !isHidden() && !remembered().some(({ name }) => name === "hidden");
  listen(document, "visibilitychange", () => {
    always = false;
  });
  return () => always;
}

/** Calls back once the page is activated: at once, unless it is being prerendered. */
export function whenActivated(act) {
  if (document.prerendering) listen(document, "prerenderingchange", act);
  else act();
}

/** Calls back once the page is seen, with the time on the page's clock at which that began. */
export function whenSeen(act) {
  if (isHidden()) listen(document, "visibilitychange", () => act(performance.now()), { once: true });
  else act(openedHidden() ? performance.now() : activatedAt());
}
