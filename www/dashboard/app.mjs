// The dashboard: who is there, which site, which view; and what is common to all views.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Ask } from "./actions.mjs";
import { change, logout } from "./api.mjs";
import { Charts } from "./charts.mjs";
import { Config } from "./config.mjs";
import { html } from "./html.mjs";
import { useLive, useNow } from "./live.mjs";
import { Login } from "./login.mjs";
import { Look, title } from "./look.mjs";
import { Story } from "./story.mjs";
import { Visitors } from "./visitors.mjs";
import { kindWords, span } from "./words.mjs";

const VIEWS = { now: "Now", charts: "Charts", visitors: "Visitors", config: "Config", history: "History" };

/** The address behind the `#`: `#/SITE/VIEW`. */
function place() {
  const [, site, view] = location.hash.split("/").map(decodeURIComponent);
  return { site: site || null, view: Object.hasOwn(VIEWS, view) ? view : "now" };
}

function usePlace() {
  const [at, setAt] = useState(place);
  useEffect(() => {
    const moved = () => setAt(place());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return at;
}

function App() {
  const [isStranger, setStranger] = useState(false);
  return isStranger
    ? html`<${Login} onDone=${() => setStranger(false)} />`
    : html`<${Board} onStranger=${() => setStranger(true)} />`;
}

function Board({ onStranger }) {
  const { site, view } = usePlace();
  const { known, trouble, heard, ahead, again } = useLive(site, onStranger);
  const now = useNow(ahead);
  const [ask, setAsk] = useState(null);
  const [told, setTold] = useState(null);
  useEffect(() => {
    if (known) document.title = title(known.status);
  }, [known]);

  if (!known) return html`<${Waiting} trouble=${trouble} again=${again} />`;
  const { status, sites, who } = known;
  const go = (to, name = status.site) => `#/${encodeURIComponent(name)}/${to}`;
  const act = (command, parts, words) => setAsk({ command, parts, words });
  const onDo = async (command, body) => {
    const { decisions } = await change(`/api/v1/${command}?site=${encodeURIComponent(status.site)}`, body);
    const last = decisions.at(-1);
    setTold(last ? `${kindWords(last.kind)}: ${last.reason}. Revision ${last.revision}.` : "Nothing had to be changed.");
    again();
  };
  const isOld = trouble !== null && Date.now() - heard > 5000;

  return html`<a class="skip" href="#main">To the content</a>
    <header class="top">
      <span class="brand"><img src="/dashboard/icon.svg" width="28" height="28" alt="" /> Halftone</span>
      ${
        sites.length > 1
          ? html`<label class="picker"><span class="hidden">Site</span>
              <select value=${status.site} onChange=${(event) => {
                location.hash = go(view, event.target.value);
              }}>
                ${sites.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
              </select>
            </label>`
          : html`<b class="picker">${status.site}</b>`
      }
      <nav aria-label="Views">
        ${Object.entries(VIEWS).map(
          ([name, words]) =>
            html`<a key=${name} href=${go(name)} aria-current=${name === view ? "page" : undefined}>${words}</a>`,
        )}
      </nav>
      <span class="live ${trouble ? "old" : ""}" title=${`as of ${span(now - ahead - heard)} ago`}><span class="beat" aria-hidden="true"></span>${trouble ? "no answer" : "live"}</span>
      <span class="who">${who.name} <small>${who.role}</small>
        ${
          // Who came by Cloudflare Access has no session here; Access has one.
          who.by === "access"
            ? html`<a class="leave" href="/cdn-cgi/access/logout">Sign out</a>`
            : html`<button type="button" class="quiet" onClick=${() => logout().then(onStranger, onStranger)}>Sign out</button>`
        }</span>
    </header>
    ${isOld && html`<p class="banner" role="alert">Halftone has not answered for ${span(Date.now() - heard)} (${trouble}). What you see is from before; it is asked again every two seconds.</p>`}
    <div class="told" role="status">${told && html`<p>${told} <button type="button" class="quiet" aria-label="Dismiss" onClick=${() => setTold(null)}>✕</button></p>`}</div>
    <main id="main" tabindex="-1" data-site=${status.site}>
      ${view === "now" && html`<${Look} known=${known} now=${now} act=${act} go=${go} />`}
      ${view === "charts" && html`<${Charts} key=${status.site} known=${known} now=${now} />`}
      ${view === "visitors" && html`<${Visitors} key=${status.site} known=${known} />`}
      ${view === "config" && html`<${Config} key=${status.site} known=${known} now=${now} act=${act} />`}
      ${view === "history" && html`<${History} known=${known} now=${now} act=${act} />`}
    </main>
    ${ask && html`<${Ask} key=${ask.command} ask=${ask} status=${status} onDo=${onDo} onClose=${() => setAsk(null)} />`}`;
}

function History({ known, now, act }) {
  const { story, who, status } = known;
  const restore = (revision) =>
    who.role === "operator" && revision !== status.revision
      ? html`<button type="button" class="quiet" onClick=${() => act("restore", { revision })}>Go back to this</button>`
      : null;
  return html`<section class="card" aria-labelledby="history">
    <h1 id="history">Everything that was decided</h1>
    <p class="hint">By whom, when and why, newest first. Any revision can be gone back to; that is a new revision, so nothing is ever lost.</p>
    <${Story} story=${story} now=${now} restore=${restore} />
  </section>`;
}

/** Before the first answer, and instead of it. */
function Waiting({ trouble, again }) {
  return html`<main class="door">
    <div class="card" aria-busy=${trouble ? undefined : "true"}>
      <img src="/dashboard/icon.svg" width="48" height="48" alt="" class=${trouble ? "" : "breathing"} />
      ${
        trouble
          ? html`<h1>Halftone does not answer</h1>
            <p role="alert">${trouble}</p>
            <p>Your site is not touched by this: visitors go on getting what was in force last.</p>
            <p class="acts"><button type="button" class="main" onClick=${again}>Try again</button></p>`
          : html`<h1>Looking …</h1><p role="status">Asking where your site stands.</p>`
      }
    </div>
  </main>`;
}

const root = document.createElement("div");
root.id = "app";
document.body.append(root);
render(html`<${App} />`, root);
