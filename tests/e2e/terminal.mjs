// A command at a terminal of its own, as a person runs it; `script` makes one.

import { spawn } from "node:child_process";

/** Gives all that the command wrote to the terminal, once it has ended well. */
export async function atTerminal(words, { cwd, env = process.env } = {}) {
  const command = words.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd,
    env: { ...env, TERM: "xterm-256color", COLUMNS: "100", LINES: "30" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("exit", resolve));
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  const status = await ended;
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${text}`);
  return text;
}

/** How far a progress bar was each time it was drawn, from 0 to 1; its template has `DONE/ALL`, with a unit or without. */
export function drawnBars(text) {
  const number = (words) => {
    const [, value, unit] = /^([\d.,]+) ?([KMG]?)/.exec(words);
    return Number(value.replaceAll(",", "")) * { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit];
  };
  const size = "[\\d.,]+(?: ?[KMG]?i?B)?";
  return [...text.matchAll(new RegExp(`[█░ ]+ (${size})/(${size})[ ,]`, "g"))].map(([, done, all]) => number(done) / number(all));
}
