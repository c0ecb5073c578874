// The admin API as the dashboard asks it: with the session's cookie, on this origin, never anywhere else.

/** The API has said no, and why. */
export class Refused extends Error {
  constructor(status, { code = "unknown", message = `the answer was ${status}` } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Nothing came back within this time, ms. */
const PATIENCE_MS = 15_000;

async function asked(path, init = {}) {
  const response = await fetch(path, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS), ...init });
  if (response.ok || response.status === 304) return response;
  const said = await response.json().catch(() => ({}));
  throw new Refused(response.status, said.error);
}

export async function read(path) {
  return (await asked(path)).json();
}

/** Changes something; the header says that no other site's page made this request. */
export async function change(path, body = {}, headers = {}) {
  const init = { method: "POST", body: JSON.stringify(body), headers: { "halftone-dashboard": "1", ...headers } };
  const response = await asked(path, init);
  return response.status === 204 ? null : response.json();
}

export const login = (token) => change("/api/v1/login", {}, { authorization: `Bearer ${token}` });
export const logout = () => change("/api/v1/logout");

/** Asks again and again for the same thing; null where nothing has changed since. */
export class Glance {
  #etag = null;
  #seq = 0;

  constructor(site) {
    this.site = site;
  }

  async look() {
    const site = this.site === null ? "" : `site=${encodeURIComponent(this.site)}&`;
    const headers = this.#etag === null ? {} : { "if-none-match": this.#etag };
    const response = await asked(`/api/v1/glance?${site}after=${this.#seq}`, { headers, cache: "no-store" });
    const now = Number(response.headers.get("halftone-now"));
    if (response.status === 304) return { now, said: null };
    const said = await response.json();
    this.#etag = response.headers.get("etag");
    this.#seq = Math.max(this.#seq, ...said.story.map(({ seq }) => seq));
    return { now, said };
  }
}
