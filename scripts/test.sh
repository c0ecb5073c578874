#!/usr/bin/env bash
# Runs every test: the library's and the command line's, then the Worker's in its real runtime and in a real browser.
source "$(dirname "$0")/env.sh"

cargo test --all-targets --no-fail-fast
cargo test --doc
scripts/cross_check.sh

scripts/build.sh
# Every isolate that starts somewhere in the world loads this much before its first answer.
scripts/size.sh build 100000

shopt -s nullglob
tests=(tests/e2e/*.test.mjs tests/browser/*.test.mjs)
# One file at a time: each starts runtimes of its own, and two cores are enough for one.
if [ ${#tests[@]} -gt 0 ]; then
    # What hangs ends, and the rest is still run.
    node --test --test-reporter=spec --test-concurrency=1 --test-timeout=900000 "${tests[@]}"
fi

say "deploy, dry run:"
FIRST=1 DRY_RUN=1 HALFTONE_URL="" scripts/deploy.sh
