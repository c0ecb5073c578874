// One look: what is live, which step, what the evidence says, what happens next and when, who changed what.

import { Acts } from "./actions.mjs";
import { Dots } from "./dots.mjs";
import { Guards, part } from "./guards.mjs";
import { html } from "./html.mjs";
import { Story } from "./story.mjs";
import {
  backWords,
  guardWords,
  heldWords,
  percent,
  percentWords,
  phaseWords,
  sharesOf,
  span,
  stepsShown,
  stepWords,
  waitingWords,
  when,
} from "./words.mjs";

const isRunning = ({ phase }) => ["scheduled", "ramping", "held", "paused"].includes(phase);
const draws = ({ phase }) => ["ramping", "held", "paused"].includes(phase);

/** The one sentence that says where it stands. */
function headline(status) {
  const { phase, off, stable, rollout } = status;
  const step = rollout?.steps[rollout.step - 1];
  if (off) return html`Everybody gets <b>${stable}</b>. Halftone is switched off.`;
  if (phase === "scheduled")
    return html`<b>${rollout.canary}</b> is ready and waits for a start. Everybody gets <b>${stable}</b>.`;
  if (draws(status)) return html`<b class="canary">${rollout.canary}</b> is with ${audience(step)}.`;
  if (phase === "promoted") return html`<b>${stable}</b> is the new stable version. Everybody gets it.`;
  if (phase === "rolled_back") return html`<b>${rollout.canary}</b> was rolled back. Everybody gets <b>${stable}</b>.`;
  if (phase === "aborted") return html`The rollout of <b>${rollout?.canary}</b> was stopped. Everybody gets <b>${stable}</b>.`;
  return html`Everybody gets <b>${stable}</b>. No rollout is running.`;
}

function audience(step) {
  const shares = sharesOf(step);
  if (shares.length === 1 && shares[0].name === "") return `${percentWords(shares[0].share)} of visitors`;
  return stepWords(step);
}

/** What the evidence says, all of it in one sentence. */
function verdictWords(status) {
  const whole = (status.verdicts ?? []).filter(({ place }) => place === "");
  if (whole.length === 0) return null;
  const harmful = whole.filter(({ says }) => says === "harm");
  if (harmful.length > 0)
    return { tone: "bad", text: `Harmful: ${harmful.map(({ guard }) => guardWords(guard).name.toLowerCase()).join(", ")}.` };
  const required = whole.filter((verdict) => verdict.required);
  const safe = required.filter(({ says }) => says === "safe").length;
  const suspicious = whole.filter(({ harm }) => part(harm) > 0.5).map(({ guard }) => guardWords(guard).name.toLowerCase());
  const proof =
    safe === required.length
      ? "everything required is proven safe"
      : `${safe} of ${required.length} required checks are proven safe`;
  if (suspicious.length > 0) return { tone: "stopped", text: `Suspicious: ${suspicious.join(", ")}; ${proof}.` };
  return { tone: safe === required.length ? "good" : "moving", text: `No harm found; ${proof}.` };
}

/** What comes when everything is there. */
function comes({ rollout, stable, optimise, pace }) {
  const { canary, steps, step } = rollout;
  const next = steps[step];
  // Behind the last step that draws somebody a goal decides, where the config names one.
  if (optimise && !next?.draws)
    return `“${optimise.goal}” says ${optimise.period ? "anew" : "from then on"} how many get ${canary}`;
  if (!next) return `${canary} replaces ${stable} for everybody`;
  // With a pace, rungs that what is known allows are passed over; it waits where not even the next one is.
  const allowed = pace ? percent(pace.allowed) : 0;
  const further = allowed > sharesOf(steps[step - 1])[0]?.share ? `Up to ${percentWords(allowed)}` : stepWords(next);
  return `${further} get ${canary}`;
}

