#!/usr/bin/env bash
# Compares everything src/evidence computes with other people's packages and 60-digit arithmetic, on random counts.
#
#   scripts/cross_check.sh        a fresh seed, which it says
#   scripts/cross_check.sh 5      that seed again
source "$(dirname "$0")/env.sh"

python=$TOOLS/python/bin/python
if ! [ -x "$python" ]; then
    say "evidence: there is no Python here, so it is not compared with other people's packages."
    exit
fi
seed=${1:-$(($(date +%s) * 1000 + RANDOM % 1000))}
say "evidence: compared with other people's packages on seed $seed (scripts/cross_check.sh $seed does it again)"
vectors=$ROOT/target/evidence-$seed.json
mkdir -p target
"$python" tests/evidence/cross_check.py "$seed" >"$vectors"
HALFTONE_VECTORS=$vectors cargo test --quiet --test evidence vectors::
rm -f "$vectors"
