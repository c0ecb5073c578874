// Makes package-lock.json anew from package.json: `node scripts/lock.mjs` after a change of a dependency.
//
// A registry mirror may lack the packages of platforms it never serves, and npm then leaves them out of the lock file and
// afterwards refuses it as incomplete, everywhere. So they are added here as npm would have, by their names, without a checksum.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32", "windows"];

const scratch = mkdtempSync(join(tmpdir(), "halftone-lock-"));
try {
  // Somewhere else, because npm otherwise copies the platforms it finds in node_modules and no others.
  for (const file of ["package.json", ".npmrc"]) cpSync(file, join(scratch, file));
  execFileSync("npm", ["install", "--package-lock-only"], { cwd: scratch, stdio: ["ignore", "ignore", "inherit"] });
  const lock = JSON.parse(readFileSync(join(scratch, "package-lock.json"), "utf8"));
  const added = [];
  for (const owner of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      if (lock.packages[place]) continue;
      if (!/^\d+\.\d+\.\d+[-+.\w]*$/.test(version))
        throw new Error(`${name}@${version}: an optional package without an exact version`);
      lock.packages[place] = { version, ...platform(name), dev: true, optional: true };
      added.push(`${name}@${version}`);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${Object.keys(lock.packages).length} packages, ${added.length} of them added by name`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** What a package called `@scope/tool-linux-arm64-musl` runs on. */
function platform(name) {
  const words = name.split("/").at(-1).split("-");
  const at = words.findIndex((word) => SYSTEMS.includes(word));
  if (at < 0) throw new Error(`${name}: no known system in its name`);
  const chip = words[at + 1] === "64" ? "x64" : words[at + 1];
  const system = words[at] === "windows" ? "win32" : words[at];
  const musl = words.some((word) => word.startsWith("musl"));
  const libc = system === "linux" && (musl || words.includes("gnu")) ? { libc: [musl ? "musl" : "glibc"] } : {};
  return { cpu: [chip], ...libc, os: [system] };
}