/** What comes next, and when. */
function nextWords(status, now) {
  const { phase, off, rollout, waiting = [] } = status;
  if (off) return "Nothing, until somebody switches it on again.";
  if (phase === "paused") return `Nothing, until somebody lets it go on. ${backWords(rollout)}`;
  if (phase === "held") return heldWords(status.held);
  if (phase === "scheduled") return "A person starts it.";
  if (phase === "rolled_back") return `Nobody gets ${rollout?.canary} until somebody takes it out of quarantine.`;
  if (!isRunning(status))
    return status.queued ? `${status.queued} is next in the queue.` : "The next deploy or published config starts a rollout.";
  const what = comes(status);
  const hold = waiting.find((one) => one.for === "hold");
  const others = waiting.filter((one) => one.for !== "hold");
  if (waiting.length === 0) return `${what}, any second now.`;
  if (waiting.some((one) => one.for === "approval" || one.for === "person")) return `${what}, when a person says so.`;
  if (others.length === 0)
    return `${what} in ${span(hold.until_ms - now)}, at ${when(hold.until_ms, now)}, if nothing speaks against it.`;
  return `${what}, as soon as all of this is there:`;
}

function Ladder({ status, now }) {
  const { rollout, phase, stable, optimise } = status;
  const isOver = phase === "promoted";
  const state = (at) => (isOver || at < rollout.step ? "past" : at === rollout.step ? "now" : "next");
  const names = { past: "done", now: "now", next: "to come" };
  // Where a goal decides in the end, no step is for everybody.
  const shown = stepsShown(rollout).filter(({ step }) => !optimise || step.draws);
  return html`<ol class="ladder" aria-label="Steps of the rollout">
    ${shown.map(({ step, at, number }) => {
      const is = state(at);
      const since = `${step.period ? `for “${optimise.goal}”, ` : ""}since ${when(rollout.since_ms, now)}`;
      return html`<li key=${at} class=${is} aria-current=${is === "now" ? "step" : undefined}>
        <span class="rung" aria-hidden="true">${is === "past" ? "✓" : (number ?? "•")}</span>
        <b>${stepWords(step)}</b>
        <small>${is === "now" ? since : step.approval ? "asks for approval" : step.hold_s > 0 ? `at least ${span(step.hold_s * 1000)}` : names[is]}</small>
        <span class="hidden">${names[is]}</span>
      </li>`;
    })}
    ${
      optimise &&
      !optimise.period &&
      html`<li class="next">
        <span class="rung" aria-hidden="true">•</span>
        <b>by its goal</b><small>“${optimise.goal}” says how many</small>
      </li>`
    }
    <li class=${isOver ? "now" : "next"}>
      <span class="rung" aria-hidden="true">${isOver ? "✓" : "★"}</span>
      <b>everybody</b><small>${isOver ? "promoted" : optimise ? "when it is the better one" : `replaces ${stable}`}</small>
    </li>
  </ol>`;
}

function Next({ status, now }) {
  const waiting = (status.waiting ?? []).filter((one) => one.for !== "held");
  const [hold] = waiting;
  const isList = waiting.length > 1 || (hold && hold.for !== "hold" && hold.for !== "person");
  return html`<section class="card next" aria-labelledby="next">
    <h2 id="next">What happens next</h2>
    <p>${nextWords(status, now)}</p>
    ${
      isList &&
      html`<ul class="waiting">
        ${waiting.map((one) => {
          const { title, text, part: done } = waitingWords(one, now);
          return html`<li key=${one.for}>
            <b>${title}</b> <span>${text}</span>
            ${done !== undefined && html`<progress value=${done} max="1" aria-label=${title}></progress>`}
          </li>`;
        })}
      </ul>`
    }
    ${status.newest_ms > 0 && html`<p class="meta">A page reported ${span(now - status.newest_ms)} ago.</p>`}
    ${draws(status) && !(status.newest_ms > 0) && html`<p class="meta">No page has reported yet.</p>`}
  </section>`;
}

