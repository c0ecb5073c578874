// A team of Cloudflare Access as far as a Worker sees one: keys at an address, and what Access signs for whom it lets in.

import { createSign, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

export const AUD = "f".repeat(64);

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** `{ secret, asked(), foreign, assertion(claims, how), close() }`: the Worker's secret, how often the keys were asked for, keys that are not the team's. */
export async function startTeam() {
  const mine = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...mine.publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" };
  let asked = 0;
  const certs = createServer((request, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/cdn-cgi/access/certs" ? { keys: [jwk] } : {}));
  });
  certs.listen(0, "127.0.0.1");
  await once(certs, "listening");
  const team = `http://127.0.0.1:${certs.address().port}`;

  /** What the header `cf-access-jwt-assertion` says of somebody. */
  function assertion(claims = {}, { key = mine.privateKey, header = {} } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const whole = { aud: [AUD], iss: team, email: "ann@acme.example", iat: now, nbf: now, exp: now + 300, ...claims };
    const text = `${base64url({ alg: "RS256", kid: "k1", typ: "JWT", ...header })}.${base64url(whole)}`;
    const mark = header.alg === "none" ? "" : createSign("RSA-SHA256").update(text).sign(key).toString("base64url");
    return `${text}.${mark}`;
  }

  /** The secret that says whose word counts. */
  const secret = JSON.stringify({ team, aud: AUD, operators: ["ann@acme.example"], viewers: ["*@acme.example"] });
  return { secret, asked: () => asked, foreign, assertion, close: () => certs.close() };
}
