// The second bundle, for everything no page waits for: loaded when it is first asked for.

let bundle = null;

export async function second() {
  bundle ??= await import("./control.js");
  return bundle;
}

/** Its Wasm, if it is there already. */
export function controlAtHand() {
  return bundle?.control.made ? bundle.control : null;
}
