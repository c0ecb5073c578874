// The page script: what a page of a site under Halftone tells the edge about itself. Built into one small file by
// scripts/page.mjs and loaded with `async`; it holds up nothing, throws nothing and changes nothing in the page.
//
// It speaks only for a top-level http(s) document that carries a token, to visitors who have not asked to be left alone
// (Global Privacy Control). Everywhere else the page's API is there and does nothing.

import { askOnReturn } from "./ask.mjs";
import { collect, hearErrors, hearNothing } from "./errors.mjs";
import { followGoals, goal } from "./goals.mjs";
import { expect } from "./late.mjs";
import { live } from "./life.mjs";
import { keptByWorker, readsTiming, token, version } from "./navigation.mjs";
import { listen, quiet } from "./quiet.mjs";
import { open, tellOnly } from "./send.mjs";
import { whenActivated } from "./shown.mjs";
import { followNavigations } from "./soft.mjs";
import { watchTyping } from "./typing.mjs";
import { measure } from "./vitals.mjs";

/** The documented API. A page that has a `halftone` of its own keeps it. */
function offer() {
  // Its own, and not an element of the page that has this for an id.
  if (Object.getOwnPropertyDescriptor(window, "halftone")) return;
  window.halftone = {
    goal: quiet(goal),
    get version() {
      return version();
    },
  };
}

const maySpeak = () => window === window.top && /^https?:$/.test(location.protocol) && !navigator.globalPrivacyControl;

/** Each part by itself: a browser that lacks what one of them needs still has the others. */
function begin(errors) {
  if (keptByWorker()) {
    hearNothing(errors);
    tellOnly({ e: "worker" }, token());
    return;
  }
  open(token());
  const parts = [live, () => hearErrors(errors), followNavigations, measure, expect, askOnReturn];
  for (const part of parts) quiet(part)();
}

quiet(() => {
  const errors = collect();
  if (!errors) return;
  offer();
  if (!maySpeak()) return hearNothing(errors);
  followGoals();
  watchTyping();
  const start = () => {
    if (token()) return whenActivated(() => begin(errors));
    hearNothing(errors);
    // Without this its silence would be taken for a white page.
    if (!readsTiming()) tellOnly({ e: "untested" }, "-");
  };
  // Some browsers write down how a document came only when it has come whole.
  if (token() || document.readyState === "complete") start();
  else listen(window, "load", start, { once: true });
})();
