// Where this script speaks to: beside itself, on the origin of the page. The prefix is the site's to choose, so it is read from
// the script's own address and written down nowhere in here.

const PREFIX = "/_halftone/";

/** Only known while a classic script runs for the first time, so it is read when this module is. */
const self = document.currentScript;

/** The path that takes beacons. Without an address of its own (a site that bundles this file) it is the usual one. */
export const address = (() => {
  const path = self?.src ? new URL(self.src, location.href).pathname : "";
  return `${path.endsWith("/page.js") ? path.slice(0, -7) : PREFIX}in`;
})();
