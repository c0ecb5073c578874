// The charts of a site: who got what over time and what was decided, what the evidence said, how fast pages were, and whether what is
// counted can be trusted.

import { useState } from "preact/hooks";
import { Chart, moment } from "./chart.mjs";
import { estimates, logs, ofAttempt, perMinute, reasons, seconds, shares, useCourse, way } from "./course.mjs";
import { Badge } from "./guards.mjs";
import { html } from "./html.mjs";
import { authorWords, count, droppedWords, guardWords, isPerson, kindWords, percentWords } from "./words.mjs";

const SPANS = { all: ["Everything", Number.POSITIVE_INFINITY], day: ["A day", 86_400_000], hour: ["An hour", 3_600_000] };
/** So many marks can be told from each other. */
const MOST_MARKS = 12;

const share = (value) => percentWords(value * 100);
const whole = (value) => percentWords(value);
const done = (value) => `${Math.round(value * 100)}\u00a0%`;
const COLORS = ["--stable", "--canary", "--move", "--good", "--stop", "--bad"];

export function Charts({ known, now }) {
  const { status, story } = known;
  const { points, trouble } = useCourse(status.site, status.revision);
  const [span, setSpan] = useState("all");
  if (!points)
    return html`<section class="card"><h1>Charts</h1><p class="empty" role="status">${trouble ? `The course of the site is not known: ${trouble}. It is asked for again.` : "Looking …"}</p></section>`;
  const since = now - SPANS[span][1];
  const seen = points.filter(({ at_ms }) => at_ms >= since);
  const attempt = ofAttempt(seen);
  const marks = marked(story, seen);
  const names = { canary: attempt.at(-1)?.canary ?? "canary", stable: attempt.at(-1)?.stable ?? status.stable };
  return html`<div class="charts">
    <header class="over">
      <h1>Charts</h1>
      <div class="choice" role="group" aria-label="How far back">
        ${Object.entries(SPANS).map(
          ([name, [words]]) =>
            html`<button key=${name} type="button" aria-pressed=${name === span ? "true" : "false"} onClick=${() => setSpan(name)}>${words}</button>`,
        )}
      </div>
    </header>
    <${Split} points=${seen} marks=${marks} />
    <${Evidence} points=${attempt} marks=${marks} names=${names} />
    <${Vitals} points=${attempt} names=${names} />
    <section class="card grid" aria-labelledby="pages">
      <h2 id="pages">What was seen</h2>
      <${Missing} points=${attempt} names=${names} />
      <${Areas} points=${attempt} />
      <${Ratio} points=${attempt} />
      <${Intake} points=${seen} />
    </section>
  </div>`;
}

/** What was decided while these points were kept, by revision: the newest dozen. */
function marked(story, points) {
  const first = points[0]?.at_ms ?? 0;
  const marks = [];
  for (const { at_ms, revision, kind, by, reason, step } of story.filter((one) => one.at_ms >= first)) {
    const words = `${kindWords(kind)}${kind === "advance" && step?.[1] ? ` ${step[1]}` : ""}`;
    const known = marks.find((one) => one.revision === revision && one.at === at_ms / 1000);
    if (known) known.words = `${words}, ${known.words}`;
    else marks.push({ at: at_ms / 1000, sign: String(revision), revision, words, reason, by });
  }
  return marks.slice(0, MOST_MARKS).reverse();
}

function Split({ points, marks }) {
  const lines = shares(points).map((line, n) => ({
    ...line,
    color: COLORS[n % COLORS.length],
    isStepped: true,
    fill: n > 0,
  }));
  const isByArea = lines.length > 0 && lines[0].version === undefined;
  const span = points.length > 0 ? (points.at(-1).at_ms - points[0].at_ms) / 1000 : 0;
  return html`<section class="card" aria-labelledby="split">
    <h2 id="split">Who got what, and what was decided</h2>
    <${Chart} title=${isByArea ? "Share of the canary in each area" : "Share of each version"} hint="of visitors whom no rule is for"
      at=${seconds(points)} lines=${lines} format=${whole} range=${[0, 105]} marks=${marks} />
    ${
      marks.length > 0 &&
      html`<ol class="marks" aria-label="Decisions in this chart">
        ${marks.map(
          ({ at, sign, words, reason, by }) => html`<li key=${sign + at}>
            <b>${sign}</b> <span>${words} ${isPerson(by) ? `by ${by}` : `by ${authorWords(by).toLowerCase()}`}<small> · ${moment(at, span)} · ${reason}</small></span>
          </li>`,
        )}
      </ol>`
    }
  </section>`;
}

