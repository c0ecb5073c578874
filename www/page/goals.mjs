// Goals: what the site calls a success, by the page's code or by an attribute, told once per page and name.

import { listen } from "./quiet.mjs";
import { tell } from "./send.mjs";

const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;

const met = new Set();

/** Says that a goal was met. */
export function goal(name) {
  if (typeof name !== "string" || !NAME.test(name)) console.warn(`halftone: ${name} can not name a goal: ${NAME} can`);
  else if (!met.has(name)) {
    met.add(name);
    tell({ e: "goal", name });
  }
}

/** The nearest element around an event that matches, also from inside a shadow tree. */
const around = (event, selector) => event.composedPath().find((node) => node.matches?.(selector));

/** Elements with `data-halftone-goal`: a form when it is submitted, any other when it is clicked. */
export function followGoals() {
  const hear = (selector) => (event) => {
    const name = around(event, selector)?.dataset.halftoneGoal;
    if (name) goal(name);
  };
  listen(document, "click", hear("[data-halftone-goal]:not(form)"));
  listen(document, "submit", hear("form[data-halftone-goal]"));
}
