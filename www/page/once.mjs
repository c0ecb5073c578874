// What happens once per tab: remembered where a reload does not forget it.

import { isReloaded } from "./navigation.mjs";

const here = new Set();

/** True the first time in this tab that something of this name is asked for. */
export function isFirst(name) {
  const key = `halftone:${name}`;
  if (here.has(key)) return false;
  here.add(key);
  try {
    // Browsers throw here where the visitor wants nothing kept.
    const first = !sessionStorage.getItem(key);
    sessionStorage.setItem(key, "1");
    return first;
  } catch {
    // Without storage a page that was reloaded can not know why, so it takes it that this has happened.
    return !isReloaded();
  }
}
