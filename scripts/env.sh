# shellcheck shell=bash
# Sourced first by every script: goes to the root of the repository, puts the pinned tools on PATH, and says how things
# are said. It installs nothing and is quick; what it reads (versions) is written once, where it belongs.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ROOT=$PWD
TOOLS=$ROOT/.tools
export PATH="$ROOT/node_modules/.bin:$TOOLS/node/bin:$TOOLS/bin:$PATH"

# Wrangler asks nobody anything and reports to nobody.
export CLOUDFLARE_CF_FETCH_ENABLED=false WRANGLER_SEND_METRICS=false WRANGLER_SEND_ERROR_REPORTS=false

# The wasm32 build has folders of its own: it may need another compiler, and two compilers in one folder undo each other.
WASM_TARGET=wasm32-unknown-unknown
WASM_DIR=$ROOT/target/wasm

say() { printf '%s\n' "$*"; }

# One sentence about what is missing, one about what mends it; then the end.
fail() {
    printf 'halftone: %s\n' "$*" >&2
    exit 1
}

# The version that Cargo.toml pins for a crate or a key: `pinned wasm-bindgen`, `pinned rust-version`.
pinned() { sed -n "s/^$1 = \"=\{0,1\}\([0-9.]*\)\"/\1/p" Cargo.toml | head -n 1; }

# Whether version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The nightly Rust that fuzzing is done with, and the one that is taken instead where that can not be had. scripts/setup.sh
# notes it.
NIGHTLY=nightly-2026-05-20
fuzz_toolchain() { cat "$TOOLS/fuzz-toolchain" 2>/dev/null || printf '%s\n' "$NIGHTLY"; }

# The compiler for wasm32, if it is not the one that cargo takes by itself. scripts/setup.sh notes it.
wasm_rustc() { cat "$TOOLS/wasm-rustc" 2>/dev/null || true; }

# cargo for wasm32: `wasm_cargo build --lib ...`. Native builds never see the other compiler, whose linter is its own too. Visitors
# wait for this code to arrive more than for it to run, so it is built for its size.
wasm_cargo() {
    local what=$1 compiler cargo=cargo
    shift
    compiler=$(wasm_rustc)
    (
        export CARGO_TARGET_DIR=$WASM_DIR CARGO_PROFILE_RELEASE_OPT_LEVEL=s
        if [ -n "$compiler" ]; then
            export RUSTC=$compiler
            [ "$what" != clippy ] || cargo=$(dirname "$compiler")/cargo-clippy
        fi
        exec "$cargo" "$what" --target "$WASM_TARGET" "$@"
    )
}
