// A page that comes back into sight after a while asks whether its version was rolled back meanwhile.

import { listen } from "./quiet.mjs";
import { tell } from "./send.mjs";
import { isHidden } from "./shown.mjs";

const LONG_MS = 60_000;

export function askOnReturn() {
  // By the wall clock: the page's own stands still while the machine sleeps.
  let since = isHidden() ? Date.now() : undefined;
  listen(document, "visibilitychange", () => {
    if (isHidden()) since = Date.now();
    else if (Date.now() - since >= LONG_MS) tell({ e: "ask" });
  });
}
