#!/usr/bin/env bash
# Formatting, lints and documentation of everything; a warning is an error. Looks at all of it before it says no.
source "$(dirname "$0")/env.sh"

failed=()
look() {
    local what=$1
    shift
    say "lint: $what"
    "$@" || failed+=("$what")
}

look "Rust formatting" cargo fmt --check
look "Rust" cargo clippy --quiet --all-targets -- -D warnings
look "Rust for $WASM_TARGET" wasm_cargo clippy --quiet --lib -- -D warnings
look "Rust for $WASM_TARGET, second module" wasm_cargo clippy --quiet --lib --features control -- -D warnings
look "Rust for $WASM_TARGET, in a browser" wasm_cargo clippy --quiet --lib --features checker -- -D warnings
look "Rust for $WASM_TARGET, with faults" wasm_cargo clippy --quiet --lib --features fault-injection -- -D warnings
look "Rust documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --document-private-items
look "JavaScript" biome check --error-on-warnings .
look "shell" shellcheck --external-sources --source-path=SCRIPTDIR scripts/*.sh .ci/run

if [ ${#failed[@]} -gt 0 ]; then
    fail "lint found something in: $(printf '%s; ' "${failed[@]}" | sed 's/; $//'). \`make format\` mends formatting."
fi
say "lint: nothing found"
