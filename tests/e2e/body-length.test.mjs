// Bodies whose length is not what was said of it, over a bare connection: no more than the limit is ever read, and the answer is
// precise.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { build, ORIGIN, Plain } from "./plain.mjs";
import { Visitor } from "./population.mjs";

const PATIENCE_MS = 20_000;
const CHUNK = "x".repeat(16 * 1024);

/** So many chunks, more than the limit, and then nothing: the body goes on, and whoever waits for its end waits for ever. */
const endless =
  (chunk, count = 5) =>
  () =>
    count-- > 0 ? chunk : null;

const config = {
  admin: { host: "admin.example" },
  sites: {
    shop: {
      hosts: ["shop.example"],
      versions: { v1: `${ORIGIN}/v1`, v2: `${ORIGIN}/v2` },
      stable: "v1",
      rollout: { canary: "v2", steps: ["50%"] },
    },
  },
};

let worker;
let visitor;
before(async () => {
  worker = new Plain("body-length", build("body-length", config));
  await worker.start();
  visitor = new Visitor(worker);
  await visitor.open();
});
after(() => worker?.kill());

/** Sends a head and then whatever `more` gives until there is an answer; gives its status, its text, and what was sent. */
function speak(path, lines, more) {
  const head = [`POST ${path} HTTP/1.1`, "host: shop.example", `cookie: ${visitor.cookie}`, "content-type: text/plain", ...lines];
  return new Promise((resolve, reject) => {
    const socket = connect(worker.port, "127.0.0.1");
    let [answer, sent, isOver] = ["", 0, false];
    const end = (act) => {
      isOver = true;
      clearTimeout(late);
      socket.destroy();
      act();
    };
    const late = setTimeout(() => end(() => reject(new Error(`no answer after ${sent} bytes: ${answer}`))), PATIENCE_MS);
    const write = () => {
      while (!isOver) {
        const next = more();
        if (next === null) return;
        sent += next.length;
        if (!socket.write(next)) return socket.once("drain", write);
      }
    };
    socket.on("error", (error) => !isOver && end(() => (answer ? done() : reject(error))));
    const done = () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]), answer, sent });
    socket.on("data", (data) => {
      answer += data;
      // An answer is whole with its JSON, or has none.
      if (/\r\n\r\n[\s\S]*\}|^HTTP\/1\.1 204[\s\S]*\r\n\r\n/.test(answer)) end(done);
    });
    socket.on("close", () => !isOver && end(done));
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    write();
  });
}

for (const path of ["/_halftone/in", "/_halftone/reports"]) {
  test(`${path}: a body in chunks without an end is refused when it is over the limit`, async () => {
    const { status, answer } = await speak(path, ["transfer-encoding: chunked"], endless(`4000\r\n${CHUNK}\r\n`));
    assert.equal(status, 413, answer);
    assert.match(answer, /"code":"too_large"/);
  });

  test(`${path}: a body that is said to be huge is refused when it is over the limit, not when it is whole`, async () => {
    const { status, answer } = await speak(path, ["content-length: 10000000000"], endless(CHUNK));
    assert.equal(status, 413, answer);
    assert.match(answer, /"code":"too_large"/);
  });
}

test("a body that is longer than was said is read as far as was said, and the rest is no beacon", async () => {
  const whole = JSON.stringify([{ t: visitor.token, e: "goal", name: "cut" }]);
  const rest = [whole];
  const { status, answer } = await speak("/_halftone/in", [`content-length: ${whole.length - 5}`], () => rest.shift() ?? null);
  assert.equal(status, 400, answer);
  assert.match(answer, /"code":"bad_json"/);
  const rows = worker.rows("Intake", "SELECT goals FROM pages WHERE goals <> ''");
  assert.deepEqual(rows, []);
});

test("a body that is shorter than was said is never answered as if it were whole", async () => {
  const whole = JSON.stringify([{ t: visitor.token, e: "goal", name: "short" }]);
  await new Promise((resolve) => {
    const socket = connect(worker.port, "127.0.0.1", () => {
      const head = `POST /_halftone/in HTTP/1.1\r\nhost: shop.example\r\ncookie: ${visitor.cookie}\r\ncontent-type: text/plain\r\n`;
      socket.end(`${head}content-length: ${whole.length + 5}\r\n\r\n${whole}`);
    });
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", resolve);
  });
  // Whatever was made of it is done when a later request is.
  await visitor.say({ e: "goal", name: "later" });
  const rows = worker.rows("Intake", "SELECT goals FROM pages WHERE goals <> ''");
  assert.deepEqual(
    rows.map(({ goals }) => goals),
    ["later"],
  );
});
