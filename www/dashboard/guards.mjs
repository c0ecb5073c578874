// Guards: for each a scale from harm to safe, on which the evidence grows out of the middle to either side. What reaches an
// end decides. Beside it the plain numbers of both versions.

import { html } from "./html.mjs";
import { count, guardWords, rate } from "./words.mjs";

/** How much of the way to a threshold the evidence has come, 0 to 1. */
export function part(reading) {
  if (!reading || !(reading.threshold > 0)) return 0;
  return Math.min(1, Math.max(0, reading.log_e / reading.threshold));
}

const SAYS = { harm: "Harm", safe: "Safe", undecided: "Undecided" };
const SIGNS = { harm: "✕", safe: "✓", undecided: "…" };

export function Badge({ says }) {
  return html`<span class="badge ${says}"><span aria-hidden="true">${SIGNS[says]}</span> ${SAYS[says]}</span>`;
}

/** The scale. What it shows is also said in words, for who can not see it. */
export function Scale({ verdict }) {
  const [harm, safe] = [part(verdict.harm), part(verdict.safe)];
  const points = (value) => `${Math.round(value * 100)} %`;
  const says = `${points(harm)} of the way to harm, ${points(safe)} of the way to safe`;
  return html`<div class="scale ${verdict.says}" role="img" aria-label=${says}>
    <span class="end harm">harm</span>
    <span class="track">
      <span class="half left"><span class="fill" style=${{ width: `${harm * 100}%` }}></span></span>
      <span class="middle"></span>
      <span class="half right"><span class="fill" style=${{ width: `${safe * 100}%` }}></span></span>
    </span>
    <span class="end safe">safe</span>
  </div>`;
}

function sentence(verdict, counts) {
  const [harm, safe] = [part(verdict.harm), part(verdict.safe)];
  if (verdict.says === "harm") return "Worse than allowed.";
  if (verdict.says === "safe") return "Shown to be no worse than allowed.";
  if (counts && counts.canary.trials === 0) return "Nobody has been counted yet.";
  const toSafe = safe > 0.005 ? `${Math.round(safe * 100)} % of the proof that it is safe` : "Not enough seen yet";
  if (harm > 0.5) return `Suspicious: ${Math.round(harm * 100)} % of the proof that it is worse.`;
  return `${toSafe}${harm > 0.05 ? `, ${Math.round(harm * 100)} % that it is worse` : ", no sign of harm"}.`;
}

function Arm({ name, kind, arm }) {
  if (!arm) return html`<td class="number" colspan="1">–</td>`;
  return html`<td class="number ${kind}">
    <b>${rate(arm.bad, arm.trials)}</b> <small>${count(arm.bad)} of ${count(arm.trials)}</small>
    <span class="hidden"> of ${name}</span>
  </td>`;
}

export function Guards({ status }) {
  const { verdicts = [], counts = [], rollout, stable } = status;
  const order = { harm: 0, undecided: 1, safe: 2 };
  const whole = verdicts.filter(({ place }) => place === "");
  const areas = verdicts.filter(({ place, says, harm }) => place !== "" && (says !== "undecided" || part(harm) > 0.2));
  const all = [...whole, ...areas].sort((a, b) => order[a.says] - order[b.says]);
  return html`<table class="guards">
    <caption class="hidden">What the evidence says of each check</caption>
    <thead>
      <tr>
        <th scope="col">Check</th>
        <th scope="col" class="wide">Evidence</th>
        <th scope="col" class="number"><span class="swatch canary"></span>${rollout?.canary ?? "canary"}</th>
        <th scope="col" class="number"><span class="swatch stable"></span>${stable}</th>
      </tr>
    </thead>
    <tbody>
      ${all.map((verdict) => {
        const { name, about } = guardWords(verdict.guard);
        const counted = verdict.place === "" ? counts.find(({ guard }) => guard === verdict.guard) : undefined;
        return html`<tr key=${verdict.guard + verdict.place} class=${verdict.says}>
          <th scope="row">
            <span class="name">${name}${verdict.place && html` <small>in ${verdict.place}</small>`}</span>
            <${Badge} says=${verdict.says} />
            <small class="about">${about}${verdict.required || verdict.place ? "" : " · shown, not required"}</small>
          </th>
          <td class="wide">
            <${Scale} verdict=${verdict} />
            <small>${sentence(verdict, counted)}</small>
          </td>
          <${Arm} name=${rollout?.canary} kind="canary" arm=${counted?.canary} />
          <${Arm} name=${stable} kind="stable" arm=${counted?.stable} />
        </tr>`;
      })}
    </tbody>
  </table>`;
}
