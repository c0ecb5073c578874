// Sockets: a server that says what it hears, and what comes back over one.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";

/** A server of sockets that says what it hears. */
export function acceptSockets(server) {
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("error", () => {});
    socket.on("data", (frame) => {
      if ((frame[0] & 15) !== 1) return socket.end();
      const length = frame[1] & 127;
      const text = Buffer.from(frame.subarray(6, 6 + length)).map((byte, at) => byte ^ frame[2 + (at % 4)]);
      const said = Buffer.concat([Buffer.from(`origin at ${request.url}: `), text]);
      socket.write(Buffer.concat([Buffer.from([0x81, said.length]), said]));
    });
  });
}

/** What comes back for `hello` over a socket to a host, as who has these cookies. */
export async function overSocketTo(worker, host, cookie) {
  const handshake = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const request = httpRequest(new URL("/talk", worker.url), {
    headers: { ...handshake, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", host, cookie },
  });
  request.end();
  const [response, socket] = await once(request, "upgrade");
  assert.equal(response.statusCode, 101);
  try {
    socket.write(Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from("hello")]));
    const [frame] = await once(socket, "data");
    return frame.subarray(2).toString();
  } finally {
    socket.destroy();
  }
}

/** What comes back for `hello`. */
export function overSocket(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(String(url).replace(/^http/, "ws"));
    socket.onopen = () => socket.send("hello");
    socket.onerror = (event) => reject(event.error ?? new Error(event.message));
    socket.onmessage = ({ data }) => {
      resolve(data);
      socket.close();
    };
  });
}
