#!/usr/bin/env bash
# Prints what a visitor's request needs, gzip -9: `scripts/size.sh OUT`. With a limit in bytes behind it, more than that fails.
source "$(dirname "$0")/env.sh"

OUT=$1
limit=${2:-}

gzipped() { gzip -9 -c "$1" | wc -c | tr -d ' '; }
js=$(gzipped "$OUT/index.js")
wasm=$(gzipped "$OUT/index_bg.wasm")
total=$((js + wasm))
say "size: $OUT/index.js $js + index_bg.wasm $wasm = $total bytes gzip -9${limit:+, at most $limit}"
[ -z "$limit" ] || [ "$total" -le "$limit" ] ||
    fail "the Worker is $total bytes gzipped, more than $limit. \`wasm-opt --metrics $OUT/index_bg.wasm\` says what it is made of."
