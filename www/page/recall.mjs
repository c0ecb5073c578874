// Hears that the version in this tab was rolled back. The page is told by an event, and may deal with it; else, where the site
// wants it, the page loads anew: once per version and tab, and never under the hands of somebody who types.

import { isFirst } from "./once.mjs";
import { listen, quiet } from "./quiet.mjs";
import { isHidden } from "./shown.mjs";
import { isTyping } from "./typing.mjs";

const EVERY_MS = 1000;

function reloadWhenIdle() {
  const attempt = quiet(() => {
    if (isTyping()) return;
    clearInterval(timer);
    location.reload();
  });
  const timer = setInterval(attempt, EVERY_MS);
  listen(document, "visibilitychange", () => isHidden() && attempt());
  attempt();
}

/** Takes what the edge says in `halftone-recall`: `v2` or `v2;reload`, or null. */
export const hear = quiet((said) => {
  const [version, wish] = said?.split(";") ?? [];
  if (!version || !isFirst(`recall:${version}`)) return;
  const event = new CustomEvent("halftone:recall", { cancelable: true, detail: { version } });
  if (window.dispatchEvent(event) && wish === "reload") reloadWhenIdle();
});
