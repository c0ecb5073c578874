#!/usr/bin/env bash
# Makes the table of docs/evidence.md again: whole rollouts of the usual steps and guards (RAMPS= of each kind, 1000).
source "$(dirname "$0")/env.sh"

cargo build --quiet --release --bin halftone
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/halftone.json" <<'JSON'
{ "sites": { "shop": {
    "versions": { "v1": "https://v1.example", "v2": "https://v2.example" }, "stable": "v1", "rollout": { "canary": "v2" } } } }
JSON
target/release/halftone simulate "$scratch/halftone.json" --ramp --ramps "${RAMPS:-1000}" >"$scratch/table"
# What stands between the two marks is the table.
awk -v table="$scratch/table" '
    /^<!-- ramps -->$/ { print; while ((getline line < table) > 0) print line; skip = 1 }
    /^<!-- end of ramps -->$/ { skip = 0 }
    !skip || /^<!-- end/ { if (!/^<!-- ramps -->$/) print }
' docs/evidence.md >"$scratch/docs"
cp "$scratch/docs" docs/evidence.md
say "docs/evidence.md has the table of ${RAMPS:-1000} rollouts of each kind"
