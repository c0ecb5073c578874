// What is in force, as a Controller keeps it, for who asks while the second bundle is not there yet. A text that another build
// left is not given: this one may have brought another config, and may write it differently.

/** What this build is, as its build says. */
export const BUILD = HALFTONE_BUILD;

const KEPT = "SELECT name, value FROM helm WHERE name IN ('revision', 'live', 'build')";

/** The line for a site as `Helm.live` gives it; undefined if this build has not given it yet. */
export function inForce(sql) {
  try {
    const { revision, live, build } = Object.fromEntries(sql.exec(KEPT).raw());
    return build === BUILD ? written(revision, live) : undefined;
  } catch {
    // There is no such table yet.
    return undefined;
  }
}

/** The site in force, and since which revision. */
export function written(revision, live) {
  return `${revision} live ${live}`;
}
