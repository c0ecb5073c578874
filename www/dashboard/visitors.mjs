// Visitors who are not there: what one from somewhere would get and why, and links that show a version before it is anybody's.

import { useState } from "preact/hooks";
import { change } from "./api.mjs";
import { Dots } from "./dots.mjs";
import { html } from "./html.mjs";
import { percentWords, when } from "./words.mjs";

const NAMES = new Intl.DisplayNames("en", { type: "region" });
/** Codes with a name that are no country. */
const NONE = [
  "EU",
  "EZ",
  "UN",
  "QO",
  "XA",
  "XB",
  "XC",
  "ZZ",
  "BU",
  "CS",
  "DD",
  "FX",
  "NT",
  "SU",
  "TP",
  "YD",
  "YU",
  "ZR",
  "AN",
  "QU",
  "UK",
];

/** Every country there is a name for, by name. */
const COUNTRIES = countries();

function countries() {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((one) => letters.map((other) => one + other)).filter((code) => !NONE.includes(code));
  const named = codes.map((code) => [code, NAMES.of(code)]).filter(([code, name]) => name !== code);
  return named.sort(([, one], [, other]) => one.localeCompare(other));
}

const BROWSERS = {
  "A browser on a desk": "",
  "A phone":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
  "A search engine’s robot": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
};

/** Where a site's pages are, as far as this page can know: the first host of the site, and how we were reached ourselves. */
function home({ hosts }) {
  const { protocol, port, hostname } = location;
  const [first] = hosts;
  const host = first
    ? first.replace(/^\*\./, "www.")
    : hostname === "localhost"
      ? "127.0.0.1"
      : hostname.replace(/^[^.]+\./, "www.");
  return `${protocol}//${host}${port ? `:${port}` : ""}/`;
}

export function Visitors({ known }) {
  const { status, who } = known;
  return html`<div class="tools">
    <${AsVisitor} status=${status} />
    <${Previews} status=${status} who=${who} />
  </div>`;
}

const ask = (what, site, body) => change(`/api/v1/${what}?site=${encodeURIComponent(site)}`, body);

function AsVisitor({ status }) {
  const [facts, setFacts] = useState({
    url: home(status),
    country: "",
    region: "",
    city: "",
    browser: Object.keys(BROWSERS)[0],
    cookies: "",
    headers: "",
  });
  const [said, setSaid] = useState(null);
  const [refused, setRefused] = useState(null);
  const put = (name) => (event) => setFacts({ ...facts, [name]: event.target.value });
  const submit = async (event) => {
    event.preventDefault();
    const { browser, ...body } = facts;
    const agent = BROWSERS[browser];
    try {
      setSaid({ facts, got: await ask("imagine", status.site, agent === "" ? body : { ...body, user_agent: agent }) });
      setRefused(null);
    } catch (error) {
      setSaid(null);
      setRefused(error.message);
    }
  };
  return html`<section class="card" aria-labelledby="as">
    <h1 id="as">See it as a visitor</h1>
    <p class="hint">What somebody gets who comes for the first time, and why. It is asked of the same code that serves pages; nobody is drawn or counted for it.</p>
    <form class="fields" onSubmit=${submit}>
      <label class="wide">Address <input type="url" required value=${facts.url} onInput=${put("url")} /></label>
      <label>Country <select value=${facts.country} onChange=${put("country")}>
        <option value="">not known</option>
        ${COUNTRIES.map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
      </select></label>
      <label>Browser <select value=${facts.browser} onChange=${put("browser")}>
        ${Object.keys(BROWSERS).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select></label>
      <details class="wide"><summary>More about them</summary>
        <div class="fields">
          <label>Region <small>ISO 3166-2, such as AUK</small><input maxlength="3" value=${facts.region} onInput=${put("region")} /></label>
          <label>City <input maxlength="100" value=${facts.city} onInput=${put("city")} /></label>
          <label class="wide">Cookies <small>as a browser sends them; with Halftone’s own it is somebody who was here before</small>
            <input maxlength="4000" value=${facts.cookies} onInput=${put("cookies")} placeholder="name=value; other=value" /></label>
          <label class="wide">Headers <small>one a line, such as <code>Accept-Language: mi</code></small>
            <textarea rows="2" maxlength="4000" value=${facts.headers} onInput=${put("headers")}></textarea></label>
        </div>
      </details>
      <p class="acts wide"><button type="submit" class="main">What would they get?</button></p>
    </form>
    ${refused && html`<p class="refused" role="alert">${refused}</p>`}
    <div role="status">${said && html`<${Got} said=${said} status=${status} />`}</div>
  </section>`;
}

