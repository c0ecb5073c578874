// What the browser knows of how this document came: the token that the edge signed for this page view, the version, and whether
// it was fetched ahead of time or never came from the network. The token stands in `Server-Timing`, because a 304 renews that
// and no stored body can hold it.

/** Opaque here; only a token that can be one is sent back. */
const TOKEN = /^[\w.~:-]{1,400}$/;

const entry = () => performance.getEntriesByType("navigation")[0] ?? {};

/** What a `Server-Timing` name says. The edge appends, so the last of a name is the edge's. */
const timing = (name) => [...(entry().serverTiming ?? [])].filter((item) => item.name === name).pop()?.description;

/** The page's token, or undefined. */
export const token = () => {
  const found = timing("halftone-page");
  return TOKEN.test(found) ? found : undefined;
};

/** Whether this browser shows a page its `Server-Timing` at all. */
export const readsTiming = () => entry().serverTiming;

/** The version of the site that this document is of, or undefined: `v2` out of `v2 canary r12`. */
export const version = () => timing("halftone")?.split(" ")[0] || undefined;

/** When the visitor's looking began, on the page's clock: 0, or when a prerendered page was activated. */
export const activatedAt = () => entry().activationStart || 0;

/** Whether the document was fetched before it was asked for, and is now looked at. */
export const fetchedAhead = () => activatedAt() > 0 || entry().deliveryType === "navigational-prefetch";

/** Whether a service worker answered from what it keeps. It answers from the network too, and then something was transferred. */
export const keptByWorker = () => {
  const { workerStart, transferSize, decodedBodySize } = entry();
  return workerStart > 0 && transferSize === 0 && decodedBodySize > 0;
};

/** Whether this is a document that was loaded anew. */
export const isReloaded = () => entry().type === "reload";
