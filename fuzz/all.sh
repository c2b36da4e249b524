#!/usr/bin/env bash
# Runs every target for a number of seconds (default: 7200), one after the other. What is found goes to fuzz/artifacts.
# A target begins again after 300,000 inputs, with what it has learnt: the library that `phone` compares with keeps
# a pattern for each format that it meets.
set -euo pipefail
cd "$(dirname "$0")/.."

for path in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$path" .rs)
    mkdir -p "fuzz/found/$target"
    end=$((SECONDS + ${1:-7200}))
    while ((SECONDS < end)); do
        cargo fuzz run -s none --features fuzzing "$target" "fuzz/found/$target" "fuzz/corpus/$target" \
            "fuzz/regressions/$target" -- -max_total_time="$((end - SECONDS))" -runs=200000 -max_len=4096 \
            -rss_limit_mb=512 -dict="fuzz/dictionaries/$target.dict"
    done
done
