// The lot of the pictures: which dot gets which version at which share.
//
// It stands in for the real one (a salted hash of a visitor's id, in Rust), with the same two properties: a dot's place
// depends on nothing but the dot, and a growing share takes dots in and lets none out. Integers only, so that every
// machine draws the same picture.

const SLOTS = 10_000;

/** The place of a dot among 10,000. */
export function slot(dot) {
  let hash = Math.imul(dot + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return Math.floor(((hash >>> 0) / 2 ** 32) * SLOTS);
}

/** Whether a dot gets the canary while its share is so many percent. */
export const isCanary = (dot, percent) => slot(dot) < percent * 100;
