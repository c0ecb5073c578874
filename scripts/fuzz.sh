#!/usr/bin/env bash
# Fuzzes each parser for SECONDS_PER_TARGET (20) seconds, from the committed seeds; what it finds is kept in fuzz/artifacts.
source "$(dirname "$0")/env.sh"

seconds=${SECONDS_PER_TARGET:-20}
toolchain=$(fuzz_toolchain)
shopt -s nullglob
targets=(fuzz/fuzz_targets/*.rs)
[ ${#targets[@]} -gt 0 ] || fail "there is nothing to fuzz in fuzz/fuzz_targets."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
number=0
failed=()
for file in "${targets[@]}"; do
    target=$(basename "$file" .rs)
    number=$((number + 1))
    say "[$number/${#targets[@]}] $target: $seconds s ..."
    mkdir -p "fuzz/corpus/$target"
    if cargo "+$toolchain" fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- -max_total_time="$seconds" -timeout=5 >"$log" 2>&1; then
        say "[$number/${#targets[@]}] $target: $(grep -a '^Done ' "$log" || echo 'no crash')"
    else
        cat "$log"
        say "[$number/${#targets[@]}] $target: FAILED"
        failed+=("$target")
    fi
done
[ ${#failed[@]} = 0 ] || fail "${failed[*]} failed. \`cargo +$toolchain fuzz run TARGET FILE\` runs an input named above again."
