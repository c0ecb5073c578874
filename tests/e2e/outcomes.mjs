// What page views on disk amount to: the rules of docs/feedback.md written down a second time, for visitors of one page each,
// all of them drawn. And how page views become old without waiting.

const BITS = { alive: 1, failed: 16, first: 32, proven: 64, trial: 128, error: 256 };
const POOR_LCP_MS = 2500;
/** The ages at which a page view is judged, what is under way included. */
const FAST_MS = 32_000;
const SLOW_MS = 302_000;
/** After so long everything is judged. */
export const LONG_MS = 310_000;

const SITE = "shop";

/** What the objects of the site that is judged have, each asked of its database. */
function ofSite(worker, ask) {
  return worker.each("Intake", (database) => (fact(database, "about").startsWith(`${SITE} `) ? [ask(database)] : [])).flat();
}

const fact = (database, name) => database.prepare("SELECT value FROM facts WHERE name = ?").get(name)?.value ?? "";

const rowsOf = (database) => database.prepare("SELECT * FROM pages JOIN cell_names USING (cell_number) ORDER BY page").all();

/** The page views that are not yet deleted. */
export const openRows = (worker) => ofSite(worker, rowsOf).flat();

/** The counters that a row raises once it is old. */
function amounts(row) {
  const [alive, first, proven, error] = ["alive", "first", "proven", "error"].map((name) => (row.bits & BITS[name]) !== 0);
  const met = row.goals === "" ? [] : row.goals.split(",");
  const counts = {
    pages: 1,
    pages_alive: alive,
    pages_missing: !alive,
    pages_with_errors: error,
    draws: 1,
    proven,
    errors_reported: row.errors,
    soft_navigations: row.soft,
  };
  for (const goal of met) counts[`pages_goal.${goal}`] = 1;
  if (!proven) return counts;
  const poor = first && row.lcp !== null && row.lcp > POOR_LCP_MS;
  Object.assign(counts, { trials: 1, slow_trials: 1, cold_trials: first });
  for (const [guard, is] of [
    ["missing", !alive],
    ["errors", error],
    ["poor_lcp", poor],
  ])
    Object.assign(counts, { [guard]: is, [`vote.${guard}`]: is });
  for (const goal of met) Object.assign(counts, { [`goal.${goal}`]: 1, [`vote.goal.${goal}`]: 1 });
  return counts;
}

/** Counters of both arms, as `countsOf` reads them from the tallies. */
export class Expected {
  arms = { canary: {}, stable: {} };

  add(row) {
    const counts = this.arms[row.cell.split("|")[1] === "c" ? "canary" : "stable"];
    for (const [name, n] of Object.entries(amounts(row))) if (Number(n) > 0) counts[name] = (counts[name] ?? 0) + Number(n);
  }

  /** Of both arms. */
  total(name) {
    return total(this.arms, name);
  }
}

/** The counters of drawn visitors by arm; everything else that was counted is an error here. */
export function countsOf(tallies) {
  const arms = { canary: {}, stable: {} };
  for (const { class: kind, arm, counts } of tallies.cells) {
    if (kind !== "drawn") throw new Error(`pages of the class ${kind} were counted`);
    for (const [name, n] of Object.entries(counts)) arms[arm][name] = (arms[arm][name] ?? 0) + n;
  }
  return arms;
}

export const total = (arms, name) => (arms.canary[name] ?? 0) + (arms.stable[name] ?? 0);

/** Lets so much time pass for the page views of a Worker that is not running, and for what it has judged of them. */
export function age(worker, ms) {
  const older = (page) => (page === "" ? "" : idAt(Number.parseInt(page.slice(0, 8), 36) - ms) + page.slice(8));
  ofSite(worker, (database) => {
    database.function("older", { deterministic: true }, older);
    database.exec("UPDATE pages SET page = older(page); UPDATE draws SET page = older(page);");
    database.exec("UPDATE facts SET value = older(value) WHERE name IN ('fast', 'slow')");
  });
}

const idAt = (ms) => ms.toString(36).padStart(8, "0");

/** Whether every page view that is old enough was judged, and the ledger knows all that came of it. */
export function isSettled(worker) {
  const left = ofSite(worker, (database) => {
    const count = (query, ...values) => database.prepare(query).get(...values).n;
    const judged = fact(database, "fast");
    const [fast, slow] = [FAST_MS, SLOW_MS].map((ms) => idAt(Date.now() - ms));
    return (
      count("SELECT count(*) AS n FROM pages WHERE (page > ? AND page <= ?) OR page <= ?", judged, fast, slow) +
      count("SELECT count(*) AS n FROM cells WHERE n > told") +
      count("SELECT count(*) AS n FROM votes")
    );
  });
  return left.every((n) => n === 0);
}
