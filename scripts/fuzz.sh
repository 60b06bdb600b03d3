#!/usr/bin/env bash
# Fuzzes what reads the texts of strangers, each target for so many seconds, one after the other.
#
#   scripts/fuzz.sh 1200                     every target, twenty minutes each
#   scripts/fuzz.sh 20 webhook identifier    only these
#
# Needs cargo-fuzz (`cargo install cargo-fuzz`) and a C++ compiler; a stable toolchain will do. What is found lies in fuzz/artifacts: make
# it a seed (fuzz/seeds/<target>/, see fuzz/make-seeds.mjs), and `cargo test --test invariants` holds it from then on.
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

# Coverage instrumentation is all that is used of a nightly toolchain; there is no unsafe code here for a sanitizer to watch.
export RUSTC_BOOTSTRAP=1
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "artifacts/$target"
  echo "Fuzzing $target for $seconds seconds"
  cargo fuzz run --fuzz-dir . -s none "$target" "corpus/$target" "seeds/$target" -- \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len=8192 -dict=words.dict -print_final_stats=1 -verbosity=0
done
