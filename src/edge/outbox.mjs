// What has to be told to others: kept in the transaction of the decision, sent behind it.
//
// Every message is delivered at least once, in order for each address, and nothing waits for it: a message is sent beside whatever
// the object does. Before a message goes out its row says when it is tried again, so one that was under way when the object ended is
// not lost. How long to wait and when to give up is decided in the Wasm.

import { control } from "./control.mjs";

const TABLES = [
  `CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL,
    body TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0)`,
  "CREATE INDEX IF NOT EXISTS outbox_by_url ON outbox (url, seq)",
  `CREATE TABLE IF NOT EXISTS told (url TEXT PRIMARY KEY, delivered INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '') WITHOUT ROWID`,
];

/** An address that has not answered by then has failed, ms. */
const PATIENCE_MS = 10_000;
/** A message under way is not sent again before, ms. */
const LEASE_MS = PATIENCE_MS + 5000;

export class Outbox {
  #sql;
  /** Addresses that are being told. */
  #busy = new Set();

  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
    this.#sql = ctx.storage.sql;
    for (const table of TABLES) this.#sql.exec(table);
  }

  /** Within the transaction of what it is about. */
  put(messages, now) {
    const put = "INSERT INTO outbox (id, url, secret, body, at, due) VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    for (const { id, url, secret, body } of messages) this.#sql.exec(put, id, url, secret, body, now);
  }

  /** When something has to be sent, or undefined: the first message of each address, the others wait for it. */
  get due() {
    const first = "SELECT min(due) AS due FROM outbox WHERE seq IN (SELECT min(seq) FROM outbox GROUP BY url)";
    return this.#sql.exec(first).one().due ?? undefined;
  }

  /** Begins to send what is due; `then` is called when something has come of it. */
  send(then) {
    const first = "SELECT url FROM outbox WHERE seq IN (SELECT min(seq) FROM outbox GROUP BY url) AND due <= ?1";
    for (const { url } of this.#sql.exec(first, Date.now()).toArray()) {
      if (this.#busy.has(url)) continue;
      this.#busy.add(url);
      const told = this.#tell(url)
        .catch((error) => control.failed(error, "the outbox could not be worked off; it is tried again"))
        .finally(() => this.#busy.delete(url))
        .then(then);
      this.ctx.waitUntil(told);
    }
  }

  /** Tells one address all it is due, one after the other, up to the first failure. */
  async #tell(url) {
    for (;;) {
      const [message] = this.#sql.exec("SELECT * FROM outbox WHERE url = ?1 ORDER BY seq LIMIT 1", url).toArray();
      if (message === undefined || message.due > Date.now()) return;
      this.#sql.exec("UPDATE outbox SET due = ?2, tries = tries + 1 WHERE seq = ?1", message.seq, Date.now() + LEASE_MS);
      const error = await this.#post(message);
      this.ctx.storage.transactionSync(() => this.#came(message, error));
      if (error !== "") return;
    }
  }

  #came({ seq, url, at, tries }, error) {
    const now = Date.now();
    const wait = error === "" ? 0 : control.patience(tries + 1, now - at);
    const [delivered, dropped] = error === "" ? [1, 0] : [0, wait < 0 ? 1 : 0];
    if (delivered || dropped) this.#sql.exec("DELETE FROM outbox WHERE seq = ?1", seq);
    else this.#sql.exec("UPDATE outbox SET due = ?2 WHERE seq = ?1", seq, now + wait);
    this.#sql.exec(
      `INSERT INTO told (url, delivered, dropped, error) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (url) DO UPDATE SET
        delivered = delivered + excluded.delivered, dropped = dropped + excluded.dropped, error = excluded.error`,
      url,
      delivered,
      dropped,
      error,
    );
    if (dropped)
      console.error(JSON.stringify({ level: "error", message: "a webhook's message was given up", host: hostOf(url), error }));
  }

  /** Sends one message; gives what went wrong, or "". */
  async #post({ id, url, secret, body }) {
    try {
      const address = url.startsWith("secret:") ? this.#secret(url.slice(7)) : url;
      if (!isSafe(address)) return "its address is not https";
      const timestamp = String(Math.floor(Date.now() / 1000));
      const headers = {
        "content-type": "application/json",
        "user-agent": "halftone",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
      };
      if (secret !== "") headers["webhook-signature"] = await signature(this.#secret(secret), `${id}.${timestamp}.${body}`);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await fetch(address, { method: "POST", headers, body, redirect: "manual", signal });
      await response.body?.cancel();
      return response.ok ? "" : `it answered ${response.status}`;
    } catch (error) {
      return error?.name === "TimeoutError"
        ? `it did not answer within ${PATIENCE_MS / 1000} s`
        : String(error?.message ?? error);
    }
  }

  #secret(name) {
    const value = this.env[name];
    if (typeof value !== "string" || value === "") throw new Error(`the secret ${name} is not set`);
    return value;
  }

  /** How it goes, by address; of an address only its host is said, the rest may be a secret. */
  status() {
    const rows = this.#sql
      .exec(
        `SELECT url, sum(waiting) AS waiting, sum(delivered) AS delivered, sum(dropped) AS dropped, max(error) AS error FROM (
          SELECT url, 1 AS waiting, 0 AS delivered, 0 AS dropped, '' AS error FROM outbox
          UNION ALL SELECT url, 0, delivered, dropped, error FROM told) GROUP BY url ORDER BY url`,
      )
      .toArray();
    return rows.map(({ url, waiting, delivered, dropped, error }) => ({ host: hostOf(url), waiting, delivered, dropped, error }));
  }
}

function hostOf(url) {
  return url.startsWith("secret:") ? url : new URL(url).host;
}

function isSafe(address) {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname));
}

/** As the Standard Webhooks specification has it: HMAC-SHA-256 in base64, with its scheme in front. */
async function signature(secret, text) {
  const encoder = new TextEncoder();
  const raw = secret.startsWith("whsec_")
    ? Uint8Array.from(atob(secret.slice(6)), (letter) => letter.charCodeAt(0))
    : encoder.encode(secret);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
  return `v1,${btoa(String.fromCharCode(...mac))}`;
}
