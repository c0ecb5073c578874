// The door: a named token opens it for half a day. The token itself is not kept anywhere.

import { useState } from "preact/hooks";
import { login } from "./api.mjs";
import { html } from "./html.mjs";

export function Login({ onDone }) {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setRefused(null);
    try {
      await login(token.trim());
      onDone();
    } catch (error) {
      const words =
        error.status === 401
          ? "No such token. It is the long text that `halftone token NAME` printed, not its hash."
          : error.message;
      setRefused(words);
      setBusy(false);
    }
  };
  return html`<main class="door">
    <form class="card" onSubmit=${submit}>
      <img src="/dashboard/icon.svg" width="48" height="48" alt="" />
      <h1>Halftone</h1>
      <p>Gray release of your site: what is live, what the evidence says, what happens next.</p>
      <label>Your token
        <input type="password" name="token" autocomplete="current-password" required minlength="16" autofocus
          value=${token} onInput=${(event) => setToken(event.target.value)} aria-invalid=${refused ? "true" : undefined} aria-describedby="token-help" />
      </label>
      ${refused && html`<p class="refused" role="alert">${refused}</p>`}
      <p class="acts"><button type="submit" class="main" disabled=${busy}>${busy ? "Looking …" : "Sign in"}</button></p>
      <p class="meta" id="token-help">No token yet? <code>halftone token NAME --role operator</code> makes one. <code>make dev</code> wrote yours to <code>.dev.vars</code>.</p>
    </form>
  </main>`;
}
