// Sends what the page has to say. What one task says goes out together, by a fetch that outlives the page and whose answer may
// bring a recall. Until the page may speak (its token is known, somebody looks at it) everything waits. Nothing is sent twice.

import { address } from "./address.mjs";
import { quiet } from "./quiet.mjs";
import { hear } from "./recall.mjs";

/** As many as one request may hold. */
const MOST = 50;

/** The page's own: a site that wraps `fetch` later does not see these requests. */
const { fetch } = window;

let waiting = [];
let token;

const written = (events) => JSON.stringify(events.map((event) => ({ t: token, ...event })));

const flush = quiet(() => {
  const body = written(waiting);
  // A page fetched ahead is one page view more when it is looked at: it gets a token of its own, and waits for that.
  const spoken = token;
  const renews = waiting.some(({ e }) => e === "activated");
  if (renews) token = undefined;
  waiting = [];
  // Text goes as text/plain to the page's own origin, which asks nobody for leave first.
  fetch(address, { method: "POST", keepalive: true, body }).then(
    ({ headers }) => {
      if (renews) open(headers.get("halftone-page") ?? spoken);
      hear(headers.get("halftone-recall"));
    },
    () => renews && open(spoken),
  );
});

/** Says one thing, as soon as may be: `{ e: "alive", at: 812 }`. */
export function tell(event) {
  if (waiting.length >= MOST) return;
  waiting.push(event);
  if (token && waiting.length === 1) queueMicrotask(flush);
}

/** Says several things when the page may not live to hear an answer. */
export function tellLast(events) {
  if (token) navigator.sendBeacon(address, written(events));
}

/** From here on the page may speak, with this token. */
export function open(found) {
  token = found;
  if (waiting.length) queueMicrotask(flush);
}

/** Says this and nothing else, ever. */
export function tellOnly(event, found) {
  token = found;
  waiting = [event];
  flush();
  token = undefined;
}
