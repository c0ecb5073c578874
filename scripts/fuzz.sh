#!/usr/bin/env bash
# Fuzzes each parser for SECONDS_PER_TARGET (20) seconds, from the committed seeds; what it finds is kept in fuzz/artifacts.
source "$(dirname "$0")/env.sh"

seconds=${SECONDS_PER_TARGET:-20}
shopt -s nullglob
targets=(fuzz/fuzz_targets/*.rs)
[ ${#targets[@]} -gt 0 ] || fail "there is nothing to fuzz in fuzz/fuzz_targets."

number=0
for file in "${targets[@]}"; do
    target=$(basename "$file" .rs)
    number=$((number + 1))
    say "[$number/${#targets[@]}] $target, $seconds s"
    mkdir -p "fuzz/corpus/$target"
    seeds=(fuzz/seeds/"$target")
    log=$(mktemp)
    if ! cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "${seeds[@]}" -- -max_total_time="$seconds" -timeout=5 >"$log" 2>&1; then
        cat "$log"
        rm -f "$log"
        fail "$target failed. The input that did it is named above; \`cargo +nightly fuzz run $target FILE\` shows it again."
    fi
    grep -E '^(Done|stat::)|DONE' "$log" | tail -n 1
    rm -f "$log"
done
