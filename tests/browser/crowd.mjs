// Crowds of real browsers on sites under control: each visitor is a profile of its own that opens one page, stays until the page
// has said how it is, and leaves. And what the Controller made of them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { age, eventually } from "../e2e/population.mjs";
import { ROOT } from "../e2e/worker.mjs";

/** How many visitors are at work side by side, and how many come before the evidence is looked at again. */
const SIDE_BY_SIDE = 4;
export const CROWD = 24;

/** A row of a page view in which something went wrong; those of `beacon::row`. */
const ALIVE = 1;
const ERROR = 256;

const html = (body, head = "") => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
const WORDS = `<h1>A page</h1><p>${"Some words of it. ".repeat(50)}</p>`;

/** Pages as texts: whole, never painted, and broken for so many in a hundred. */
export const PAGES = {
  fine: html(WORDS),
  white: html(WORDS, "<style>body { display: none }</style>"),
  throwing: (percent) =>
    html(WORDS, `<script>if (Math.random() * 100 < ${percent}) setTimeout(() => { throw new Error("at once"); });</script>`),
  /** A picture is the largest thing of the page, and comes so late, ms. */
  pictured: (ms) => html(`${WORDS}<img src="/picture-${ms}.svg" width="640" height="480" alt="">`),
};

/** Asked ten times a second: a page that is asked at every frame draws every frame. */
const SELDOM = { polling: 100 };

/** Until it is there to be seen, which a white page never is. */
export const briefly = async (page) => {
  if (await page.evaluate(() => getComputedStyle(document.body).display !== "none"))
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0, undefined, SELDOM);
};

/** Until the picture is painted, too: the browser says so of the largest thing there is. */
export const untilPicture = (page) =>
  page.waitForFunction(
    () =>
      new Promise((resolve) => {
        new PerformanceObserver((list) => {
          if (list.getEntries().some(({ element }) => element?.tagName === "IMG")) resolve(true);
        }).observe({ type: "largest-contentful-paint", buffered: true });
      }),
    undefined,
    SELDOM,
  );

let networks = 0;

/** Everybody is at home somewhere else. */
export function elsewhere() {
  networks += 1;
  return `198.${(networks >> 8) & 255}.${networks & 255}.7`;
}

/** The visitors of one site, which answers at `NAME.localhost`. */
export class Crowd {
  /** Page views so far: all, by version, and by area where the crowd says one. */
  seen = { pages: 0 };

  constructor(worker, browser, name, { stay = briefly, heard = () => true, headers = () => ({}) } = {}) {
    Object.assign(this, { worker, browser, name, stay, heard, headers });
    this.at = Object.assign(new URL("/", worker.url), { hostname: `${name}.localhost` }).href;
  }

  /** One visitor; gives the version they got. The browser stays until `close`. */
  async visitor(headers = {}) {
    const context = await this.browser.newContext({ extraHTTPHeaders: { "cf-connecting-ip": elsewhere(), ...headers } });
    const page = await context.newPage();
    const response = await page.goto(this.at);
    const version = /version=(\w+)/.exec(response.headers().halftone)?.[1];
    await this.stay(page);
    // Leaving the page is when the last of it is said; the browser stays until it is through.
    await page.goto("about:blank");
    return { version, context };
  }

  /** So many visitors; comes back when all they had to say has arrived. */
  async come(count = CROWD) {
    let left = count;
    const contexts = [];
    const one = async () => {
      while (left-- > 0) {
        const headers = this.headers(this.seen.pages);
        const { version, context } = await this.visitor(headers);
        contexts.push(context);
        this.seen.pages += 1;
        this.seen[version] = (this.seen[version] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, one));
    await eventually(async () => (await this.rows()).every(this.heard), "the last word of every page");
    await Promise.all(contexts.map((context) => context.close()));
  }

  /** Storage of the object that keeps the site's rows (`shards: 1`); null before anything was noted. */
  async #sql() {
    for (const id of await this.worker.objects("INTAKE")) {
      const storage = await this.worker.storage("INTAKE", id);
      const [about] = await storage.exec("SELECT value FROM facts WHERE name = 'about'");
      if (about?.value.split(" ")[0] === this.name) return storage;
    }
    return null;
  }