function Arms({ status }) {
  const { rollout, stable } = status;
  const shares = draws(status) && !status.off ? sharesOf(rollout.steps[rollout.step - 1]) : [{ name: "", share: 0 }];
  return html`<div class="arms">
    ${shares.slice(0, 6).map(
      ({ name, share }) => html`<figure key=${name}>
        ${name !== "" && html`<figcaption>${name}</figcaption>`}
        <${Dots} share=${share} label=${`${rollout?.canary ?? "canary"}${name ? ` in ${name}` : ""}`} />
        <p class="legend">
          ${share > 0 && html`<span><span class="swatch canary"></span><b>${rollout.canary}</b> ${percentWords(share)}</span>`}
          <span><span class="swatch stable"></span><b>${stable}</b> ${percentWords(100 - share)}</span>
        </p>
      </figure>`,
    )}
  </div>`;
}

export function Look({ known, now, act, go }) {
  const { status, story, who } = known;
  const { name, tone } = phaseWords(status);
  const verdict = draws(status) ? verdictWords(status) : null;
  const attempt = status.rollout?.attempt > 1 ? ` · attempt ${status.rollout.attempt}` : "";
  return html`<div class="look">
    <section class="card hero ${tone}" aria-labelledby="where">
      <p class="phase"><span class="pill ${tone}">${name}</span><small>revision ${status.revision}${attempt}</small></p>
      <h1 id="where">${headline(status)}</h1>
      ${verdict && html`<p class="verdict ${verdict.tone}">${verdict.text}</p>`}
      ${status.phase === "held" && !status.off && html`<p class="verdict stopped">${heldWords(status.held)}</p>`}
      ${status.freeze && html`<p class="verdict stopped">Frozen until ${when(status.freeze.until_ms, now)}${status.freeze.why ? `: ${status.freeze.why}` : ""}. Nothing goes forward. ${draws(status) && backWords(status.rollout)}</p>`}
      <${Arms} status=${status} />
      ${status.rollout && (isRunning(status) || status.phase === "promoted") && html`<${Ladder} status=${status} now=${now} />`}
      <${Acts} status=${status} who=${who} act=${act} />
    </section>
    <div class="side">
      <${Next} status=${status} now=${now} />
      ${status.quarantine.length > 0 && html`<${Quarantine} status=${status} now=${now} who=${who} act=${act} />`}
      <section class="card" aria-labelledby="lately">
        <h2 id="lately">Who changed what</h2>
        <${Story} story=${story} now=${now} most=${5} />
        ${story.length > 5 && html`<p><a href=${go("history")}>The whole history</a></p>`}
      </section>
    </div>
    <section class=${draws(status) ? "card evidence" : "card evidence short"} aria-labelledby="evidence">
      <h2 id="evidence">What the evidence says</h2>
      ${
        draws(status)
          ? html`<p class="hint">Each check gathers proof out of the middle. Full to the left ${status.rollout.decide === "never" ? "means it is worse than allowed, and a person decides" : "takes the release back"}; full to the right means it is safe. Neither is a guess: both are shown, or not yet.</p>
            <${Guards} status=${status} />`
          : html`<p class="empty">Nobody is drawn at the moment, so nothing is compared. As soon as a rollout gives a new version to some visitors, every check is shown here.
              ${status.rollout && html` <a href=${go("charts")}>What was seen of ${status.rollout.canary}</a>`}</p>`
      }
    </section>
  </div>`;
}

function Quarantine({ status, now, who, act }) {
  return html`<section class="card quarantine" aria-labelledby="quarantine">
    <h2 id="quarantine">In quarantine</h2>
    <ul>
      ${status.quarantine.map(
        ({ version, since_ms, why }) => html`<li key=${version}>
          <p><b>${version}</b> <small>since ${when(since_ms, now)}</small></p>
          <p class="reason">${why}</p>
          ${who.role === "operator" && html`<button type="button" onClick=${() => act("clear", { version })}>Clear ${version}</button>`}
        </li>`,
      )}
    </ul>
  </section>`;
}

/** What the browser's tab says. */
export function title(status) {
  const { name } = phaseWords(status);
  const step = status.rollout?.steps[status.rollout.step - 1];
  const share = draws(status) && !status.off ? `${stepWords(step)} ${status.rollout.canary}` : name;
  return `${share} · ${status.site}`;
}
