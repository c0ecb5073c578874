// Builds of ours for the bench: the one site of halftone.json, with feedback as a measurement asks for it.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ours } from "./contenders.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../..");
export const WORK = join(ROOT, "tests/.work");

/** Builds into `tests/.work/NAME` with these feedback options over the config's own; gives the contender. */
export function build(name, feedback, skips) {
  const out = join(WORK, name);
  if (!skips) {
    const config = JSON.parse(readFileSync(join(HERE, "halftone.json"), "utf8"));
    Object.assign(config.sites.shop.feedback, feedback);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "halftone.json"), JSON.stringify(config));
    const env = { ...process.env, CONFIG: join(out, "halftone.json"), OUT: out, PREVIOUS: "", FEATURES: "" };
    execFileSync(join(ROOT, "scripts/build.sh"), { env, cwd: ROOT, stdio: ["ignore", 2, 2] });
  }
  return ours(out);
}
