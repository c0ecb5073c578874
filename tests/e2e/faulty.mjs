// The second bundle with a Controller whose transactions fail where a wish says so in its reason: `fail before`, `fail inside` and
// `fail after` the rows are kept. The runtime and its storage are the real ones.

import { Controller as Real } from "../../src/edge/controller.mjs";

export { control } from "../../src/edge/control.mjs";
export { answer } from "../../src/edge/feedback.mjs";
export { Intake } from "../../src/edge/intake.mjs";
export { Tickets } from "../../src/edge/ticket-office.mjs";

let next = null;

/** The storage of an object, with transactions that fail once when they are to. */
function failing(storage) {
  let depth = 0;
  const transactionSync = (work) => {
    const how = depth === 0 ? next : null;
    if (how !== null) next = null;
    if (how === "before") throw new Error("a fault before the transaction");
    depth += 1;
    try {
      storage.transactionSync(() => {
        work();
        if (how === "inside") throw new Error("a fault inside of the transaction");
      });
    } finally {
      depth -= 1;
    }
    if (how === "after") throw new Error("a fault after the transaction");
  };
  return new Proxy(storage, {
    get(target, name) {
      if (name === "transactionSync") return transactionSync;
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export class Controller extends Real {
  constructor(ctx, env) {
    super({ storage: failing(ctx.storage), waitUntil: (promise) => ctx.waitUntil(promise) }, env);
  }

  async ask(site, asked) {
    // The site's first config has come into force before, so what fails is the wish.
    await this.live(site);
    next = /^fail (before|inside|after)$/.exec(asked.why)?.[1] ?? null;
    return super.ask(site, asked);
  }
}
