#!/usr/bin/env bash
# Builds the Worker: one ES module, index.js, and its WebAssembly, index_bg.wasm.
#
#   CONFIG=halftone.json    the config the plan is compiled from
#   OUT=build               where the Worker goes
#   PREVIOUS=plan.halftone  the live plan, so that as few visitors as possible move
#   IN_FORCE=in-force.json  what a running Worker has in force; `make deploy` asks it
#   FIRST=1                 nothing is in force, and if something is all the same, it stays
#   FEATURES=...            cargo features of the Worker; only tests that break things on purpose set it
#   SECOND=src/control.mjs  the entry of the second bundle; only such tests have another
#
# The config and the entry are bundled each time, which takes a second; the WebAssembly is made again only when it changed.
source "$(dirname "$0")/env.sh"

CONFIG=${CONFIG:-halftone.json}
OUT=${OUT:-build}
FEATURES=${FEATURES:-}
SECOND=${SECOND:-src/control.mjs}
GLUES=$WASM_DIR/glue

for tool in wasm-bindgen wasm-opt esbuild; do
    command -v "$tool" >/dev/null || fail "$tool is missing. Run \`scripts/setup.sh\`, then build again."
done

[ -e target/release/halftone ] || say "build: for the first time, which takes some minutes; later ones take seconds"
say "build: the command line"
cargo build --quiet --release --bin halftone
say "build: the plan of $CONFIG"
target/release/halftone check "$CONFIG"
mkdir -p "$OUT"
target/release/halftone openapi >"$OUT/openapi.json"
# The text that the dashboard's editor begins with.
cp "$CONFIG" "$OUT/source.halftone"
target/release/halftone compile "$CONFIG" --out "$OUT" ${PREVIOUS:+--previous "$PREVIOUS"} ${IN_FORCE:+--in-force "$IN_FORCE"} ${FIRST:+--first}

say "build: the WebAssembly${FEATURES:+ with $FEATURES}"
# Three modules of one crate: what every visitor's request needs, (with the feature `control`) everything else, and (with `checker`)
# what the dashboard's editor runs in a browser.
# Each is kept in a folder named after what it was made of, compiled code and this script, so that builds side by side do not
# get in each other's way. The names of functions stay in its halftone_bg.wasm, for reading stack traces; the Worker's copy
# goes without. Functions with one caller stay by themselves: put into it they compress worse, by 3 % of the whole.
mkdir -p "$GLUES"
# Gives a finished folder its name, or drops it where another build of the same was faster. rename(2) never moves into a folder
# that is there, which `mv` does wherever it is not GNU's.
keep() {
    local why
    why=$(node -e 'require("node:fs").renameSync(process.argv[1], process.argv[2])' "$1" "$2" 2>&1) && return
    rm -rf "$1"
    [ -d "$2" ] || fail "$2 could not be made ($(grep -m 1 Error: <<<"$why")). Mend that, then build again."
}
module() {
    local features=$1 folder fresh wasm
    # Each set of features has a folder of its own for what cargo makes: in one, each would be compiled anew after another.
    local WASM_DIR=$WASM_DIR${features:+-${features//,/-}}
    wasm=$WASM_DIR/$WASM_TARGET/release/halftone.wasm
    wasm_cargo build --quiet --lib --release ${features:+--features "$features"}
    folder=$GLUES/$(cat "$wasm" scripts/build.sh | cksum | tr ' ' '-')
    if [ ! -d "$folder" ]; then
        say "build: glue and optimisation${features:+ with $features}"
        fresh=$(mktemp -d "$GLUES/new.XXXXXX")
        wasm-bindgen "$wasm" --target web --out-dir "$fresh" --no-typescript --omit-default-module-path --experimental-reset-state-function
        wasm-opt "$fresh/halftone_bg.wasm" -o "$fresh/index_bg.wasm" -O3 --converge --strip-debug --strip-producers \
            --one-caller-inline-max-function-size=20 \
            --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory \
            --enable-multivalue --enable-reference-types --enable-exception-handling
        keep "$fresh" "$folder"
    fi
    GLUE=$folder
}
module "control${FEATURES:+,$FEATURES}"
CONTROL=$GLUE
module "$FEATURES"
WORKER=$GLUE
# What an editor loads in a browser is the same whatever else is tried out.
module checker
CHECKER=$GLUE
# Those of days before, and of builds that were stopped.
find "$GLUES" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +

replace() { cmp -s "$1" "$2" || cp "$1" "$2"; }
replace "$WORKER/index_bg.wasm" "$OUT/index_bg.wasm"
replace "$CONTROL/index_bg.wasm" "$OUT/control_bg.wasm"
node scripts/page.mjs "$OUT/page.txt"
rm -f "$OUT"/dashboard-*
node scripts/dashboard.mjs "$OUT" "$CHECKER"

# What only a build knows is given to the entry by name: the glue to the WebAssembly, the plan, and the table for the case that
# there is no WebAssembly, both as text. No file in OUT has a name that Wrangler would take for another module.
files=$(cd "$OUT" && pwd)
# One build is told from another by all that it was made of.
made_of=$(cat "$OUT"/{plan.halftone,offers.json,source.halftone,index_bg.wasm,control_bg.wasm} src/*.mjs src/edge/*.mjs | cksum | tr ' ' '-')
bundle() {
    esbuild "$1" --outfile="$2" --bundle --minify --format=esm --target=es2022 --legal-comments=none --log-level=warning \
        --external:cloudflare:workers '--external:*.wasm' --external:./page.txt '--external:./dashboard-*' --external:./control.js \
        "--alias:halftone-glue=$WORKER/halftone.js" "--alias:halftone-control-glue=$CONTROL/halftone.js" \
        "--alias:halftone-plan=$files/plan.halftone" "--alias:halftone-fallback=$files/fallback.json" \
        "--alias:halftone-offers=$files/offers.json" "--alias:halftone-source=$files/source.halftone" "--alias:halftone-openapi=$files/openapi.json" \
        --loader:.halftone=text --loader:.json=text "--define:HALFTONE_BUILD=\"$made_of\""
}
bundle src/entry.mjs "$OUT/index.js"
bundle "$SECOND" "$OUT/control.js"
scripts/size.sh "$OUT"
