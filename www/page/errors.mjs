// Hears what breaks: errors nobody caught, rejections nobody handled, scripts and stylesheets that did not come. Also those from
// before this script: collected by the stub in `window.__halftone`, or else, for files, found in the browser's resource timing.

import { activatedAt } from "./navigation.mjs";
import { listen, quiet } from "./quiet.mjs";
import { tell } from "./send.mjs";

const MOST = 5;
const LONGEST = 200;

/** Files already told of, by address: what resource timing shows may also come as an event. */
const failed = new Set();
let told = 0;

/** An address without what may name a person: no host, no query, no fragment. */
const path = (address) => new URL(address, location.href).pathname.slice(0, LONGEST);

const since = (time) => Math.round(Math.max(time - activatedAt(), 0));

function report(kind, time, message, source) {
  if (told++ >= MOST) return;
  const event = { e: "error", kind, at: since(time) };
  // Queries are cut out of addresses that messages quote.
  if (typeof message === "string") event.message = message.replace(/(\w+:\/\/[^\s?#]*)[?#]\S*/g, "$1").slice(0, LONGEST);
  if (source) event.source = path(source);
  tell(event);
}

function reportFile(kind, time, address) {
  if (failed.has(address)) return;
  failed.add(address);
  report(kind, time, undefined, address);
}

/** The kind and address of what an element loads, for a script or a stylesheet. */
function file(element) {
  if (element.matches("script")) return ["script", element.src];
  if (element.matches("link[rel~=stylesheet]")) return ["style", element.href];
  return [];
}

function hear(event) {
  if (event.type === "unhandledrejection") {
    // A promise can be rejected with anything; only what is text is told.
    const { message = event.reason } = Object(event.reason);
    report("rejection", event.timeStamp, message);
  } else if (event.target instanceof Element) {
    const [kind, address] = file(event.target);
    if (address) reportFile(kind, event.timeStamp, address);
  } else if (!/^[a-z-]+-extension:/.test(event.filename) && !/^ResizeObserver loop/.test(event.message)) {
    // Extensions are not the page's; a resize observer that takes two frames is no error of anybody's.
    report("error", event.timeStamp, event.message, event.filename);
  }
}

/** Files of this document whose answer was an error before anybody listened. */
function hearEarlier() {
  const broken = new Map();
  for (const { name, responseStatus, responseEnd } of performance.getEntriesByType("resource"))
    if (responseStatus >= 400) broken.set(name, responseEnd);
  for (const element of document.querySelectorAll("script[src],link[rel~=stylesheet]")) {
    const [kind, address] = file(element);
    if (broken.has(address)) reportFile(kind, broken.get(address), address);
  }
}

/**
 * Collects from now on what `hearErrors` takes over, unless the stub in the page does so already. The array also marks the
 * page as taken: undefined for a second copy of this script.
 */
export function collect() {
  const stub = window.__halftone;
  if (stub?.taken) return undefined;
  const queue = Array.isArray(stub) ? stub : [];
  queue.taken = true;
  window.__halftone = queue;
  if (queue !== stub) for (const type of ["error", "unhandledrejection"]) listen(window, type, (event) => queue.push(event));
  return queue;
}

/** Tells of what was collected and of everything from now on. */
export function hearErrors(queue) {
  const collected = queue.splice(0);
  queue.push = quiet(hear);
  collected.forEach(queue.push);
  hearEarlier();
}

/** Lets go of what was collected and collects no more. */
export function hearNothing(queue) {
  queue.length = 0;
  queue.push = () => 0;
}
