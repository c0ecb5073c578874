// The config: edited with the checker at one's side, compared with what is in force, published with a reason, and gone back to.

import { useEffect, useRef, useState } from "preact/hooks";
import { change, read } from "./api.mjs";
import { html } from "./html.mjs";
import { authorWords, kindWords, percentWords, when } from "./words.mjs";

/** Who would move is asked so long after the last change, ms. */
const PAUSE_MS = 400;

const load = () => import("/dashboard/editor.js");

/** What is in force of a site, and the text it came from. */
async function known(site) {
  const query = `site=${encodeURIComponent(site)}`;
  const [source, live] = await Promise.all([read(`/api/v1/source?${query}`), read(`/api/v1/config?${query}`)]);
  return { source, live: { site, revision: live.revision, offer: live.offer, live: live.live } };
}

export function Config({ known: { status, who }, now, act }) {
  const { site } = status;
  const frame = useRef(null);
  const editor = useRef(null);
  const [base, setBase] = useState(null);
  const [said, setSaid] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const [isCompared, setCompared] = useState(false);

  useEffect(() => {
    let isOver = false;
    const begin = async () => {
      const [{ open }, found] = await Promise.all([load(), known(site)]);
      if (isOver) return;
      const { source, live } = found;
      editor.current = await open(frame.current, { text: source.text, live: [live], site, onInspected: setSaid });
      if (isOver) return editor.current.close();
      setBase(found);
    };
    begin().catch((error) => isOver || setTrouble(error.message));
    return () => {
      isOver = true;
      editor.current?.close();
      editor.current = null;
    };
  }, [site]);

  // Somebody, or a rollout, has changed what is in force: an untouched text follows, another keeps what it was made from.
  useEffect(() => {
    if (base === null || status.revision === base.live.revision) return;
    known(site).then(
      (found) => {
        const isUntouched = [base.source.text, found.source.text].includes(editor.current?.text());
        if (!isUntouched) return setBase((last) => ({ ...last, newer: found }));
        take(found, found.source.text);
      },
      () => {},
    );
  }, [status.revision, base]);

  const take = (found, text) => {
    setBase(found);
    editor.current.put(text);
    editor.current.inForce([found.live]);
    if (isCompared) editor.current.compare(found.source.text);
  };
  const compare = () => {
    editor.current.compare(isCompared ? null : base.source.text);
    setCompared(!isCompared);
  };
  const fetched = async (revision) => {
    try {
      const { text } = await read(`/api/v1/source?site=${encodeURIComponent(site)}&revision=${revision}`);
      editor.current.put(text);
      setTrouble(null);
    } catch (error) {
      setTrouble(error.message);
    }
  };

  const offered = said?.offers.find((one) => one.site === site);
  const errors = said?.problems.filter(({ severity }) => severity === "error").length ?? 0;
  const isChanged = offered?.changes?.length > 0;
  const others = said?.offers.filter((one) => one.site !== site).map((one) => one.site) ?? [];
  const publish = () =>
    act(
      "publish",
      {
        offer: offered.offer,
        parent: base.live.revision,
        parent_config: base.live.queued_config ?? base.live.config,
        source: said.text,
      },
      summary(offered.changes, site, others),
    );

  return html`<div class="config">
    <section class="card editing" aria-labelledby="config">
      <header class="over">
        <h1 id="config">Config</h1>
        <div class="acts">
          ${base && html`<${Start} sources=${base.source.sources} now=${now} onChoose=${fetched} />`}
          <button type="button" aria-pressed=${isCompared ? "true" : "false"} disabled=${!base} onClick=${compare}>Compare with live</button>
          ${
            who.role === "operator" &&
            html`<button type="button" class="main" disabled=${!offered || !isChanged || base?.newer} onClick=${publish}>Publish …</button>`
          }
        </div>
      </header>
      ${base?.newer && html`<p class="refused" role="alert">Revision ${base.newer.live.revision} came into force while you were writing. <button type="button" class="quiet" onClick=${() => take(base.newer, said.text)}>Keep my text, over revision ${base.newer.live.revision}</button> <button type="button" class="quiet" onClick=${() => take(base.newer, base.newer.source.text)}>Take the new text</button></p>`}
      ${trouble && html`<p class="refused" role="alert">${trouble}</p>`}
      ${!base && !trouble && html`<p class="empty" role="status">Loading the editor …</p>`}
      <div ref=${frame} class=${base ? "frame" : "frame waits"}></div>
    </section>
    <div class="side">
      <${Problems} said=${said} errors=${errors} onGo=${(problem) => editor.current.go(problem)} />
      <${Effects} site=${site} offered=${offered} others=${others} />
    </div>
  </div>`;
}

