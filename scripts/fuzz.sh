#!/usr/bin/env bash
# Fuzzes everything that parses untrusted input, each target for the given number of seconds.
#
#   scripts/fuzz.sh 1200                     every target, twenty minutes each
#   scripts/fuzz.sh 20 webhook identifier    only these
#
# Needs cargo-fuzz (`cargo install cargo-fuzz`) and a C++ compiler; a stable toolchain is enough. Findings are in fuzz/artifacts. Copy
# one to fuzz/seeds/<target>/found-<what>, and `cargo test --test invariants` replays it. The other seeds are minimal: each adds coverage.
# Seeds that a long run finds are in fuzz/corpus; `cargo fuzz cmin` keeps those of them that add coverage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"

all=(webhook identifier transformation manifest notification cloudinary_url)
seconds="${1:-}"
if [[ ! "$seconds" =~ ^[0-9]+$ ]]; then
  echo "usage: scripts/fuzz.sh <seconds> [${all[*]}]" >&2
  exit 64
fi
shift
targets=("$@")
if ((${#targets[@]} == 0)); then targets=("${all[@]}"); fi

# Only coverage instrumentation needs nightly features. A sanitizer would find nothing, because there is no unsafe code here.
export RUSTC_BOOTSTRAP=1
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "artifacts/$target"
  echo "Fuzzing $target for $seconds seconds"
  cargo fuzz run --fuzz-dir . -s none "$target" "corpus/$target" "seeds/$target" -- \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len=8192 -dict=words.dict -print_final_stats=1 -verbosity=0
done
