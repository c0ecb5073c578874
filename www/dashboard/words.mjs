// Every word the dashboard has for what the API says: short, plain, and for somebody who has never seen statistics.

const GUARDS = {
  missing: ["Blank pages", "pages that were opened and never showed anything", "stayed blank"],
  errors: ["Script errors", "pages on which something broke", "had an error"],
  origin_failure: ["Server failures", "pages the server could not deliver", "failed on the server"],
  poor_lcp: ["Slow to load", "pages whose main content came late", "loaded slowly"],
  poor_inp: ["Slow to react", "pages that answered clicks and keys late", "reacted slowly"],
  poor_cls: ["Jumping layout", "pages whose content jumped about", "jumped about"],
  slow_fcp: ["Slow first paint", "pages that showed the first thing late", "were painted late"],
  slow_ttfb: ["Slow server", "pages whose server answered late", "were answered late"],
};

/** A guard: its name, what it is about, what it counts, and what a page that counts did. */
export function guardWords(name) {
  if (name.startsWith("goal.")) {
    const goal = name.slice(5);
    const about = `visitors who reached “${goal}”; fewer is worse`;
    return { name: `Goal “${goal}”`, about, counted: "Visitors who reached it", did: `reached “${goal}”` };
  }
  const [title, about, did] = GUARDS[name] ?? [name.replaceAll("_", " "), name, name];
  return { name: title, about, counted: "Pages that did badly", did };
}

/** `25%` as a number of percent. */
export const percent = (text) => Number.parseFloat(text) || 0;

/** 25 → `25 %`, 0.25 → `0.25 %`. */
export const percentWords = (share) => `${Number(share.toFixed(share < 1 ? 2 : 1))}\u00a0%`;

export function rate(bad, trials) {
  if (trials === 0) return "–";
  const share = (bad / trials) * 100;
  return `${share.toFixed(share < 10 ? 1 : 0)}\u00a0%`;
}

/** 102600 → `102 600`, which no line's end divides. */
export const count = (n) => new Intl.NumberFormat("en").format(n).replaceAll(",", "\u202f");

/** A span of time as people say it. */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) {
    const [h, min] = [Math.floor(s / 3600), Math.round((s % 3600) / 60)];
    return min > 0 && min < 60 ? `${h} h ${min} min` : `${h} h`;
  }
  return `${Math.round(s / 86_400)} days`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** When, on the clock of whoever looks: today's by its time alone. */
export function when(ms, now) {
  const isToday = DAY.format(ms) === DAY.format(now);
  return isToday ? CLOCK.format(ms) : `${DAY.format(ms)}, ${CLOCK.format(ms)}`;
}

const PHASES = {
  idle: ["No rollout", "calm"],
  scheduled: ["Waiting to start", "calm"],
  ramping: ["Rolling out", "moving"],
  paused: ["Paused", "stopped"],
  held: ["Held", "stopped"],
  promoted: ["Promoted", "good"],
  rolled_back: ["Rolled back", "bad"],
  aborted: ["Stopped", "calm"],
};

/** The phase: its name, and its tone. */
export function phaseWords({ phase, off }) {
  const [name, tone] = off ? ["Switched off", "bad"] : (PHASES[phase] ?? [phase, "calm"]);
  return { name, tone };
}

/** What harm does while a person keeps a rollout where it is. */
export const backWords = (rollout) =>
  rollout?.decide === "never" ? "Harm is only shown: a person takes it back." : "Harm still takes it back at once.";

const HELD = {
  silent: "No page has reported for ten minutes. It goes on by itself as soon as pages report again.",
  few_networks: "It looks harmful, but only a few networks say so. If more do, it goes back by itself.",
  inflow: "It looks harmful amid more reports than their networks should send. It decides itself as more comes in.",
  sample_ratio:
    "One group of visitors is larger or smaller than it should be: something loses or adds visitors of one version. A person has to look.",
  deadline: "Its time is up without a verdict. A person decides: give it as long again, promote, or roll back.",
  area_back: "One area has gone back, and going on would bring it the new version again. A person decides.",
};

export const heldWords = (held) => HELD[held] ?? "Something holds it.";

/** Who gets the canary on a step: `[{ name, share }]`, one without a name where all are drawn together. */
export function sharesOf(step) {
  const { weights } = step ?? {};
  if (!weights) return [];
  if (weights.first !== undefined && weights.of !== undefined)
    return [{ name: `the first ${count(Number(weights.first))} to arrive`, share: percent(weights.of) }];
  return Object.entries(weights).map(([name, text]) => ({ name, share: percent(text) }));
}

