// Who changed what, when and why: the log, newest first, in plain words.

import { html } from "./html.mjs";
import { authorWords, isPerson, kindWords, when } from "./words.mjs";

const TONES = {
  promote: "good",
  roll_back: "bad",
  hold: "stopped",
  pause: "stopped",
  refuse: "bad",
  off: "bad",
  advance: "moving",
};

/** The same decision may stand for several steps at once; the last says where it went. */
export function Story({ story, now, most = 200, restore }) {
  const seen = story.slice(0, most);
  if (seen.length === 0)
    return html`<p class="empty">Nothing has been decided yet. Everything that happens will be written down here.</p>`;
  return html`<ol class="story">
    ${seen.map((one, at) => {
      const { seq, at_ms, kind, by, reason, why, step, revision } = one;
      const [from, to] = step ?? [0, 0];
      const words = why && why !== reason ? why : "";
      // A revision may be shown by several entries; it can be gone back to from the newest of them.
      const isFirst = at === 0 || seen[at - 1].revision !== revision;
      return html`<li key=${`${seq} ${kind}`} class=${TONES[kind] ?? "calm"}>
        <span class="mark" aria-hidden="true"></span>
        <div>
          <p>
            <b>${kindWords(kind)}</b>${kind === "advance" && to > 0 ? ` ${to}` : ""}
            ${from !== to && kind !== "advance" && to > 0 ? html`${" "}<small>step ${to}</small>` : ""}${" "}
            <span class="by">${isPerson(by) ? html`by <b>${by}</b>` : `by ${authorWords(by).toLowerCase()}`}</span>
          </p>
          <p class="reason">${reason}${words && html` <q>${words}</q>`}</p>
          <p class="meta"><time datetime=${new Date(at_ms).toISOString()}>${when(at_ms, now)}</time> · revision ${revision}
            ${restore && isFirst && restore(revision)}</p>
        </div>
      </li>`;
    })}
  </ol>`;
}
