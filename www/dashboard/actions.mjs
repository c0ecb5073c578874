// What an operator can do from here. Each is asked for once more, with what it will do and a place for a reason; taking a release
// back is two clicks and nothing to fill in.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { backWords, stepWords } from "./words.mjs";

/** Commands: the button, the question, what will happen, and whether it is grave. */
export const COMMANDS = {
  rollback: {
    label: "Roll back",
    tone: "grave",
    does: ({ stable, rollout }) =>
      `Everybody gets ${stable} within ten seconds. ${rollout?.canary} goes into quarantine until somebody clears it.`,
  },
  pause: { label: "Pause", does: ({ rollout }) => `It stays on this step. ${backWords(rollout)}` },
  resume: {
    label: "Go on",
    tone: "main",
    does: ({ rollout }) =>
      rollout?.decide === "auto" ? "It moves by evidence again." : "It may go further again, when a person says so.",
  },
  approve: {
    label: "Approve",
    tone: "main",
    does: () => "You agree that this step is left, as soon as everything else is there.",
  },
  advance: {
    label: "Next step",
    does: ({ rollout }) => `${stepWords(rollout.steps[rollout.step])} get ${rollout.canary} now, whatever the evidence says.`,
  },
  promote: {
    label: "Promote",
    does: ({ rollout, stable }) => `${rollout.canary} replaces ${stable} for everybody now, whatever the evidence says.`,
  },
  abort: {
    label: "Stop",
    does: ({ stable }) => `The rollout ends without a verdict: everybody gets ${stable}, nothing goes into quarantine.`,
  },
  retry: {
    label: "Try again",
    does: ({ rollout }) => `The rollout of ${rollout?.canary} starts again from its first step, with fresh draws.`,
  },
  freeze: {
    label: "Freeze",
    does: () => "Nothing goes forward until then, by itself or by a person. Rolling back waits for nobody.",
  },
  unfreeze: { label: "End the freeze", tone: "main", does: () => "What waits may go forward again at once." },
  clear: { label: "Clear", does: (_, { version }) => `${version} may be given to visitors again.` },
  off: {
    label: "Switch off",
    does: ({ stable }) => `Everybody gets ${stable} at once, and nothing is measured. The rollout stays where it is.`,
  },
  on: { label: "Switch on", tone: "main", does: () => "The split that was in force is in force again." },
  publish: { label: "Publish", tone: "main", does: () => "It comes into force as a new revision." },
  restore: { label: "Restore", does: (_, { revision }) => `What revision ${revision} had is in force again, as a new revision.` },
};

/** What makes sense now, the most likely first. */
export function possible(status) {
  const { phase, off, rollout, waiting = [], quarantine } = status;
  const freeze = status.freeze ? "unfreeze" : "freeze";
  if (off) return ["on"];
  const next = rollout && rollout.step < rollout.steps.length ? ["advance"] : [];
  const approve = waiting.some((one) => one.for === "approval") ? ["approve"] : [];
  switch (phase) {
    case "scheduled":
      return ["advance", "abort", freeze];
    case "ramping":
      return ["rollback", "pause", ...approve, ...next, "promote", "abort", freeze, "off"];
    case "held":
      return ["rollback", "resume", ...next, "promote", "abort", freeze, "off"];
    case "paused":
      return ["rollback", "resume", ...next, "promote", "abort", freeze, "off"];
    case "promoted":
      return ["rollback", freeze, "off"];
    case "rolled_back":
    case "aborted":
      return quarantine.some(({ version }) => version === rollout?.canary) ? [freeze, "off"] : ["retry", freeze, "off"];
    default:
      return [freeze, "off"];
  }
}

export function Acts({ status, who, act }) {
  if (who.role !== "operator") return html`<p class="meta">You can look. To act you have to be an operator.</p>`;
  return html`<div class="acts" role="group" aria-label="Actions">
    ${possible(status).map((command) => {
      const { label, tone = "" } = COMMANDS[command];
      return html`<button key=${command} type="button" class=${tone} onClick=${() => act(command)}>${label}</button>`;
    })}
  </div>`;
}

const HOUR_MS = 3_600_000;

/** A time as a field for one wants it: by the clock on the wall, without its zone. */
function wall(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Tomorrow or a Monday, in the morning. */
function morning(isThat) {
  const at = new Date();
  do at.setDate(at.getDate() + 1);
  while (!isThat(at));
  at.setHours(9, 0, 0, 0);
  return at.getTime();
}

function Until({ until, setUntil }) {
  const choices = {
    "4 hours": () => Date.now() + 4 * HOUR_MS,
    "tomorrow, 9:00": () => morning(() => true),
    "Monday, 9:00": () => morning((at) => at.getDay() === 1),
  };
  return html`<div class="until">
    <label>Until <input type="datetime-local" required value=${until} onInput=${(event) => setUntil(event.target.value)} /></label>
    <p class="acts">${Object.entries(choices).map(
      ([words, at]) =>
        html`<button key=${words} type="button" class="quiet" onClick=${() => setUntil(wall(at()))}>${words}</button>`,
    )}</p>
  </div>`;
}

/** The question before an action. `ask` is `{ command, parts }`. */
export function Ask({ ask, status, onDo, onClose }) {
  const dialog = useRef(null);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(null);
  const [until, setUntil] = useState(ask.command === "freeze" ? wall(Date.now() + 4 * HOUR_MS) : null);
  const [isForced, setForced] = useState(false);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  const { label, tone = "main", does } = COMMANDS[ask.command];
  const named = ask.parts?.version ?? (ask.parts?.revision === undefined ? "" : `revision ${ask.parts.revision}`);

  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setRefused(null);
    try {
      const more = {
        ...(until === null ? {} : { until_ms: new Date(until).getTime() }),
        ...(isForced ? { override: true } : {}),
      };
      await onDo(ask.command, { ...ask.parts, ...more, why });
      dialog.current?.close();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  return html`<dialog ref=${dialog} class="ask" aria-labelledby="ask" onClose=${onClose}>
    <form onSubmit=${submit}>
      <h2 id="ask">${label}${named ? ` ${named}` : ""}?</h2>
      <p>${ask.words ?? does(status, ask.parts ?? {})}</p>
      ${until !== null && html`<${Until} until=${until} setUntil=${setUntil} />`}
      <label>Why? <small>Kept in the record beside your name.</small>
        <textarea rows="2" maxlength="500" value=${why} onInput=${(event) => setWhy(event.target.value)}></textarea>
      </label>
      ${refused && html`<p class="refused" role="alert">${refused.message}</p>`}
      ${
        (refused?.code === "barred" || isForced) &&
        html`<label class="check"><input type="checkbox" checked=${isForced} onChange=${(event) => setForced(event.target.checked)} />
          <span>Do it all the same <small>The reason above is needed then, and kept.</small></span></label>`
      }
      <p class="acts">
        <button type="submit" class=${tone} autofocus disabled=${busy}>${busy ? "Doing it …" : `${label}${named ? ` ${named}` : ""}`}</button>
        <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
      </p>
    </form>
  </dialog>`;
}
