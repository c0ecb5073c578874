#!/usr/bin/env bash
# Builds and deploys with Wrangler, without undoing what people and evidence decided since the last deploy.
#
#   HALFTONE_URL=https://…  the admin surface of the running Worker, and a token for it in HALFTONE_TOKEN (or .dev.vars)
#   FIRST=1                 nothing runs yet; should something all the same, its Controller refuses the config
#   PARENT=12               the revision that the config takes into account, if the lock file does not say so
#   RETAIN_DAYS=7           how long a version is kept in the config after nobody gets it any more
#   DEPLOY_FLAGS="…"        more for the check: --drop VERSION drops one all the same
#   DRY_RUN=1               everything but the upload; DRY_RUN=check leaves Wrangler out too
#
# What is in force is asked first. The build derives its splits from it and embeds it, so that an isolate that knows nothing yet
# serves what is live and not the file. The file becomes the next revision only if it was made from what is live; otherwise this stops
# before anything is uploaded, and prints the difference. halftone.lock.json says what was deployed from here last: commit it.
source "$(dirname "$0")/env.sh"

CONFIG=${CONFIG:-halftone.json}
OUT=${OUT:-build}
LOCK=${LOCK:-$(dirname "$CONFIG")/halftone.lock.json}
live=$OUT/in-force.json
mkdir -p "$OUT"
rm -f "$live"

cargo build --quiet --release --bin halftone
if [ -n "${HALFTONE_URL:-}" ]; then
    [ -z "${FIRST:-}" ] || fail "FIRST=1 says that nothing runs yet, and HALFTONE_URL=$HALFTONE_URL says where it runs. Take one of them out."
    say "deploy: asking $HALFTONE_URL what is in force"
    # shellcheck disable=SC2086 # flags are words
    target/release/halftone takeover "$CONFIG" --out "$live" --lock "$LOCK" --retain-days "${RETAIN_DAYS:-7}" \
        ${PARENT:+--parent "$PARENT"} ${DEPLOY_FLAGS:-} ||
        fail "nothing was deployed."
elif [ -n "${FIRST:-}" ]; then
    say "deploy: the first one; nothing is asked for what is in force"
else
    fail "what is in force has to be asked before it is deployed over. Set HALFTONE_URL to the address of the admin surface and HALFTONE_TOKEN to a token for it; or, if nothing runs yet, say \`make deploy FIRST=1\`."
fi

if [ -s "$live" ]; then
    IN_FORCE=$live CONFIG=$CONFIG OUT=$OUT scripts/build.sh
else
    FIRST=1 CONFIG=$CONFIG OUT=$OUT scripts/build.sh
fi

if [ "${DRY_RUN:-}" = check ]; then
    say "deploy: checked and built; Wrangler was not asked"
    exit
fi

# It is built; Wrangler is not to build it again without what is in force.
WRANGLER=${WRANGLER_CONFIG:-wrangler.toml}
deployed=$(dirname "$WRANGLER")/.wrangler-deploy.toml
trap 'rm -f "$deployed"' EXIT
awk '/^\[/ { skip = ($0 == "[build]") } !skip' "$WRANGLER" >"$deployed"

if [ -n "${DRY_RUN:-}" ]; then
    CI=1 wrangler deploy --config "$deployed" --dry-run --outdir dist
    say "deploy: a dry run; nothing was uploaded"
    exit
fi
wrangler deploy --config "$deployed"
cp "$OUT/lock.json" "$LOCK"
say "deploy: done. Commit $LOCK: the next deploy compares it with what is in force then."
