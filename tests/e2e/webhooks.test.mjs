// Decisions are told to others: signed, in order, at least once, and without anybody waiting for it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "./population.mjs";
import { isSigned, Receiver } from "./receiver.mjs";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const SECRET = "a-secret-of-the-tests-0001";
const page = (version) => `<!doctype html><html><head><title>${version}</title></head><body>${version}</body></html>`;

let worker;
let flaky;
let chat;
let dead;

before(async () => {
  [flaky, chat, dead] = await Promise.all([new Receiver().start(), new Receiver().start(), new Receiver().start()]);
  worker = await startWorker({
    name: "webhooks",
    config: {
      sites: {
        shop: {
          versions: { v1: "assets:v1", v2: "assets:v2" },
          stable: "v1",
          rollout: { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"] },
          webhooks: [
            { url: `${flaky.url}/all`, secret: "HOOK_SECRET" },
            { url: "secret:HOOK_CHAT", format: "slack", events: ["roll_back", "pause"] },
            { url: `${dead.url}/dead`, secret: "HOOK_MISSING" },
          ],
        },
      },
    },
    folders: {
      v1: writeBuild("webhooks-v1", { "index.html": page("v1") }),
      v2: writeBuild("webhooks-v2", { "index.html": page("v2") }),
    },
    secrets: { HOOK_SECRET: SECRET, HOOK_CHAT: `${chat.url}/services/T0/B0/x` },
  });
});

after(async () => {
  await worker?.close();
  for (const receiver of [flaky, chat, dead]) receiver?.close();
});

const kinds = (receiver) =>
  receiver.ids.map((id) => JSON.parse(receiver.came.find(({ headers }) => headers["webhook-id"] === id).body).type);

test("a receiver that fails first gets every decision all the same, in their order, signed", async () => {
  flaky.answers = [500, 503, 204];
  await worker.admin("status");
  await worker.admin("pause", { why: "lunch" });
  await worker.admin("resume", {});
  await eventually(() => kinds(flaky).length === 3, "three decisions");
  assert.deepEqual(kinds(flaky), ["start", "pause", "resume"]);
  const first = flaky.came.filter(({ headers }) => headers["webhook-id"] === flaky.ids[0]);
  assert.equal(first.length, 3, "the first was sent until it was taken, and nothing overtook it");
  assert.equal(new Set(first.map(({ body }) => body)).size, 1);
  assert.ok(flaky.came.every((message) => isSigned(message, SECRET)));
  assert.ok(!isSigned(flaky.came[0], `${SECRET}x`));
  const { data } = JSON.parse(flaky.came.at(-2).body);
  assert.deepEqual([data.site, data.decision.by, data.decision.reason], ["shop", "tests", "lunch"]);
});

test("the signature is one that the library of the Standard Webhooks takes", (t) => {
  const python = join(ROOT, ".tools/python/bin/python");
  if (!existsSync(python)) return t.skip("run scripts/setup.sh test");
  const { headers, body } = flaky.came.at(-1);
  const script = `
import base64, json, sys
from standardwebhooks.webhooks import Webhook
told = json.load(sys.stdin)
Webhook(base64.b64encode(told["secret"].encode()).decode()).verify(told["body"], told["headers"])
print("verified")`;
  const input = JSON.stringify({ secret: SECRET, headers, body });
  assert.equal(execFileSync(python, ["-c", script], { input, encoding: "utf8" }).trim(), "verified");
});

test("a receiver that is slow holds up nobody: not the decision, not the others", async () => {
  let answer;
  flaky.answers = [
    new Promise((resolve) => {
      answer = resolve;
    }),
    204,
  ];
  const before = chat.came.length;
  const { decisions } = await worker.admin("pause", { why: "slow" });
  assert.equal(decisions[0].kind, "pause");
  await eventually(() => chat.came.length > before, "the chat");
  const { decisions: again } = await worker.admin("resume", {});
  assert.equal(again[0].kind, "resume");
  assert.equal(kinds(flaky).at(-1), "pause", "what comes after it waits");
  answer(204);
  await eventually(() => kinds(flaky).length === 5, "the rest");
  assert.deepEqual(kinds(flaky).slice(3), ["pause", "resume"]);
});

test("a chat is told one sentence, of the decisions it asked for, at an address that is a secret", async () => {
  const bodies = chat.came.map(({ path, body }) => [path, JSON.parse(body).text]);
  assert.deepEqual(bodies[0], ["/services/T0/B0/x", "shop: the rollout of v2 is paused at step 1. tests: lunch (revision 1)"]);
  assert.equal(bodies.length, 2);
});

test("what can not be told is said, without the address", async () => {
  const { webhooks } = await worker.admin("status");
  const byHost = new Map(webhooks.map((one) => [one.host, one]));
  const of = (url) => byHost.get(new URL(url).host);
  assert.deepEqual([of(flaky.url).waiting, of(flaky.url).delivered, of(flaky.url).error], [0, 5, ""]);
  assert.match(of(dead.url).error, /HOOK_MISSING is not set/);
  assert.ok(of(dead.url).waiting === 5 && dead.came.length === 0, "nothing goes out unsigned that is to be signed");
  assert.equal(byHost.get("secret:HOOK_CHAT").delivered, 2);
});
