// A real HTTP server for tests, as a build's host or the server behind a hostname would be one. It notes every request
// as it came over the wire, and answers by a function of the test.

import { createServer } from "node:http";

/**
 * Starts a server on a free port of 127.0.0.1. `answer(request, response, body)` is called with the whole body read;
 * `stream(request, response)`, if it is given and returns true, takes a request before its body is read.
 */
export async function startOrigin(answer, stream = () => false) {
  const listener = async (request, response) => {
    const note = { method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders, body: "" };
    origin.seen.push(note);
    if (stream(request, response)) return;
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    note.body = Buffer.concat(chunks).toString();
    answer(request, response, note.body);
  };
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const origin = {
    server,
    /** The same answers for requests that come another way than through the port. */
    listener,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    /** Requests in the order they came. */
    seen: [],
    /** The requests so far, and begins anew. */
    take() {
      return origin.seen.splice(0);
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return origin;
}

/** A port on which nothing listens. */
export async function closedPort() {
  const origin = await startOrigin(() => {});
  await origin.close();
  return origin.host;
}
