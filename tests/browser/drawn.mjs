// Visitors of a site in a version that a test wants: every one is drawn, and those who drew another are sent home.

import { complaints, said } from "./chromium.mjs";
import { Intake } from "./intake.mjs";

const MOST = 40;

/** A Worker's sites are at `NAME.localhost`, each with its rows in one object. */
export function drawn(worker, browser) {
  /** A visitor's first page of a site, in a version; `prepare` is done to the page before. */
  return async (name, wanted = "v2", { options = {}, prepare = () => {}, url = undefined } = {}) => {
    const front = url ?? Object.assign(new URL(worker.url), { hostname: `${name}.localhost` }).href;
    for (let n = 0; n < MOST; n++) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const wrong = complaints(page);
      await prepare(page);
      const response = await page.goto(front);
      if (said(response).version === wanted) return { context, page, wrong, response, intake: new Intake(worker, name) };
      await context.close();
    }
    throw new Error(`${MOST} visitors of ${name} and none drew ${wanted}`);
  };
}

/** For pages that would ask hosts elsewhere, as a real site does: no test leaves this machine. */
export const stay = (page) =>
  page.route(
    (url) => !url.hostname.endsWith(".localhost"),
    (route) => route.abort(),
  );
