// The second bundle with an Intake whose calls wait for each other, until as many are there as a note says, and whose storage fails
// where a page meets the goal `fault`. The runtime and its storage are the real ones.

import { Intake as Real } from "../../src/edge/intake.mjs";

export { control } from "../../src/edge/control.mjs";
export { Controller } from "../../src/edge/controller.mjs";
export { answer } from "../../src/edge/feedback.mjs";
export { Tickets } from "../../src/edge/ticket-office.mjs";

/** So many calls with a goal are taken at once. */
const CALLS = 12;

/** Something with one of its members in another form. */
function changed(whole, name, other) {
  return new Proxy(whole, {
    get(target, wanted) {
      if (wanted === name) return other;
      const value = target[wanted];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function failing(storage) {
  const exec = (statement, ...values) => {
    if (values.includes("fault")) throw new Error("a fault in storage");
    return storage.sql.exec(statement, ...values);
  };
  return changed(storage, "sql", changed(storage.sql, "exec", exec));
}

export class Intake extends Real {
  #held = [];

  constructor(ctx, env) {
    super({ storage: failing(ctx.storage) }, env);
  }

  take(text, about) {
    if (!/ goal-\d+ | fault /.test(text)) return super.take(text, about);
    const { promise, resolve } = Promise.withResolvers();
    this.#held.push(() => resolve(super.take(text, about)));
    if (this.#held.length === CALLS) for (const go of this.#held.splice(0)) go();
    return promise;
  }
}
