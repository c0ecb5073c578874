// The scripts on machines where something is missing: one sentence about what it is and one about what mends it. Each runs in a
// copy of its own, with a PATH on which only what the test puts there is found.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { ROOT } from "./worker.mjs";

/** What every system has. */
const BASIC =
  "bash sh env sed grep head tail cut tr sort cat cmp cp mv rm mkdir mktemp dirname basename printf uname id ln touch wc gzip find cksum expr base64";

const made = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Where a command of this machine is. */
function whereIs(command) {
  return process.env.PATH.split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path));
}

/** A machine: the repository's scripts and pins, and these commands as shell scripts (`true` is this machine's own). */
function machine(commands = {}) {
  const root = mkdtempSync(join(tmpdir(), "halftone-scripts-"));
  made.push(root);
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  for (const file of ["Cargo.toml", "package.json", "package-lock.json"]) cpSync(join(ROOT, file), join(root, file));
  const bin = join(root, "bin");
  mkdirSync(bin);
  const put = (command, body) => {
    if (body === true) symlinkSync(whereIs(command), join(bin, command));
    else writeFileSync(join(bin, command), `#!${whereIs("bash")}\n${body}\n`, { mode: 0o755 });
  };
  for (const command of BASIC.split(" ")) if (whereIs(command)) put(command, true);
  for (const [command, body] of Object.entries(commands)) put(command, body);
  const run = (script, words = [], env = {}) => {
    const all = { PATH: bin, HOME: root, TMPDIR: root, DEBIAN_RUSTC: join(root, "no-rustc"), ...env };
    const { status, stdout, stderr } = spawnSync(whereIs("bash"), [join(root, "scripts", script), ...words], {
      cwd: root,
      env: all,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  return { root, bin, put, run };
}

/** The one line a script says when it fails, besides how far it is. */
function failed({ status, stdout, stderr }) {
  assert.equal(status, 1, `${stdout}${stderr}`);
  const lines = stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !/^\[\d+\/\d+\] .* \.\.\.$/.test(line));
  assert.equal(lines.length, 1, stderr);
  return lines[0];
}

const RUST = {
  cargo: "exit 0",
  rustc: 'case $1 in --version) echo "rustc 1.95.0 (abc 2026-01-01)" ;; *) cat >/dev/null ;; esac',
  cc: "exit 0",
};
const WASM_BINDGEN = 'echo "wasm-bindgen $(sed -n \'s/^wasm-bindgen = "=\\(.*\\)"/\\1/p\' Cargo.toml)"';
const NODE = "case $1 in --version) echo v22.23.3 ;; *) exit 1 ;; esac";
const BUILDS = { ...RUST, "wasm-bindgen": WASM_BINDGEN, node: NODE };

/** A machine whose npm packages are as pinned. */
function withPackages(commands) {
  const one = machine(commands);
  mkdirSync(join(one.root, "node_modules"));
  cpSync(join(one.root, "package-lock.json"), join(one.root, "node_modules/.halftone-lock.json"));
  return one;
}

test("set-up says which Rust is needed when there is none, or an older one", () => {
  const wanted = /^rust-version = "(.*)"/m.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"))[1];
  assert.equal(
    failed(machine().run("setup.sh")),
    `halftone: Rust ${wanted} or newer is needed and none was found. Install it from https://rustup.rs, then run this again.`,
  );
  const older = machine({ ...RUST, rustc: 'echo "rustc 1.70.0 (abc 2023-01-01)"' });
  assert.equal(
    failed(older.run("setup.sh")),
    `halftone: Rust ${wanted} or newer is needed and this is 1.70.0. Run \`rustup update stable\`, then run this again.`,
  );
});

test("set-up says that Rust needs a linker", () => {
  const { cc, ...rest } = RUST;
  assert.match(failed(machine(rest).run("setup.sh")), /^halftone: Rust needs a C compiler .* Install gcc /);
});

test("set-up says how the wasm32 target is had", () => {
  const rustc = `${RUST.rustc}\n[ "$1" = --version ]`;
  const said = failed(machine({ ...RUST, rustc }).run("setup.sh"));
  assert.equal(
    said,
    "halftone: Rust can not build for wasm32-unknown-unknown here. Run `rustup target add wasm32-unknown-unknown` where Rust's distribution server can be reached, then run this again.",
  );
  const asked = machine({ ...RUST, rustc, rustup: "echo asked >>asked; exit 1" });
  const { stdout } = asked.run("setup.sh");
  assert.match(stdout, /asking rustup for it \.\.\./);
  assert.equal(readFileSync(join(asked.root, "asked"), "utf8"), "asked\n");
});

test("set-up says what could not be installed and how to see why", () => {
  const cargo = "case $1 in install) exit 1 ;; esac";
  assert.match(
    failed(machine({ ...RUST, cargo }).run("setup.sh")),
    /^halftone: wasm-bindgen-cli [0-9.]+ could not be installed\. Run `cargo install --locked wasm-bindgen-cli --version [0-9.]+` to see why, then run this again\.$/,
  );
});

test("set-up says which Node.js is needed", () => {
  const { node, ...rest } = BUILDS;
  assert.match(
    failed(machine(rest).run("setup.sh")),
    /^halftone: Node\.js [0-9.]+ or newer with npm is needed\. Install it from https:\/\/nodejs\.org, then run this again\.$/,
  );
  const old = machine({ ...BUILDS, node: "echo v18.0.0", npm: 'echo "npm error network" >&2; exit 1' });
  assert.match(
    failed(old.run("setup.sh")),
    /^halftone: Node\.js [0-9.]+ could not be fetched \(npm error network\)\. Install Node\.js/,
  );
});

test("set-up says when the npm packages can not be had", () => {
  const one = machine({ ...BUILDS, npm: 'echo "npm error code ENOTFOUND" >&2; exit 1' });
  assert.equal(
    failed(one.run("setup.sh")),
    "halftone: the npm packages could not be installed (npm error code ENOTFOUND). Run `npm ci` to see why, then run this again.",
  );
});

test("set-up says every step with its number, and a second time that nothing is missing", () => {
  const one = withPackages(BUILDS);
  for (const again of [1, 2]) {
    const { status, stdout, stderr } = one.run("setup.sh");
    assert.equal(status, 0, stderr);
    assert.match(
      stdout,
      /^\[1\/5\] Rust: 1\.95\.0\n\[2\/5\] target .*: present\n\[3\/5\] .*\n\[4\/5\] .*\n\[5\/5\] .*: as pinned\n$/,
      `${again}`,
    );
  }
});

test("set-up says when no browser, linter or nightly can be had", () => {
  const npx = "exit 1";
  assert.match(
    failed(withPackages({ ...BUILDS, npx }).run("setup.sh", ["test"])),
    /^halftone: a Chromium is needed and none could be installed \(.*\)\. Run `npx playwright-core install chromium`/,
  );
  assert.match(
    failed(withPackages(BUILDS).run("setup.sh", ["lint"])),
    /^halftone: shellcheck is needed to lint the scripts\. Install the package shellcheck, then run this again\.$/,
  );
  const cargo = "case $1 in clippy) exit 1 ;; esac";
  assert.match(
    failed(withPackages({ ...BUILDS, cargo, rustup: "exit 1" }).run("setup.sh", ["lint"])),
    /^halftone: clippy and rustfmt are needed \(.*\)\. Run `rustup component add clippy rustfmt`, then run this again\.$/,
  );
  assert.match(
    failed(withPackages({ ...BUILDS, rustup: "exit 1" }).run("setup.sh", ["fuzz"])),
    /^halftone: fuzzing needs a nightly Rust\. Run `rustup toolchain install nightly-[0-9-]+`, then run this again\.$/,
  );
  assert.equal(
    failed(machine().run("setup.sh", ["tests"])),
    "halftone: there is no set-up for `tests`; known are: test, lint, fuzz.",
  );
});

test("fuzzing takes the pinned nightly, or says which other one", () => {
  const version = 'echo "rustc 1.99.0-nightly (abc 2026-07-01)"';
  const fuzz = { "cargo-fuzz": "echo cargo-fuzz 0.13.1" };
  const either = withPackages({ ...BUILDS, ...fuzz, rustup: `case "$1 $2" in "run nightly-"*) ${version} ;; *) exit 1 ;; esac` });
  const { stdout } = either.run("setup.sh", ["fuzz"]);
  assert.match(stdout, /\[6\/6\] cargo-fuzz: 0\.13\.1, by rustc 1\.99\.0-nightly \(abc 2026-07-01\)\n$/);
  assert.ok(!existsSync(join(either.root, ".tools/fuzz-toolchain")));

  const other = withPackages({ ...BUILDS, ...fuzz, rustup: `case "$1 $2" in "run nightly") ${version} ;; *) exit 1 ;; esac` });
  const said = other.run("setup.sh", ["fuzz"]).stdout;
  assert.match(said, /nightly-[0-9-]+ can not be had; taking the nightly that is here \.\.\.\n.*by rustc 1\.99\.0-nightly/);
  assert.equal(readFileSync(join(other.root, ".tools/fuzz-toolchain"), "utf8"), "nightly\n");
  other.put("cargo", 'echo "$1" >>ran');
  mkdirSync(join(other.root, "fuzz/fuzz_targets"), { recursive: true });
  writeFileSync(join(other.root, "fuzz/fuzz_targets/one.rs"), "");
  assert.equal(other.run("fuzz.sh").status, 0);
  assert.equal(readFileSync(join(other.root, "ran"), "utf8"), "+nightly\n");
  other.put("cargo", "exit 1");
  assert.equal(
    failed(other.run("fuzz.sh")),
    "halftone: one failed. `cargo +nightly fuzz run TARGET FILE` runs an input named above again.",
  );
});

test("a PORT that is none, or is taken, is said before anything is built", async () => {
  for (const port of ["0", "65536", "eighty", "-1", "8787x", "08787"]) {
    assert.equal(
      failed(machine().run("dev.sh", [], { PORT: port })),
      `halftone: PORT=${port} is not a port: it is a number from 1 to 65535.`,
    );
  }
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { port } = server.address();
    assert.equal(
      failed(machine().run("dev.sh", [], { PORT: String(port) })),
      `halftone: port ${port} is taken by another program. Stop that, or run \`make dev PORT=${port === 65535 ? 8787 : port + 1}\`.`,
    );
  } finally {
    server.close();
  }
});

test("a build says which tool is missing", () => {
  const tools = { "wasm-bindgen": "exit 0", "wasm-opt": "exit 0", esbuild: "exit 0" };
  for (const missing of Object.keys(tools)) {
    const there = Object.fromEntries(Object.entries(tools).filter(([tool]) => tool !== missing));
    assert.equal(
      failed(machine(there).run("build.sh")),
      `halftone: ${missing} is missing. Run \`scripts/setup.sh\`, then build again.`,
    );
  }
});

/** A machine on which everything that a build calls only pretends. */
function pretending() {
  const touches = (...files) => files.map((file) => `mkdir -p "$(dirname "${file}")" && echo x >"${file}"`).join("\n");
  const one = machine({
    cargo: `case "$*" in *--lib*) ${touches("$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/halftone.wasm")} ;; esac`,
    "wasm-bindgen": `while [ "$1" != --out-dir ]; do shift; done\n${touches("$2/halftone_bg.wasm", "$2/halftone.js")}`,
    "wasm-opt": touches("$3"),
    esbuild: `for word in "$@"; do case $word in --outfile=*) echo x >"\${word#--outfile=}" ;; esac; done`,
    node: `case $1 in -e) exec ${process.execPath} "$@" ;; *) [ -d "$2" ] || echo x >"$2" ;; esac`,
  });
  mkdirSync(join(one.root, "target/release"), { recursive: true });
  writeFileSync(join(one.root, "halftone.json"), "{}");
  const compiled = 'mkdir -p "$4" && echo x >"$4/plan.halftone" && echo x >"$4/offers.json"';
  const halftone = `#!${whereIs("bash")}\n[ "$1" != compile ] || { ${compiled}; }\n`;
  mkdirSync(join(one.root, "src/edge"), { recursive: true });
  for (const name of ["entry.mjs", "edge/live.mjs"]) writeFileSync(join(one.root, "src", name), "");
  writeFileSync(join(one.root, "target/release/halftone"), halftone, { mode: 0o755 });
  return one;
}

test("a build keeps its WebAssembly where nothing of GNU is, and finds it the next time", () => {
  const one = pretending();
  rmSync(join(one.bin, "mv"));
  const first = one.run("build.sh");
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /glue and optimisation/);
  assert.ok(existsSync(join(one.root, "build/index_bg.wasm")) && existsSync(join(one.root, "build/control_bg.wasm")));
  const again = one.run("build.sh");
  assert.equal(again.status, 0, again.stderr);
  assert.doesNotMatch(again.stdout, /glue and optimisation/);
});

