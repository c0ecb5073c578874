// The course of a site over time, kept fresh while somebody looks at its charts: points as the Controller kept them, and how it stands
// now. And what charts make of it: one list of values for each line.

import { useEffect, useState } from "preact/hooks";
import { read } from "./api.mjs";
import { useAsking } from "./asking.mjs";

const EVERY_MS = 5000;
/** So many points are kept here; the Controller thins out its own. */
const MOST = 1000;

/** `{ points, trouble }`; null before the first answer. The newest point is of now. */
export function useCourse(site, revision) {
  const [course, setCourse] = useState({ points: null, trouble: null });
  const begin = () => {
    let kept = [];
    setCourse({ points: null, trouble: null });
    return async (isWanted) => {
      try {
        const after = kept.at(-1)?.at_ms ?? 0;
        const { points, now } = await read(`/api/v1/series?site=${encodeURIComponent(site)}&after=${after}`);
        if (!isWanted()) return;
        // Two answers may hold the same: each point once, in order.
        const all = new Map([...kept, ...points].map((point) => [point.at_ms, point]));
        kept = [...all.values()].sort((one, other) => one.at_ms - other.at_ms).slice(-MOST);
        setCourse({ points: [...kept, now], trouble: null });
      } catch (error) {
        if (isWanted()) setCourse((last) => ({ ...last, trouble: error.message || "no answer" }));
      }
    };
  };
  const again = useAsking(begin, EVERY_MS, site);
  // A decision is a point of its own, so it is asked for at once.
  useEffect(() => {
    again();
  }, [revision]);
  return course;
}

export const seconds = (points) => points.map(({ at_ms }) => at_ms / 1000);

/** Points of the attempt that runs, or that ran last: before it other visitors were counted. */
export function ofAttempt(points) {
  const last = points.findLast(({ guards }) => guards !== undefined);
  if (!last) return [];
  return points.filter(({ guards, canary, attempt }) => guards && canary === last.canary && attempt === last.attempt);
}

/** A line of estimates with intervals: `find` gives `[at, low, high]` of a point, or nothing. */
export function estimates(points, find) {
  const found = points.map((point) => find(point) ?? [null, null, null]);
  const [values, low, high] = [0, 1, 2].map((n) => found.map((one) => one[n]));
  return { values, low: low.map((one, n) => one ?? values[n]), high: high.map((one, n) => one ?? values[n]) };
}

/** How far a reading has come, 1 at its threshold; never below nothing, nor beyond what decides. */
export const way = (reading) => (reading && reading[1] > 0 ? Math.min(1, Math.max(0, reading[0] / reading[1])) : null);

/** The same as numbers, for a table. */
export const logs = (reading) => (reading ? `ln e ${reading[0]} of ${reading[1]}` : "–");

/** Versions that somebody got, with the share of each at every point, where all are drawn together. */
export function shares(points) {
  const versions = [...new Set(points.flatMap(({ split }) => Object.values(split).flatMap(Object.keys)))];
  const areas = [...new Set(points.flatMap(({ split }) => Object.keys(split)))];
  if (areas.every((area) => area === ""))
    return versions.map((version) => ({ name: version, version, values: points.map(({ split }) => split[""]?.[version] ?? 0) }));
  // By areas: what each gives to the version under trial.
  return areas
    .filter((area) => area !== "")
    .map((area) => ({
      name: area,
      values: points.map(({ split, canary, stable }) =>
        split[area] ? (split[area][canary ?? ""] ?? 0) : split[""]?.[stable] ? 0 : null,
      ),
    }));
}

const MINUTE_MS = 60_000;

/**
 * What was taken and dropped within a minute, from sums that only grow, or begin anew at midnight. It comes in handfuls, so it is told
 * over a minute at least, as far as that is known.
 */
export function perMinute(points, of) {
  let from = 0;
  return points.map((point, n) => {
    if (n === 0) return null;
    while (from + 1 < n && points[from + 1].at_ms <= point.at_ms - MINUTE_MS) from += 1;
    const before = points[from];
    const [now, then] = [of(point.intake), of(before.intake)];
    return (now >= then ? now - then : now) / ((point.at_ms - before.at_ms) / MINUTE_MS);
  });
}

/** Reasons for which something was dropped, the most frequent first. */
export function reasons(points) {
  const { drops } = points.at(-1)?.intake ?? { drops: {} };
  return Object.entries(drops)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, n]) => ({ reason, n }));
}
