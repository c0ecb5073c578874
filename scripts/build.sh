#!/usr/bin/env bash
# Builds the Worker: one ES module, index.js, and its WebAssembly, index_bg.wasm.
#
#   CONFIG=halftone.json    the config the plan is compiled from
#   OUT=build               where the Worker goes
#   PREVIOUS=plan.halftone  the live plan, so that as few visitors as possible move
#   FEATURES=...            cargo features of the Worker; only tests that break things on purpose set it
#
# The config and the entry are bundled each time, which takes a second; the WebAssembly is made again only when it changed.
source "$(dirname "$0")/env.sh"

CONFIG=${CONFIG:-halftone.json}
OUT=${OUT:-build}
FEATURES=${FEATURES:-}
# Each set of features has a folder, so that a test build and the real one do not undo each other.
WASM_DIR=$WASM_DIR${FEATURES:+-${FEATURES//,/-}}

for tool in wasm-bindgen wasm-opt esbuild; do
    command -v "$tool" >/dev/null || fail "$tool is missing. Run \`scripts/setup.sh\`, then build again."
done

say "build: the command line"
cargo build --quiet --release --bin halftone
say "build: the plan of $CONFIG"
target/release/halftone check "$CONFIG"
target/release/halftone compile "$CONFIG" --out "$OUT" ${PREVIOUS:+--previous "$PREVIOUS"}

say "build: the WebAssembly${FEATURES:+ with $FEATURES}"
wasm_cargo build --quiet --lib --release ${FEATURES:+--features "$FEATURES"}
WASM=$WASM_DIR/$WASM_TARGET/release/halftone.wasm

# A folder named after what it was made of, compiled code and this script, so that builds side by side do not get in each
# other's way. The names of functions stay in its halftone_bg.wasm, for reading stack traces; the visitor's copy goes without.
GLUE=$WASM_DIR/glue/$(cat "$WASM" scripts/build.sh | cksum | tr ' ' '-')
if [ ! -d "$GLUE" ]; then
    say "build: glue and optimisation"
    mkdir -p "$WASM_DIR/glue"
    fresh=$(mktemp -d "$WASM_DIR/glue/new.XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    wasm-bindgen "$WASM" --target web --out-dir "$fresh" --no-typescript --omit-default-module-path --experimental-reset-state-function
    wasm-opt "$fresh/halftone_bg.wasm" -o "$fresh/index_bg.wasm" -O3 --strip-debug --strip-producers \
        --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory \
        --enable-multivalue --enable-reference-types --enable-exception-handling
    [ -d "$GLUE" ] || mv "$fresh" "$GLUE"
    # Those of days before.
    find "$WASM_DIR/glue" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +
fi

cmp -s "$GLUE/index_bg.wasm" "$OUT/index_bg.wasm" || cp "$GLUE/index_bg.wasm" "$OUT/index_bg.wasm"

# What only a build knows is given to the entry by name: the glue to the WebAssembly, the plan, and the table for the case that
# there is no WebAssembly, both as text. No file in OUT has a name that Wrangler would take for another module.
files=$(cd "$OUT" && pwd)
esbuild src/entry.mjs --outfile="$OUT/index.js" --bundle --minify --format=esm --target=es2022 --legal-comments=none \
    --log-level=warning --external:cloudflare:workers '--external:*.wasm' "--alias:halftone-glue=$GLUE/halftone.js" \
    "--alias:halftone-plan=$files/plan.halftone" "--alias:halftone-fallback=$files/fallback.json" \
    --loader:.halftone=text --loader:.json=text
scripts/size.sh "$OUT"
