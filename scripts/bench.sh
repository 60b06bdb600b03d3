#!/usr/bin/env bash
# What a call of the service costs, beside a bare actix-web that only reads and answers (the floor) and an Express app with Cloudinary's
# official SDK that does the same: CPU time a request, start-up, memory. Or what a save through a real Parse Server costs with and without it; or what
# clean-up costs PostgreSQL.
# Every answer is checked before it is timed. docs/performance.md says how to read the tables. Takes about four minutes, building aside.
#
#   scripts/bench.sh [--rounds 5] [--secs 1] [--binary PATH] [--floor PATH]
#   scripts/bench.sh --end-to-end [--rounds 5] [--secs 4] [--binary PATH]
#   scripts/bench.sh --clean-up [--binary PATH]
#
# --binary, --floor   measure these instead of building target/release/cloudinary-parse and target/release/examples/floor
#
# Needs Linux with two cores or more, and node, npm, wrk and taskset; --clean-up needs PostgreSQL.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  echo "usage: scripts/bench.sh [--end-to-end | --clean-up] [--rounds N] [--secs N] [--binary PATH] [--floor PATH]" >&2
  exit 64
}

program=compare
rounds=5
secs=""
binary=""
floor=""
while (($#)); do
  case "$1:${2:-}" in
    --end-to-end:*) program=end-to-end && shift && continue ;;
    --clean-up:*) program=clean-up && shift && continue ;;
    --rounds:[1-9]*) rounds="$2" ;;
    --secs:[1-9]*) secs="$2" ;;
    --binary:?*) binary="$2" ;;
    --floor:?*) floor="$2" ;;
    *) usage ;;
  esac
  shift 2
done

tools=(node npm)
if [[ "$program" == compare ]]; then tools+=(wrk taskset); fi
for tool in "${tools[@]}"; do
  command -v "$tool" > /dev/null || {
    echo "bench.sh needs $tool" >&2
    exit 1
  }
done

scripts/parse-server/install.sh 9
target="${CARGO_TARGET_DIR:-target}/release"
if [[ -z "$binary" ]]; then
  cargo build --quiet --locked --release
  binary="$target/cloudinary-parse"
fi
if [[ "$program" == end-to-end ]]; then
  CLOUDINARY_PARSE_BIN="$binary" exec node scripts/bench/end-to-end.mjs --rounds "$rounds" --secs "${secs:-4}"
fi
if [[ "$program" == clean-up ]]; then
  CLOUDINARY_PARSE_BIN="$binary" exec node scripts/bench/clean-up.mjs
fi
if [[ -z "$floor" ]]; then
  cargo build --quiet --locked --release --example floor
  floor="$target/examples/floor"
fi
exec node scripts/bench/compare.mjs --rounds "$rounds" --secs "${secs:-1}" --binary "$binary" --floor "$floor"