const WHY = {
  bot: () => "Robots that are on the list get the stable version, and nothing is drawn for them.",
  consent: () => "They have not agreed to a cookie, so they get the stable version.",
  resident: () => "They were here before this rollout began, and only newcomers are drawn.",
  off: () => "Halftone is switched off: everybody gets the stable version.",
  preview: () => "A preview link shows it to them.",
  fallback: () => "The other version could not answer.",
};

function Got({ said: { facts, got }, status }) {
  const { version, why, rule, area, shares, first, status: code, location: to, revision } = got;
  const from = facts.country ? ` from ${NAMES.of(facts.country)}` : "";
  if (to) return html`<div class="got"><p>This address leads on to <b>${to}</b> (${code}), whichever version it is.</p></div>`;
  if (version === "") return html`<div class="got"><p>This address is answered with ${code} by Halftone itself.</p></div>`;
  const isDrawn = shares.length > 1;
  const canary = shares.find(([id]) => id === status.rollout?.canary)?.[1] ?? 0;
  const because =
    WHY[why]?.() ??
    (rule
      ? `The rule “${rule}” is for them.`
      : area
        ? `They are in the area ${area}.`
        : first
          ? `The first ${first} to arrive are drawn; this visitor is taken to come after them.`
          : isDrawn
            ? "The rollout draws them like everybody."
            : "No rule is for them, and no rollout draws them.");
  return html`<div class="got">
    <p class="headline">${isDrawn ? html`A visitor${from} is drawn: ${shares.map(([id, part], n) => html`${n > 0 && ", "}<b key=${id}>${percentWords(part)} get ${id}</b>`)}.` : html`A visitor${from} gets <b>${shares[0]?.[0] ?? version}</b>.`}</p>
    ${isDrawn && html`<${Dots} share=${canary} label=${`${status.rollout?.canary ?? version}, of visitors like this one`} />`}
    <p>${because}</p>
    <p class="meta">Revision ${revision}${code !== 200 ? ` · the page is answered with ${code}` : ""}</p>
  </div>`;
}

const LIVES = { 15: "15 minutes", 60: "an hour", 480: "8 hours", 1440: "a day" };

function Previews({ status, who }) {
  const [url, setUrl] = useState(home(status));
  const [minutes, setMinutes] = useState("60");
  const [links, setLinks] = useState([]);
  const [refused, setRefused] = useState(null);
  const make = async (version) => {
    try {
      const link = await ask("preview", status.site, { version, url, minutes: Number(minutes) });
      setLinks([link, ...links.filter((one) => one.version !== version)]);
      setRefused(null);
    } catch (error) {
      setRefused(error.message);
    }
  };
  return html`<section class="card" aria-labelledby="links">
    <h2 id="links">Preview links</h2>
    <p class="hint">Whoever opens one sees that version until the link ends, at whatever share of visitors it is. Such pages are marked, kept out of search engines, and not counted.</p>
    ${
      who.role !== "operator"
        ? html`<p class="meta">To make one you have to be an operator.</p>`
        : html`<div class="fields">
            <label class="wide">Address to show <input type="url" required value=${url} onInput=${(event) => setUrl(event.target.value)} /></label>
            <label>It holds for <select value=${minutes} onChange=${(event) => setMinutes(event.target.value)}>
              ${Object.entries(LIVES).map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}
            </select></label>
            <p class="acts wide">${status.versions.map(
              (version) => html`<button key=${version} type="button" onClick=${() => make(version)}>Link to ${version}</button>`,
            )}</p>
          </div>`
    }
    ${refused && html`<p class="refused" role="alert">${refused}</p>`}
    <div role="status"><ul class="links" aria-label="Links made">
      ${links.map((link) => html`<${Link} key=${link.url} link=${link} />`)}
    </ul></div>
  </section>`;
}

function Link({ link: { version, url, until_ms } }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(url).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return html`<li>
    <b>${version}</b> <small>until ${when(until_ms, Date.now())}</small>
    <input readonly aria-label=${`Link to ${version}`} value=${url} onFocus=${(event) => event.target.select()} />
    <p class="acts">
      ${navigator.clipboard && html`<button type="button" onClick=${copy}>${isCopied ? "Copied" : "Copy"}</button>`}
      <a class="button" href=${url} target="_blank" rel="noreferrer">Open</a>
    </p>
  </li>`;
}