test("a build that can not keep its WebAssembly says so", () => {
  const one = pretending();
  one.put("node", 'echo "Error: EACCES: permission denied" >&2; exit 1');
  assert.match(
    failed(one.run("build.sh")),
    /^halftone: .*\/glue\/[0-9-]+ could not be made \(Error: EACCES: permission denied\)\. Mend that, then build again\.$/,
  );
});

test("a Worker that is too large says how large it is", () => {
  const one = machine();
  mkdirSync(join(one.root, "out"));
  for (const file of ["index.js", "index_bg.wasm"]) writeFileSync(join(one.root, "out", file), `${file}${"x".repeat(1000)}`);
  const fine = one.run("size.sh", ["out", "1000"]);
  const total = /= (\d+) bytes gzip -9, at most 1000\n$/.exec(fine.stdout)?.[1];
  assert.equal(fine.status, 0);
  assert.ok(Number(total) > 0, fine.stdout);
  assert.equal(one.run("size.sh", ["out", total]).status, 0, "the limit itself is allowed");
  assert.equal(
    failed(one.run("size.sh", ["out", String(total - 1)])),
    `halftone: the Worker is ${total} bytes gzipped, more than ${total - 1}. \`wasm-opt --metrics out/index_bg.wasm\` says what it is made of.`,
  );
});
