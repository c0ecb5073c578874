// Texts of configs as they were deployed or published: what the dashboard's editor begins with and goes back to. What is in force is
// what was compiled from them; nothing is decided by a text.

/** So many are kept. */
const MOST = 50;

export class Sources {
  #sql;

  constructor(sql) {
    this.#sql = sql;
  }

  /** Keeps the text after which a revision was in force, unless it is that of before. */
  keep(revision, text, now) {
    if (this.at(revision)?.text === text) return;
    const put = `INSERT INTO sources (revision, at, text) VALUES (?1, ?2, ?3)
      ON CONFLICT (revision) DO UPDATE SET at = excluded.at, text = excluded.text`;
    this.#sql.exec(put, revision, now, text);
    const least = "SELECT revision FROM sources ORDER BY revision DESC LIMIT 1 OFFSET ?1";
    this.#sql.exec(`DELETE FROM sources WHERE revision <= (${least})`, MOST);
  }

  /** The newest text up to a revision: `{ revision, text }`; nothing if there is none. */
  at(revision) {
    const newest = "SELECT revision, text FROM sources WHERE revision <= ?1 ORDER BY revision DESC LIMIT 1";
    return this.#sql.exec(newest, revision).toArray()[0];
  }

  /** Which there are, newest first. */
  all() {
    const rows = this.#sql.exec("SELECT revision, at FROM sources ORDER BY revision DESC").toArray();
    return rows.map(({ revision, at }) => ({ revision, at_ms: at }));
  }
}
