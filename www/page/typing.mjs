// Whether a reload now would take something from somebody: a place they type in, or what they have filled in and not sent.

import { listen } from "./quiet.mjs";
import { isHidden } from "./shown.mjs";

/** How long after the last key somebody who left a field may still come back to it. */
const PAUSE_MS = 30_000;

/** Buttons are inputs too, but nobody types in them. A frame may hold fields that can not be seen from here. */
const FIELDS = "input:not([type=button],[type=submit],[type=reset]),textarea,select,iframe";

const isField = (node) => node?.isContentEditable || node?.matches?.(FIELDS) || false;

/** Fields somebody has changed since they were last sent. */
const changed = new Set();
let lastKey = -PAUSE_MS;

/** The element that has the focus, also inside shadow trees. */
function focused() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

/** Whether something filled in still stands there. What was emptied or taken off the page is nobody's loss. */
function isUnsent() {
  for (const field of changed)
    if (!field.isConnected || !(field.isContentEditable ? field.textContent : field.value)) changed.delete(field);
  return changed.size > 0;
}

/** Whether somebody would lose what they are typing. Out of sight a focused field is only that, and no one types. */
export const isTyping = () => isUnsent() || (!isHidden() && (isField(focused()) || performance.now() - lastKey < PAUSE_MS));

export function watchTyping() {
  const origin = (event) => event.composedPath()[0];
  listen(document, "keydown", (event) => {
    if (isField(origin(event))) lastKey = performance.now();
  });
  for (const type of ["input", "change"])
    listen(document, type, (event) => {
      if (isField(origin(event))) changed.add(origin(event));
    });
  for (const type of ["submit", "reset"])
    listen(document, type, (event) => {
      for (const field of changed) if (field.form === event.target) changed.delete(field);
    });
}
