// The ticket office of the sequential strategy: rules and SQL are in the Wasm, this only hands the storage over.

import { control } from "./control.mjs";

export class Tickets {
  constructor(ctx) {
    this.sql = ctx.storage.sql;
  }

  async fetch(request) {
    try {
      const [text] = await Promise.all([request.text(), control.ready()]);
      return new Response(control.office(text, this.sql, Date.now()));
    } catch (error) {
      control.failed(error, "the ticket office failed; whoever asked it goes on without");
      return new Response("the ticket office had to start again", { status: 500 });
    }
  }
}