  /** The rows of the site that are not counted for good yet. */
  async rows() {
    return (await (await this.#sql())?.exec("SELECT * FROM pages JOIN cell_names USING (cell_number)")) ?? [];
  }

  /** Visitors of the canary whose page had something wrong with it. */
  async harmed(canary = "v2") {
    const rows = (await this.rows()).filter(({ cell }) => cell.split("|")[2] === canary);
    return rows.filter(({ bits }) => (bits & ALIVE) === 0 || (bits & ERROR) !== 0).length;
  }

  status() {
    return this.worker.admin(`status?site=${this.name}`);
  }

  /** Every page is now so old that it counts; comes back when the evidence was looked at with all of it. */
  async counted() {
    await age(this.worker);
    await eventually(async () => {
      // A robot's page is noted, which wakes the object, and is no row.
      const robot = await this.worker.navigate(this.at, { headers: { "user-agent": "Googlebot/2.1" } });
      await robot.body?.cancel();
      return this.#isTold();
    }, "counts of all pages");
    const { newest_ms } = await this.status();
    return eventually(async () => {
      const now = await this.status();
      return !isRunning(now) || now.looked_ms > newest_ms ? now : null;
    }, "a look at the evidence");
  }

  /** Whether every page is counted, and the ledger knows. */
  async #isTold() {
    const sql = await this.#sql();
    const [{ open }] = await sql.exec(
      `SELECT (SELECT count(*) FROM pages WHERE page > coalesce((SELECT value FROM facts WHERE name = 'fast'), ''))
        + (SELECT count(*) FROM cells WHERE n > told AND key LIKE 'drawn|%') + (SELECT count(*) FROM votes) AS open`,
    );
    return open === 0;
  }

  /** Crowds come until the rollout is over or so many have come; gives where it stands then. */
  async comeUntil(isEnough, most) {
    let now;
    do {
      await this.come();
      now = await this.counted();
    } while (!isEnough(now) && this.seen.pages < most);
    return now;
  }

  /** The log comes out the same again in the native program, bit for bit. */
  async replays() {
    const lines = [];
    for (let after = 0; ; ) {
      const response = await this.worker.fetch(`http://admin.example/api/v1/decisions?site=${this.name}&after=${after}`, {
        headers: { authorization: "Bearer operator-token-of-every-test-001" },
      });
      const page = (await response.text()).split("\n").filter(Boolean);
      if (page.length === 0) break;
      lines.push(...page);
      after = JSON.parse(page.at(-1)).seq;
    }
    const file = join(this.worker.work, `${this.name}.jsonl`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    const said = execFileSync(join(ROOT, "target/release/halftone"), ["replay", file], { encoding: "utf8" });
    assert.match(said, /the same again, bit for bit/);
    return lines.map((line) => JSON.parse(line).entry);
  }
}

/** Whether the evidence is looked at. */
const isRunning = ({ phase }) => ["ramping", "held", "paused"].includes(phase);

/** Whether a rollout still goes somewhere by itself. */
export const isUnderWay = ({ phase, held }) =>
  phase === "ramping" || (phase === "held" && ["few_networks", "inflow"].includes(held));

/**
 * Page views until the best possible bet has seen enough: nobody of stable has the fault, so many in a hundred of the canary's
 * visitors do, half of all visitors are the canary's, and six guards share one per cent. Each fault can move a bet by no more than
 * ln(1/p), p being the canary's part of faults if it were just at its margin; see docs/evidence.md.
 */
export function bestPossible(share, margin = 0.1) {
  const atMargin = (1 + margin) / (2 + margin);
  return Math.log(6 / 0.01) / (0.5 * share * Math.log(1 / atMargin));
}
