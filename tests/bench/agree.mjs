// Before anything is measured: the hand-written worker and ours do the same, answer for answer.

import { ask, cookieOf, page, script } from "./visits.mjs";

/** Visitors whose answers are compared. */
const COMPARED = 48;
/** Visitors who come back while it is measured: many more than a Worker may remember of those before. */
const VISITORS = 1000;

/** A difference between the two, as a sentence. */
class Disagreement extends Error {}

/** Status, headers and body; what must differ from visitor to visitor is compared by its form. */
function shown({ status, headers, body }) {
  const lines = headers.map((line) =>
    line.replace(/(halftone=1:)[\w-]{22}:\w+:\w+:(.*):[\w-]{22};/, "$1ID:SEEN:WRITTEN:$2:CODE;"),
  );
  return `${status}\n${lines.filter((line) => !line.startsWith("date: ")).join("\n")}\n\n${body}`;
}

async function same(what, ports, bytes) {
  const [ours, theirs] = await Promise.all(ports.map((port) => ask(port, bytes)));
  if (shown(ours) !== shown(theirs)) {
    throw new Disagreement(
      `The workers do not do the same for ${what}.\n--- ours\n${shown(ours)}\n--- by hand\n${shown(theirs)}`,
    );
  }
  return ours;
}

/** Compares both workers on everything that is measured, and on what is hard. */
export async function agree(ours, byHand) {
  const ports = [ours, byHand];
  const visitors = [];
  for (let n = 0; n < COMPARED; n++) {
    // Each worker writes half of the cookies; the other has to read them.
    const cookie = cookieOf(await ask(ports[n % 2], page(n, "")));
    if (cookie === "") throw new Disagreement("A new visitor got no cookie.");
    const answer = await same("a returning visitor", ports, page(n, cookie));
    if (cookieOf(answer) !== "") throw new Disagreement("A returning visitor's cookie was written anew without a reason.");
    await same("a file", ports, script(n, cookie));
    visitors.push({ n, cookie, version: /version=(\w+)/.exec(answer.headers.join())[1] });
  }
  const canary = visitors.find((visitor) => visitor.version === "v2");
  const stable = visitors.find((visitor) => visitor.version === "v1");
  if (!canary || !stable) throw new Disagreement(`${COMPARED} visitors at 50 % did not meet both versions.`);

  const at = (visitor, make, more) => make(visitor.n, visitor.cookie, more);
  await same("a new visitor where a rule holds", ports, page(3, ""));
  await same("a file without a cookie", ports, script(0, ""));
  await same("a page whose canary fails", ports, at(canary, page, { path: "/broken" }));
  await same("a page of the other version at the same address", ports, at(stable, page, { path: "/broken" }));
  await same("a file that only the other version has", ports, at(canary, script, { path: "/assets/old.0a1b2c3d.js" }));
  await same("a file whose name holds no hash", ports, at(canary, script, { path: "/app.js" }));
  const forged = canary.cookie.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
  const answer = await ask(byHand, page(0, forged));
  if (cookieOf(answer) === "" || cookieOf(await ask(ours, page(0, forged))) === "") {
    throw new Disagreement("A cookie whose signature was changed was taken for a good one.");
  }
}

/** The cookies of visitors who came once, half of them written by each worker. */
export async function cookiesOf(ours, byHand) {
  const cookies = [];
  while (cookies.length < VISITORS) {
    const some = Array.from({ length: 20 }, (_, n) => ask(n % 2 ? ours : byHand, page(cookies.length + n, "")));
    cookies.push(...(await Promise.all(some)).map(cookieOf));
  }
  return cookies;
}
