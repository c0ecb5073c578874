// A Wasm instance: made when first needed, thrown away after a trap, spoken to through two text buffers.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const said = new Set();
/** Facts of a request are as good as never longer, bytes. */
const USUAL_ROOM = 16 * 1024;

export class Instance {
  #glue;
  #wasm = null;
  #trapped = false;
  /** Where text is written: the Wasm's own memory, seen anew whenever that was moved. */
  #input = new Uint8Array();

  constructor(glue) {
    this.#glue = glue;
  }

  get made() {
    return this.#wasm !== null;
  }

  make(module) {
    if (this.#wasm) return;
    // The glue keeps one instance of its own; after a trap it has to let go of it first.
    if (this.#trapped) this.#glue.__wbg_reset_state();
    this.#wasm = this.#glue.initSync({ module });
    this.#trapped = false;
  }

  /**
   * Writes text, calls, reads text; a number below 0 is an answer of its own. After a trap the instance is not trusted, whoever
   * catches the error.
   */
  call(text, act, one, two) {
    try {
      const length = act(this.#write(text), one, two);
      if (length < 0) return length;
      return decoder.decode(new Uint8Array(this.#wasm.memory.buffer, this.#glue.output(), length));
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.trapped();
      throw error;
    }
  }

  /** How many bytes it took. Never writes where the Wasm has not made room. */
  #write(text) {
    if (text.length * 3 <= this.#input.length) return encoder.encodeInto(text, this.#input).written;
    const bytes = encoder.encode(text);
    // A view of memory that has grown since has no length.
    if (bytes.length > this.#input.length) {
      const room = Math.max(bytes.length, USUAL_ROOM);
      const at = this.#glue.input(room);
      this.#input = new Uint8Array(this.#wasm.memory.buffer, at, room);
    }
    this.#input.set(bytes);
    return bytes.length;
  }

  trapped() {
    this.#wasm = null;
    this.#input = new Uint8Array();
    this.#trapped = true;
  }

  /** Logs once per kind of thing what someone should know; visitors never see it. */
  say(message, error) {
    if (said.has(message)) return;
    said.add(message);
    console.error(JSON.stringify({ level: "error", message, error: error === undefined ? undefined : String(error) }));
  }

  /** Something went wrong on our side. */
  failed(error, message) {
    this.say(message, error?.stack ?? error);
  }
}