function Evidence({ points, marks, names }) {
  const at = seconds(points);
  const guards = points.at(-1)?.guards ?? [];
  const of = (guard, point) => point.guards.find((one) => one.guard === guard);
  return html`<section class="card" aria-labelledby="proof">
    <h2 id="proof">What the evidence said of each check</h2>
    ${
      guards.length === 0
        ? html`<p class="empty">Nothing is compared while nobody is drawn. As soon as a rollout gives a new version to some visitors, every check has its two charts here.</p>`
        : html`<p class="hint">On the left what share of pages did badly (or of visitors reached a goal), with the range in which the truth is, whenever one looks. On the right how far the proof has come: up to the upper line it is safe, down to the lower it is harm.</p>`
    }
    ${guards.map(({ guard, says }) => {
      const { name, counted, did } = guardWords(guard);
      const arm = (which) => ({
        name: names[which],
        color: `--${which}`,
        ...estimates(points, (point) => of(guard, point)?.[which]),
      });
      const path = (which, sign) =>
        points.map((point) => {
          const far = way(of(guard, point)?.[which]);
          return far === null ? null : sign * far;
        });
      const words = (which) => points.map((point) => logs(of(guard, point)?.[which]));
      const read = (value) => done(Math.abs(value));
      return html`<div key=${guard} class="pair">
        <h3>${name} <${Badge} says=${says} /></h3>
        <${Chart} title=${counted} hint=${`share that ${did}`} at=${at} lines=${[arm("stable"), arm("canary")]} format=${share} marks=${marks} />
        <${Chart} title="The proof" hint="share of what each answer takes" at=${at} format=${read} ticks=${(value) => (value === 0 ? "0" : read(value))}
          lines=${[
            { name: "safe", color: "--good", values: path("safe", 1), words: words("safe") },
            { name: "harm", color: "--bad", values: path("harm", -1), words: words("harm") },
          ]}
          range=${[-1.15, 1.15]}
          thresholds=${[{ value: 1, label: "safe", color: "--good" }, { value: -1, label: "harm", color: "--bad" }]} />
      </div>`;
    })}
  </section>`;
}

const VITALS = {
  lcp: ["Largest content painted", 2500],
  inp: ["Interaction to next paint", 200],
  cls: ["Layout shift", 0.1],
  fcp: ["First content painted", 1800],
  ttfb: ["First byte", 800],
};

function Vitals({ points, names }) {
  const seen = Object.keys(VITALS).filter((vital) => points.some((point) => point.vitals.some((one) => one.vital === vital)));
  return html`<section class="card grid" aria-labelledby="vitals">
    <h2 id="vitals">How fast pages were</h2>
    ${seen.length === 0 && html`<p class="empty">No page has reported its vitals on this step yet.</p>`}
    ${seen.map((vital) => {
      const [title, good] = VITALS[vital];
      const of = (which) => ({
        name: names[which],
        color: `--${which}`,
        ...estimates(points, (point) => point.vitals.find((one) => one.vital === vital)?.[which]),
      });
      const lines = [of("stable"), of("canary")];
      const most = Math.max(...lines.flatMap(({ values }) => values.filter((value) => value !== null)));
      const format = vital === "cls" ? (value) => value.toFixed(3) : (value) => `${count(Math.round(value))}\u00a0ms`;
      return html`<${Chart} key=${vital} title=${title} hint="three quarters of pages were at least as good" at=${seconds(points)} lines=${lines} format=${format}
        thresholds=${most > good * 0.6 ? [{ value: good, label: "good", color: "--good" }] : []} />`;
    })}
  </section>`;
}

function Missing({ points, names }) {
  const of = (which) => ({
    name: names[which],
    color: `--${which}`,
    values: points.map(({ arms }) => (arms[which].pages > 0 ? arms[which].missing / arms[which].pages : null)),
  });
  const last = points.at(-1)?.arms;
  const words =
    last &&
    ["canary", "stable"]
      .map((which) => `${count(last[which].missing)} of ${count(last[which].pages)} with ${names[which]}`)
      .join(", ");
  return html`<${Chart} title="Missing pages" hint=${words ?? "opened and never shown"} at=${seconds(points)} lines=${[of("stable"), of("canary")]} format=${share} />`;
}

function Areas({ points }) {
  const places = [...new Set(points.flatMap((point) => point.places.map(({ place }) => place)))].sort();
  const lines = places.map((place, n) => ({
    name: place || "all visitors",
    color: COLORS[(n + 1) % COLORS.length],
    values: points.map((point) => {
      const found = point.places.find((one) => one.place === place);
      return found && found.canary + found.stable > 0 ? found.canary / (found.canary + found.stable) : null;
    }),
  }));
  return html`<${Chart} title="The canary’s part of drawn visitors" hint="by area, since the rollout began" at=${seconds(points)} lines=${lines} format=${share} />`;
}

function Ratio({ points }) {
  const values = points.map(({ ratio }) => way(ratio));
  return html`<${Chart} title="Are both groups as large as drawn?" hint="doubt; at the line it stops and a person looks" at=${seconds(points)}
    lines=${[{ name: "doubt", color: "--stop", values }]} format=${done} range=${[0, 1.15]}
    thresholds=${[{ value: 1, label: "alarm", color: "--bad" }]} />`;
}

function Intake({ points }) {
  const dropped = reasons(points);
  const lines = [
    { name: "taken", color: "--good", values: perMinute(points, ({ beacons }) => beacons) },
    ...dropped.slice(0, 4).map(({ reason }, n) => ({
      name: reason.replaceAll("_", " "),
      color: ["--bad", "--stop", "--move", "--stable"][n],
      values: perMinute(points, ({ drops }) => drops[reason] ?? 0),
    })),
  ];
  const format = (value) => count(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
  return html`<div>
    <${Chart} title="What pages sent" hint="reports within a minute" at=${seconds(points)} lines=${lines} format=${format} />
    ${
      dropped.length > 0 &&
      html`<table class="plain-table"><caption>Dropped ever, by reason</caption>
        <tbody>${dropped.map(
          ({ reason, n }) =>
            html`<tr key=${reason}><th scope="row">${reason.replaceAll("_", " ")} <small>${droppedWords(reason)}</small></th><td>${count(n)}</td></tr>`,
        )}</tbody></table>`
    }
  </div>`;
}
