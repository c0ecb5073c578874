#!/usr/bin/env bash
# Builds the Worker: OUT/index.js and OUT/index_bg.wasm, with the plan of CONFIG inside.
#
#   CONFIG=halftone.json OUT=build    which config, and where to
#   PREVIOUS=plan.halftone                the live plan: splits are derived from it, so that as few visitors as possible move
#   FEATURES=fault-injection          for the tests that break things on purpose
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

config=${CONFIG:-halftone.json}
out=${OUT:-build}
features=${FEATURES:-}
glue="$root/target/wasm/glue${features:+-$features}"

say "build: the command line"
cargo build --quiet --release --bin halftone
say "build: $config"
target/release/halftone check "$config" >&2
mkdir -p "$out"
target/release/halftone compile "$config" --out "$out" ${PREVIOUS:+--previous "$PREVIOUS"} >&2

say "build: WebAssembly${features:+ with $features}"
cargo_wasm build --quiet --release --lib --target $target ${features:+--features "$features"}
raw="$root/target/wasm/$target/release/halftone.wasm"
# The compiler leaves the file alone when nothing changed; a digest tells, whatever the clock says.
digest=$(cat "$raw" "$0" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$glue/digest" 2>/dev/null)" != "$digest" ]; then
  say "build: glue and optimisation"
  rm -rf "$glue"
  wasm-bindgen --target web --no-typescript --omit-default-module-path --experimental-reset-state-function --out-dir "$glue" --out-name halftone "$raw"
  # The unstripped file stays beside it, for stack traces.
  mv "$glue/halftone_bg.wasm" "$glue/unstripped.wasm"
  wasm-opt "$glue/unstripped.wasm" -o "$glue/halftone_bg.wasm" -O3 --strip-debug --strip-producers --enable-mutable-globals \
    --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory --enable-multivalue --enable-reference-types \
    --enable-exception-handling
  echo "$digest" >"$glue/digest"
fi

say "build: $out/index.js"
cp "$glue/halftone_bg.wasm" "$out/index_bg.wasm"
esbuild src/entry.mjs --bundle --minify --format=esm --target=es2022 --log-level=warning --outfile="$out/index.js" \
  --external:cloudflare:workers '--external:*.wasm' "--alias:halftone-glue=$glue/halftone.js" \
  "--alias:halftone-plan=$(cd "$out" && pwd)/plan.halftone" "--alias:halftone-fallback=$(cd "$out" && pwd)/fallback.json" \
  --loader:.json=text --loader:.halftone=text
