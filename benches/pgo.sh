#!/usr/bin/env bash
# Builds the command for those who get it as a binary: as the profile `dist` does, and optimised by
# what an instrumented build did on made-up dumps and on the cases of the tests.
#
# It needs the llvm-profdata of the compiler's own version of LLVM:
#   rustup component add llvm-tools
# or one from elsewhere, whose path is in LLVM_PROFDATA. The last line printed is the binary's path.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
profdata=${LLVM_PROFDATA:-$(rustc --print sysroot)/lib/rustlib/$target/bin/llvm-profdata}
if ! "$profdata" merge --help >/dev/null; then
    printf 'pgo.sh: no llvm-profdata: rustup component add llvm-tools, or set LLVM_PROFDATA\n' >&2
    exit 1
fi

folder=$PWD/target/pgo
program=$folder/$target/dist/contactmill
rm -rf "$folder/profile"
mkdir -p "$folder/profile"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Where a target is named, build scripts and macros are built without the flags. No path of this machine is to
# stand in the binary.
remapped="--remap-path-prefix=$PWD=contactmill --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
build() {
    RUSTFLAGS="$1 $remapped" cargo build --profile dist --locked -p contactmill-cli --target "$target" \
        --target-dir "$folder"
}

convert() {
    rm -rf "$work/out"
    "$program" convert "$@" --quiet --out "$work/out"
}

train_dumps() {
    local make=(cargo run --release --locked -p contactmill-benches --bin make-contacts --)
    "${make[@]}" 200000 -o "$work/few.csv"
    "${make[@]}" 100000 --half-duplicates -o "$work/half.csv"
    convert "$work/few.csv" --region IN --on-duplicate first
    convert "$work/few.csv" --region IN
    convert "$work/half.csv" --region IN
}

# All formats and options, so that none is taken for code that never runs. A case may have to fail.
train_cases() {
    local args
    for case in tests/data/cases/*/; do
        mapfile -t args <"$case/args"
        (cd "$case" && convert "${args[@]}") </dev/null >"$work/said" 2>&1 || true
    done
}

build "-Cprofile-generate=$folder/profile"
LLVM_PROFILE_FILE=$folder/profile/dumps-%m.profraw train_dumps
LLVM_PROFILE_FILE=$folder/profile/cases-%m.profraw train_cases
# Cases are small, and what only they run shall not look idle beside the dumps.
weighted=("$folder"/profile/cases-*.profraw)
"$profdata" merge --output "$folder/merged.profdata" "$folder"/profile/dumps-*.profraw \
    "${weighted[@]/#/--weighted-input=20,}"
build "-Cprofile-use=$folder/merged.profdata"
printf '%s\n' "$program"
