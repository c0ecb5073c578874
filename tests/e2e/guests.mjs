// Visitors of several sites of one running Worker, and what its objects have noted of them.

import { createHash } from "node:crypto";
import { eventually, Visitor } from "./population.mjs";

/** An operator, and the secret that names them. */
export const OPERATOR = "operator-token-of-the-tests-0001";
export const TOKENS = `ann:operator:${createHash("sha256").update(OPERATOR).digest("hex")}`;

/** A page that has nothing but its version. */
export const page = (version) =>
  `<!doctype html><html><head><title>${version}</title></head><body><p>${version}</p></body></html>`;

/** A site of which half the visitors are drawn, and heard of by one object. */
export const heard = (host, rest = {}) => ({
  hosts: [host],
  versions: { v1: "assets:v1", v2: "assets:v2" },
  stable: "v1",
  rollout: { canary: "v2", steps: ["50%"], decide: "never", guards: { "goal.order": true } },
  feedback: { shards: 1 },
  ...rest,
});

const BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/** All that tests ask of a Worker whose admin surface is `localhost` and whose sites are at `NAME.localhost`. */
export function around(worker, operator) {
  const everybody = [];

  /** A visitor of a site. */
  class Guest extends Visitor {
    constructor(host = "shop.localhost") {
      super(worker);
      this.host = host;
      everybody.push(this);
    }

    open(path = "/", headers = {}) {
      return super.open(`http://${this.host}${path}`, headers);
    }

    /** The page's script says these things of it. */
    async say(...events) {
      const { status } = await this.send(events);
      if (status !== 204) throw new Error(`a beacon was answered ${status}`);
    }

    /** Sends events, or a body as it is; gives the answer. */
    send(body, headers = {}) {
      const all = this.headers({ "content-type": "text/plain", ...headers });
      const text = typeof body === "string" ? body : JSON.stringify(body.map((event) => ({ t: this.token, ...event })));
      return worker.fetch(`http://${this.host}/_halftone/in`, { method: "POST", body: text, headers: all });
    }

    get id() {
      return /halftone=1:([^:]+)/.exec(this.cookie)[1];
    }
  }

  async function guest(host, version) {
    for (;;) {
      const one = new Guest(host);
      await (await one.open()).body?.cancel();
      if (version === undefined || one.version === version) return one;
    }
  }

  const admin = (path) => worker.fetch(`http://localhost${path}`, { headers: { authorization: `Bearer ${operator}` } });
  const tallies = async (name) => (await admin(`/api/v1/tallies?site=${name}`)).json();

  /** The storage of a site's only Intake object. */
  async function intake(name) {
    for (const id of await worker.objects("INTAKE")) {
      const sql = await worker.storage("INTAKE", id);
      const [about] = await sql.exec("SELECT value FROM facts WHERE name = 'about'");
      if (about?.value.startsWith(`${name} `)) return sql;
    }
    throw new Error(`nothing was noted of ${name}`);
  }

  /** The storage of a site's Controller. */
  async function controller(name) {
    for (const id of await worker.objects("CONTROLLER")) {
      const sql = await worker.storage("CONTROLLER", id);
      const [known] = await sql.exec("SELECT value FROM helm WHERE name = 'site'");
      if (known?.value === name) return sql;
    }
    throw new Error(`${name} has no Controller yet`);
  }

  /** Makes every open page of a site so much older, and wakes its object by a robot's page. */
  async function age(name, ms) {
    const sql = await intake(name);
    const older = (id) => (Number.parseInt(id.slice(0, 8), 36) - ms).toString(36).padStart(8, "0") + id.slice(8);
    const rows = await sql.exec("SELECT page FROM pages");
    const statements = rows.map(({ page: id }) =>
      ["pages", "draws"].map((table) => `UPDATE ${table} SET page = '${older(id)}' WHERE page = '${id}';`).join("\n"),
    );
    // One statement too long is refused: SQLite allows 100 kB on the platform.
    for (let i = 0; i < statements.length; i += 200) await sql.exec(statements.slice(i, i + 200).join("\n"));
    await robot(`${name}.localhost`);
  }

  const robot = async (host) => (await worker.navigate(`http://${host}/`, { headers: { "user-agent": BOT } })).body?.cancel();

  /** How many beacons of a site were dropped for a reason, once there are some. What an isolate dropped is told with a later request. */
  const dropped = (one, name, reason) =>
    eventually(async () => {
      await one.send("[]");
      return (await tallies(name)).drops[reason];
    }, `a beacon dropped as ${reason}`);

  return { BOT, Guest, everybody, guest, admin, tallies, intake, controller, age, robot, dropped };
}
