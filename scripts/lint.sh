#!/usr/bin/env bash
# Formatting, lints and documentation of everything; a warning is an error.
source "$(dirname "$0")/env.sh"

say "lint: formatting"
cargo fmt --check

say "lint: Rust, native"
cargo clippy --quiet --all-targets -- -D warnings

say "lint: Rust, $WASM_TARGET"
wasm_cargo clippy --quiet --lib -- -D warnings
wasm_cargo clippy --quiet --lib --features fault-injection -- -D warnings

say "lint: documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --document-private-items

say "lint: JavaScript"
biome check --error-on-warnings .

say "lint: shell"
shellcheck --external-sources --source-path=SCRIPTDIR scripts/*.sh .ci/run
