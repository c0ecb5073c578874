// The load: a process of its own that sends prepared requests over kept-alive connections and times the answers.
//
// Commands come as messages, one at a time: { port, requests, count, connections }. Each connection has one request on
// its way at a time; the requests are sent in turn, all of them as often as the others. Nothing here counts an answer
// that is not a whole 200: it is an error, and says what came.

import { createConnection } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const GIVE_UP_MS = 30_000;

/** One connection with at most one request on its way. */
class Connection {
  #socket;
  #pending = null;
  #left = 0;
  #chunked = false;
  #head = null;
  #done;
  #failed;

  constructor(port, done, failed) {
    this.#done = done;
    this.#failed = failed;
    this.#socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("error", failed);
    this.#socket.on("close", () => this.#pending === null || failed(new Error("the connection was closed before its answer")));
  }

  send(request) {
    this.#pending = process.hrtime.bigint();
    this.#head = null;
    this.#socket.write(request);
  }

  close() {
    this.#pending = null;
    this.#socket.destroy();
  }

  #take(bytes) {
    let body = bytes;
    if (this.#left === 0 && !this.#chunked) {
      const all = this.#head === null ? bytes : Buffer.concat([this.#head, bytes]);
      const end = all.indexOf(HEAD_END);
      if (end < 0) {
        this.#head = all;
        return;
      }
      const head = all.latin1Slice(0, end).toLowerCase();
      if (!head.startsWith("http/1.1 200 ")) return this.#failed(new Error(`an answer that is not 200: ${head.slice(0, 300)}`));
      const length = /\ncontent-length: *(\d+)/.exec(head);
      this.#chunked = length === null;
      this.#left = length === null ? 0 : Number(length[1]);
      body = all.subarray(end + 4);
    }
    if (this.#chunked) {
      if (!body.subarray(-5).equals(LAST_CHUNK)) return;
    } else {
      this.#left -= body.length;
      if (this.#left > 0) return;
    }
    this.#chunked = false;
    this.#left = 0;
    const took = Number(process.hrtime.bigint() - this.#pending) / 1000;
    this.#pending = null;
    this.#done(this, took);
  }
}

function run({ port, requests, count, connections }) {
  const prepared = requests.map((text) => Buffer.from(text, "latin1"));
  return new Promise((resolve, reject) => {
    const took = new Float64Array(count);
    const open = [];
    let sent = 0;
    let answered = 0;
    const end = (error) => {
      clearTimeout(late);
      for (const connection of open) connection.close();
      if (error) return reject(error);
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      took.sort();
      const at = (share) => took[Math.min(count - 1, Math.floor(count * share))];
      resolve({ seconds, perSecond: count / seconds, p50: at(0.5), p99: at(0.99) });
    };
    const late = setTimeout(() => end(new Error(`${answered} of ${count} answers after ${GIVE_UP_MS / 1000} s`)), GIVE_UP_MS);
    const done = (connection, us) => {
      took[answered++] = us;
      if (answered === count) return end();
      if (sent < count) connection.send(prepared[sent++ % prepared.length]);
    };
    const began = process.hrtime.bigint();
    for (let n = 0; n < Math.min(connections, count); n++) open.push(new Connection(port, done, end));
    for (const connection of open) connection.send(prepared[sent++ % prepared.length]);
  });
}

process.on("message", async (command) => {
  try {
    process.send({ result: await run(command) });
  } catch (error) {
    process.send({ error: String(error?.message ?? error) });
  }
});
process.on("disconnect", () => process.exit());