/** Rungs between the steps of a config, and periods behind them, are not the config's. */
const isOfConfig = ({ between, period }) => !between && !period;

/**
 * The steps as a person counts them: those of the config, numbered, and in their midst the one it is on, where that is a rung between
 * two of them, or behind them, where a goal says how many get the canary. `[{ step, at, number }]`, `at` as the status counts.
 */
export function stepsShown({ steps, step: now }) {
  let number = 0;
  const numbered = steps.map((step, n) => ({ step, at: n + 1, number: isOfConfig(step) ? ++number : null }));
  return numbered.filter(({ step, at }) => isOfConfig(step) || at === now);
}

/** The same as a few words. */
export function stepWords(step) {
  const shares = sharesOf(step);
  if (shares.length === 0) return "nobody";
  const reached = shares.filter(({ share }) => share > 0);
  if (reached.length === 0) return "nobody";
  return reached.map(({ name, share }) => (name === "" ? percentWords(share) : `${name} ${percentWords(share)}`)).join(", ");
}

const DROPPED = {
  too_large: "a report that is too large",
  too_many: "too many reports in one",
  bad_type: "of a type that no page sends",
  bad_json: "not readable",
  bad_field: "a value that can not be",
  bad_token: "from a page that Halftone did not serve",
  no_page: "from a page that was never counted",
  foreign: "with another visitor’s page",
  expired: "came too late",
  duplicate: "said before",
  unknown_version: "of a rollout that is over",
  unknown_event: "of a newer page script",
  bot: "a listed robot",
  opted_out: "no consent, or asked to be left alone",
  rate_limited: "too many at once",
  budget: "over the day’s budget",
};

/** Why a report was not taken, beside the word that counts and metrics have for it. */
export const droppedWords = (reason) => DROPPED[reason] ?? "";

const KINDS = {
  start: "Config in force",
  refuse: "Config refused",
  queue: "Config waits",
  advance: "Next step",
  hold: "Held",
  resume: "Goes on",
  pause: "Paused",
  approve: "Approved",
  promote: "Promoted",
  roll_back: "Rolled back",
  abort: "Stopped",
  clear: "Out of quarantine",
  off: "Switched off",
  on: "Switched on",
  restore: "Restored",
  freeze: "Frozen",
  unfreeze: "Freeze ended",
};

export const kindWords = (kind) => KINDS[kind] ?? kind.replaceAll("_", " ");

const AUTHORS = { evidence: "Evidence", policy: "Halftone", deploy: "A deploy" };

export const authorWords = (by) => AUTHORS[by] ?? by;
export const isPerson = (by) => !(by in AUTHORS);

/** One thing a rollout waits for: what, how far, and whether it is a person's to end. */
export function waitingWords(waiting, now) {
  switch (waiting.for) {
    case "hold":
      return { title: "Time on this step", text: `${span(waiting.until_ms - now)} more` };
    case "visitors":
      return {
        title: "Enough visitors",
        text: `${count(waiting.drawn)} of ${count(waiting.least)}`,
        part: waiting.drawn / Math.max(1, waiting.least),
      };
    case "start":
      return { title: "Its start", text: `${when(waiting.until_ms, now)}, in ${span(waiting.until_ms - now)}` };
    case "freeze":
      return { title: "A freeze", text: `until ${when(waiting.until_ms, now)}${waiting.why ? `: ${waiting.why}` : ""}` };
    case "window":
      return { title: "Its hours", text: `they begin ${when(waiting.until_ms, now)}, in ${span(waiting.until_ms - now)}` };
    case "pace":
      return {
        title: "More known of the harm",
        text: `by what is known now ${percentWords(percent(waiting.allowed))} may get it`,
      };
    case "approval":
      return { title: "A person’s yes", text: "this step asks for approval" };
    case "person":
      return { title: "A person", text: "takes it further by hand" };
    case "safe":
      return { title: "Proof that it is safe", text: waiting.guards.map((guard) => guardWords(guard).name).join(", ") };
    case "held":
      return { title: "What holds it", text: heldWords(waiting.why) };
    default:
      return { title: waiting.for.replaceAll("_", " "), text: "" };
  }
}
