#!/usr/bin/env bash
# Prints what a visitor's request needs, gzip -9, and fails above the limit: `scripts/size.sh [OUT]`.
source "$(dirname "$0")/env.sh"

OUT=${1:-build}
# In 1,000-byte KB. Every isolate that starts somewhere in the world loads this before its first answer.
LIMIT_KB=100

gzipped() { gzip -9 -c "$1" | wc -c | tr -d ' '; }
js=$(gzipped "$OUT/index.js")
wasm=$(gzipped "$OUT/index_bg.wasm")
total=$((js + wasm))
printf 'size: %s/index.js %d + index_bg.wasm %d = %d bytes gzip -9, limit %d\n' "$OUT" "$js" "$wasm" "$total" $((LIMIT_KB * 1000))
[ "$total" -le $((LIMIT_KB * 1000)) ] || fail "the Worker is more than $LIMIT_KB KB gzipped. Look for what grew: \`wasm-opt --metrics $OUT/index_bg.wasm\`."
