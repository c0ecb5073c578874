// Keeps the script's own faults inside: whatever goes wrong in here, the page neither sees an error nor works differently.

/** The same function, except that what it throws ends with it. */
export const quiet =
  (act) =>
  (...given) => {
    try {
      return act(...given);
    } catch {
      // A page is not told of a fault of its visitor's measuring; nor is there anybody else here to tell.
    }
  };

/** Listens without ever holding an event up, and before the page, which might stop it; `options` say what is to be otherwise. */
export const listen = (target, type, act, options) =>
  target.addEventListener(type, quiet(act), { capture: true, passive: true, ...options });
