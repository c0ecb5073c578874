// A verdict is recomputed on other machines than it was made on, so WebAssembly has to come to the same bits as native code.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("the evidence has the same bits in WebAssembly as natively", async () => {
  const build = ". scripts/env.sh && wasm_cargo build --quiet --release --example evidence-digest";
  execFileSync("bash", ["-c", build], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const wasm = `${ROOT}/target/wasm/wasm32-unknown-unknown/release/examples/evidence_digest.wasm`;
  const module = new WebAssembly.Module(readFileSync(wasm));
  // The library's own exports want the runtime; nothing here calls them.
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    assert.equal(kind, "function");
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`${name} was called`);
    };
  }
  const { evidence_digest } = new WebAssembly.Instance(module, imports).exports;
  const found = BigInt.asUintN(64, evidence_digest()).toString(16).padStart(16, "0");
  const [, native] = /digest\(\)\), "([0-9a-f]{16})"/.exec(readFileSync(`${ROOT}/tests/evidence/digest.rs`, "utf8"));
  assert.equal(found, native);
});
