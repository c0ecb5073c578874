// What a running Worker has noted of page views: the rows of its Intake objects, and what they amount to once they are old.
// No test waits half a minute for a row to be of age; its id begins with its time, so it is set back in storage instead.

/** Bits of a row, those of `beacon::row`. */
export const BIT = { alive: 1, hidden: 2, untested: 8, first: 32, proven: 64, trial: 128, error: 256, lateFcp: 512 };

const WITHIN_MS = 10_000;
const EVERY_MS = 50;

/** Asks until the answer is something, and gives it; what is asked for is noted a moment after it happens. */
export async function eventually(ask, what) {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`within ${WITHIN_MS / 1000} s there is not ${what}`);
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

/** The rows of a site that keeps them in one object (`shards: 1`), as a running Worker has them. */
export class Intake {
  #worker;
  #site;
  #storage;

  /** `site` is its name; it answers at `SITE.localhost`. */
  constructor(worker, site) {
    this.#worker = worker;
    this.#site = site;
  }

  /** The object's storage; null before anything was noted. */
  async #sql() {
    if (this.#storage) return this.#storage;
    for (const id of await this.#worker.objects("INTAKE")) {
      const storage = await this.#worker.storage("INTAKE", id);
      const [about] = await storage.exec("SELECT value FROM facts WHERE name = 'about'");
      if (about?.value.split(" ")[0] === this.#site) this.#storage = storage;
    }
    return this.#storage ?? null;
  }

  /** All rows, oldest first; those of one visitor, if it is said which browser context is theirs. */
  async rows(context) {
    const all = (await (await this.#sql())?.exec("SELECT * FROM pages JOIN cell_names USING (cell_number) ORDER BY page")) ?? [];
    if (!context) return all;
    const cookies = await context.cookies(`http://${this.#site}.localhost`);
    const id = cookies.find(({ name }) => name === "halftone")?.value.split(":")[1];
    return all.filter(({ visitor }) => visitor === id);
  }

  /** The last row of a visitor, once it has all of these bits and `also` holds of it. */
  row(context, bits = 0, also = () => true) {
    return eventually(async () => {
      const row = (await this.rows(context)).at(-1);
      return row && (row.bits & bits) === bits && also(row) ? row : null;
    }, `a row with the bits ${bits} and ${also}`);
  }

  /** Makes every row so much older, wakes the object, and gives its counts once they have `counter`. */
  async aged(ms, counter) {
    const sql = await this.#sql();
    // All at once: the object may fold at any moment, and is not to find some of them old and others young.
    const older = (page) => (Number.parseInt(page.slice(0, 8), 36) - ms).toString(36).padStart(8, "0") + page.slice(8);
    const statements = (await this.rows()).flatMap(({ page }) =>
      ["pages", "draws"].map((table) => `UPDATE ${table} SET page = '${older(page)}' WHERE page = '${page}';`),
    );
    await sql.exec(statements.join("\n"));
    // A robot's page is noted, which wakes the object, and is no row.
    const robot = await this.#worker.navigate(Object.assign(new URL(this.#worker.url), { hostname: `${this.#site}.localhost` }), {
      headers: { "user-agent": "Googlebot/2.1" },
    });
    await robot.body?.cancel();
    return eventually(async () => {
      const counts = await this.counts();
      return counter in counts ? counts : null;
    }, `the counter ${counter}`);
  }

  /** What pages that were drawn amount to: `{ "v2 missing": 1 }`. */
  async counts() {
    const cells = (await (await this.#sql())?.exec("SELECT key, n FROM cells WHERE key LIKE 'drawn|%'")) ?? [];
    return Object.fromEntries(
      cells.map(({ key, n }) => {
        const [, , version, , , , , counter] = key.split("|");
        return [`${version} ${counter}`, n];
      }),
    );
  }
}
