// A receiver of webhooks on this machine: keeps what comes, and answers as it is told.

import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

export class Receiver {
  /** What came, in order: `{ headers, body }`. */
  came = [];
  /** What is answered to each that comes: a status, or a promise of one; the last one stays. */
  answers = [204];

  async start() {
    this.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      this.came.push({ path: request.url, headers: request.headers, body });
      response.writeHead(await (this.answers.length > 1 ? this.answers.shift() : this.answers[0]));
      response.end();
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  /** The different messages that came, in the order in which they came first. */
  get ids() {
    return [...new Set(this.came.map(({ headers }) => headers["webhook-id"]))];
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Whether a message is signed with a secret, as docs/control.md says. */
export function isSigned({ headers, body }, secret) {
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const mac = createHmac("sha256", secret).update(text).digest("base64");
  return headers["webhook-signature"].split(" ").includes(`v1,${mac}`);
}
