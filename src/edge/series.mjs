// The course of a site over time, for charts: a point at each decision, and now and then while something is counted. What a point
// says is made in the Wasm; it decides nothing, and nothing is missing without it.
//
// So many are kept and no more. When there are, every second one of the older half goes: what is near is seen closely, and what
// is long ago is still seen.

/** Points without a decision are so far apart, ms. */
const EVERY_MS = 10_000;
/** Of so many the older half is thinned out. */
const MOST = 400;

const THIN = `DELETE FROM points WHERE at IN
  (SELECT at FROM (SELECT at, row_number() OVER (ORDER BY at) AS n FROM points) WHERE n <= ?1 AND n % 2 = 0)`;

export class Series {
  #sql;
  /** When the newest was kept, and what it said. */
  #newest;

  constructor(sql) {
    this.#sql = sql;
    const [row] = sql.exec("SELECT at, point FROM points ORDER BY at DESC LIMIT 1").toArray();
    this.#newest = { at: row?.at ?? 0, said: row === undefined ? "" : withoutTime(row.point) };
  }

  /** Whether one is due though nothing was decided. */
  isDue(now) {
    return now - this.#newest.at >= EVERY_MS;
  }

  /** Keeps a point, unless it says nothing new. */
  keep(point, now) {
    const said = withoutTime(point);
    if (said === this.#newest.said) return;
    this.#sql.exec(
      "INSERT INTO points (at, point) VALUES (?1, ?2) ON CONFLICT (at) DO UPDATE SET point = excluded.point",
      now,
      point,
    );
    this.#newest = { at: now, said };
    if (this.#sql.exec("SELECT count(*) AS n FROM points").one().n > MOST) this.#sql.exec(THIN, MOST / 2);
  }

  /** Points behind a time, oldest first, as JSON texts. */
  behind(after) {
    return this.#sql
      .exec("SELECT point FROM points WHERE at > ?1 ORDER BY at", after)
      .toArray()
      .map(({ point }) => point);
  }

  /** What was taken today and what was dropped ever, by reason, as a member of a point. */
  intake() {
    const beacons = this.#sql.exec("SELECT beacons FROM budget ORDER BY day DESC LIMIT 1").toArray()[0]?.beacons ?? 0;
    const drops = this.#sql.exec("SELECT reason, n FROM drops ORDER BY reason").toArray();
    return { beacons, drops: Object.fromEntries(drops.map(({ reason, n }) => [reason, n])) };
  }
}

function withoutTime(point) {
  return JSON.stringify({ ...JSON.parse(point), at_ms: 0 });
}
