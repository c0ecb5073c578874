// The tables of an object, made and changed by numbered steps: a step that has been taken is never changed, another is put behind
// it. A database of a later build keeps what that build made; what this one needs of it is there, as steps only add.

/** Takes the steps that a database has not taken yet, each in a transaction of its own with its number. */
export function migrate(storage, steps) {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS schema (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL)");
  const version = sql.exec("SELECT version FROM schema").toArray()[0]?.version ?? 0;
  steps.slice(version).forEach((step, at) => {
    storage.transactionSync(() => {
      for (const statement of step) sql.exec(statement);
      const put = "INSERT INTO schema (one, version) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET version = excluded.version";
      sql.exec(put, version + at + 1);
    });
  });
}
