// Tabs that are really shown and hidden. Playwright keeps each of its pages in sight and in focus whatever is in front of it; so
// these are opened beside it, over the browser's own debugging protocol, as tabs of one window.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../e2e/worker.mjs";

/** A browser that shows one address and that no debugger holds: with one, pages are never prerendered. `close` ends it. */
export function openAlone(url, more = []) {
  const program = execFileSync(process.execPath, [join(ROOT, "scripts/browser.mjs")], { encoding: "utf8" }).trim();
  const profile = mkdtempSync(join(tmpdir(), "halftone-browser-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const running = spawn(program, [...flags, ...quiet, ...more, `--user-data-dir=${profile}`, url], {
    stdio: "ignore",
    detached: true,
  });
  const ended = new Promise((exit) => running.once("exit", exit));
  let isOpen = true;
  return {
    async close() {
      if (!isOpen) return;
      isOpen = false;
      // The whole group: what the browser has started would go on writing into the folder.
      process.kill(-running.pid, "SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** A function that opens a tab of a window of its own: `await open(url, { background: true })`. */
export async function window(browser) {
  const root = await browser.newBrowserCDPSession();
  const { browserContextId } = await root.send("Target.createBrowserContext");
  return async (url, { background = false } = {}) => {
    const { targetId } = await root.send("Target.createTarget", { url, browserContextId, background });
    return new Tab(root, targetId, (await root.send("Target.attachToTarget", { targetId, flatten: false })).sessionId);
  };
}

class Tab {
  #root;
  #target;
  #session;
  #waiting = new Map();

  constructor(root, target, session) {
    this.#root = root;
    this.#target = target;
    this.#session = session;
    root.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => {
      if (sessionId !== session) return;
      const { id, result, error } = JSON.parse(message);
      this.#waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    });
  }

  send(method, params = {}) {
    const id = this.#waiting.size + 1;
    const answered = new Promise((answer) => this.#waiting.set(id, answer));
    const message = JSON.stringify({ id, method, params });
    return this.#root.send("Target.sendMessageToTarget", { sessionId: this.#session, message }).then(() => answered);
  }

  /** What a function gives in the page; it may be asynchronous and knows nothing of the test. */
  async evaluate(question) {
    const expression = `(${question})()`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until the tab is `visible` or `hidden`. */
  async is(state) {
    await this.evaluate(`async () => {
      while (document.visibilityState !== "${state}")
        await new Promise((changed) => document.addEventListener("visibilitychange", changed, { once: true }));
    }`);
  }

  /** Puts the tab in front of its window. */
  async show() {
    await this.#root.send("Target.activateTarget", { targetId: this.#target });
    await this.is("visible");
  }

  async close() {
    await this.#root.send("Target.closeTarget", { targetId: this.#target });
  }
}
