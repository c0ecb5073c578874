// The load: a process of its own that sends prepared requests over kept-alive connections and times the answers.
//
// Commands come as messages, one at a time: { learn, requests } keeps requests under a name; { port, visit, count,
// connections } sends so many of them to a port, in turn, going on where the last burst there ended. A connection has one
// request on its way at a time and stays open for the next burst. Nothing here counts an answer that is not a whole 200 or a
// 204: it is an error, and says what came.

import { createConnection } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const GIVE_UP_MS = 60_000;

/** One connection with at most one request on its way. */
class Connection {
  #socket;
  #began = 0n;
  #busy = false;
  #head = null;
  #left = 0;
  #chunked = false;
  closed = false;
  /** Called with the connection and the microseconds an answer took; and with what went wrong. */
  answered = null;
  failed = null;

  constructor(port) {
    this.#socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("the connection was closed before its answer")));
  }

  send(request) {
    this.#busy = true;
    this.#head = null;
    this.#began = process.hrtime.bigint();
    this.#socket.write(request);
  }

  close() {
    this.#busy = false;
    this.#socket.destroy();
  }

  /** A server may close what is idle. */
  #end(error) {
    this.closed = true;
    if (this.#busy) this.failed(error);
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
      const isEmpty = head.startsWith("http/1.1 204 ");
      if (!isEmpty && !head.startsWith("http/1.1 200 "))
        return this.failed(new Error(`an answer that is neither 200 nor 204: ${head.slice(0, 300)}`));
      const length = isEmpty ? ["", "0"] : /\ncontent-length: *(\d+)/.exec(head);
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
    this.#busy = false;
    this.answered(this, Number(process.hrtime.bigint() - this.#began) / 1000);
  }
}

/** Requests by the name of their visit. */
const visits = new Map();
/** Open connections by port, and which request is next by port and visit. */
const pools = new Map();
const turns = new Map();

function pool(port, size) {
  const open = (pools.get(port) ?? []).filter((connection) => !connection.closed);
  while (open.length < size) open.push(new Connection(port));
  pools.set(port, open);
  return open.slice(0, size);
}

function run({ port, visit, count, connections }) {
  const requests = visits.get(visit);
  const place = `${port} ${visit}`;
  return new Promise((resolve, reject) => {
    const took = new Float64Array(count);
    let turn = turns.get(place) ?? 0;
    let sent = 0;
    let answered = 0;
    const send = (connection) => {
      sent++;
      connection.send(requests[turn++ % requests.length]);
    };
    const open = pool(port, Math.min(connections, count));
    const end = (error) => {
      clearTimeout(late);
      turns.set(place, turn);
      if (error) {
        for (const connection of open) connection.close();
        return reject(error);
      }
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      took.sort();
      const at = (share) => took[Math.min(count - 1, Math.floor(count * share))];
      resolve({ perSecond: count / seconds, p50: at(0.5), p99: at(0.99) });
    };
    const late = setTimeout(() => end(new Error(`${answered} of ${count} answers after ${GIVE_UP_MS / 1000} s`)), GIVE_UP_MS);
    const began = process.hrtime.bigint();
    for (const connection of open) {
      connection.failed = end;
      connection.answered = (_, us) => {
        took[answered++] = us;
        if (answered === count) end();
        else if (sent < count) send(connection);
      };
    }
    for (const connection of open) send(connection);
  });
}

process.on("message", async (command) => {
  try {
    if (command.learn)
      visits.set(
        command.learn,
        command.requests.map((text) => Buffer.from(text, "latin1")),
      );
    process.send({ result: command.learn ? {} : await run(command) });
  } catch (error) {
    process.send({ error: String(error?.message ?? error) });
  }
});
process.on("disconnect", () => process.exit());