function summary(changes, site, others) {
  const rest = others.length > 0 ? ` What the text says of ${others.join(", ")} is published from there.` : "";
  return `${changes.length === 1 ? "One thing changes" : `${changes.length} things change`} for ${site}, as a new revision that can be undone.${rest}`;
}

/** Texts that were deployed or published before: any of them can be taken up again. */
function Start({ sources, now, onChoose }) {
  if (sources.length < 2) return null;
  return html`<label class="start"><span class="hidden">Begin with the text of an earlier revision</span>
    <select value="" onChange=${(event) => {
      if (event.target.value) onChoose(Number(event.target.value));
      event.target.value = "";
    }}>
      <option value="">Earlier texts …</option>
      ${sources.map(({ revision, at_ms }) => html`<option key=${revision} value=${revision}>revision ${revision}, ${when(at_ms, now)}</option>`)}
    </select>
  </label>`;
}

function Problems({ said, errors, onGo }) {
  const problems = said?.problems ?? [];
  const title = !said
    ? "Checking …"
    : errors > 0
      ? `${errors} ${errors === 1 ? "error" : "errors"}`
      : problems.length > 0
        ? "Valid, with remarks"
        : "No problems";
  return html`<section class="card" aria-labelledby="problems">
    <h2 id="problems"><span role="status">${title}</span></h2>
    ${said?.failed && html`<p class="refused">${said.failed}</p>`}
    ${said && problems.length === 0 && html`<p class="meta">As <code>halftone check</code> says it, in this browser. What the builds hold is checked when they are deployed.</p>`}
    <ul class="problems">
      ${problems.map(
        (problem, n) => html`<li key=${n} class=${problem.severity}>
          <button type="button" class="quiet" onClick=${() => onGo(problem)}>Line ${problem.line}</button>
          ${problem.path && html`<code>${problem.path}</code>`}
          <p>${problem.text}</p>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** What publishing would change, who would move, and what would be decided: the first from the checker, the rest from the Controller. */
function Effects({ site, offered, others }) {
  const [foreseen, setForeseen] = useState(null);
  const text = offered && JSON.stringify(offered.offer);
  const isChanged = offered?.changes?.length > 0;
  useEffect(() => {
    setForeseen(null);
    if (!isChanged) return undefined;
    const timer = setTimeout(() => {
      change(`/api/v1/foresee?site=${encodeURIComponent(site)}`, { offer: offered.offer }).then(
        (answer) => setForeseen({ answer, text }),
        (error) => setForeseen({ refused: error.message, text }),
      );
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const seen = foreseen?.text === text ? foreseen : null;
  return html`<section class="card" aria-labelledby="effects">
    <h2 id="effects">If this were published</h2>
    ${!offered && html`<p class="meta">That is said as soon as there is no error.${others.length > 0 ? ` The text has no site ${site}.` : ""}</p>`}
    ${offered && !isChanged && html`<p class="meta">Nothing would change: this says what is in force.</p>`}
    ${
      isChanged &&
      html`<ul class="changes" aria-label="What would change">
        ${offered.changes.map(
          ({ path, from, to }) =>
            html`<li key=${path}><code>${path}</code> ${from !== null && html`<del>${shown(from)}</del> `}${to !== null && html`<ins>${shown(to)}</ins>`}</li>`,
        )}
      </ul>`
    }
    ${seen?.refused && html`<p class="refused" role="alert">${seen.refused}</p>`}
    ${isChanged && !seen && html`<p class="meta">Asking who would move …</p>`}
    ${seen?.answer && html`<${Moves} foreseen=${seen.answer} />`}
  </section>`;
}

function Moves({ foreseen: { classes, decisions } }) {
  return html`
    ${decisions.map(({ kind, by, reason }, n) => html`<p key=${n} class="meta"><b>${kindWords(kind)}</b>${by ? ` by ${authorWords(by).toLowerCase()}` : ""}: ${reason}</p>`)}
    <div class="scroll" tabindex="0" role="region" aria-label="Who would move"><table>
      <caption class="hidden">Who would get what, and who would move</caption>
      <thead><tr><th scope="col">Who</th><th scope="col">would get</th><th scope="col">would move</th></tr></thead>
      <tbody>${classes.map(
        ({ who, shares, moves, exact }) => html`<tr key=${who}>
          <th scope="row">${who}</th>
          <td>${shares.map(([id, part]) => `${id} ${percentWords(part)}`).join(", ")}</td>
          <td>${moves === null ? "–" : `${exact ? "" : "about "}${percentWords(moves)}`}</td>
        </tr>`,
      )}</tbody>
    </table></div>`;
}

function shown(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
