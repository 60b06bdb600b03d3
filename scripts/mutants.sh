#!/usr/bin/env bash
# Changes the guard's code in hundreds of small ways, one at a time, and runs the library's, `api` and
# `invariants` tests: a change that no test notices is a gap in the tests. Takes hours: in parts.
#
#   scripts/mutants.sh                                 everything that guards or destroys
#   scripts/mutants.sh src/hooks/guard.rs 'src/assets/**'   these files
#   SHARD=3/20 scripts/mutants.sh                      the fourth of twenty parts
#
# Needs cargo-mutants and cargo-nextest. Survivors are listed in mutants.out/missed.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

files=("$@")
if ((${#files[@]} == 0)); then
  files=('src/hooks/**' 'src/assets/**' 'src/cloudinary/identifier*' 'src/cloudinary/identifier/**'
    'src/cloudinary/signature*' 'src/cloudinary/notification*' 'src/parse/envelope*' 'src/queue/**')
fi
arguments=()
for file in "${files[@]}"; do arguments+=(--file "$file"); done
if [[ -n "${SHARD:-}" ]]; then arguments+=(--shard "$SHARD"); fi
exec cargo mutants --in-place "${arguments[@]}"
