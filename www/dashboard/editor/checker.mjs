// The checker: the same Rust that `halftone check` is, as WebAssembly, in this browser.

import * as glue from "halftone-checker-glue";
import { Instance } from "../../../src/edge/instance.mjs";

export class Checker extends Instance {
  #module;

  constructor(module) {
    super(glue);
    this.#module = module;
  }

  static async load() {
    return new Checker(await WebAssembly.compileStreaming(fetch("/dashboard/checker.wasm")));
  }

  /** After a trap the next call finds a fresh instance. */
  call(text, act, ...rest) {
    this.make(this.#module);
    return super.call(text, act, ...rest);
  }

  /** What the text comes to over what is in force, a list as `GET api/v1/config` has its entries. */
  inspect(live, text) {
    return JSON.parse(this.call(`${JSON.stringify(live)}\n${text}`, glue.inspect));
  }

  schema() {
    return JSON.parse(this.call("", glue.schema));
  }
}
