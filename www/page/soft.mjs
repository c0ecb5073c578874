// Says when a single-page application goes to another path without loading a document.

import { listen, quiet } from "./quiet.mjs";
import { tell } from "./send.mjs";

let path = location.pathname;

const look = quiet(() => {
  if (location.pathname === path) return;
  path = location.pathname;
  tell({ e: "soft" });
});

export function followNavigations() {
  const { history, navigation } = window;
  if (navigation) return listen(navigation, "navigatesuccess", look);
  // Browsers without the Navigation API tell nobody of these two, so here, and only here, they are wrapped.
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (...given) {
      const result = original.apply(this, given);
      look();
      return result;
    };
  }
  listen(window, "popstate", look);
}
