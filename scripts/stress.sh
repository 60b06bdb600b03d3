#!/usr/bin/env bash
# What becomes of Parse Server's calls while others hold ten thousand connections, drip, send too much or read nothing: prints a table
# and fails if a call got a wrong answer, or most runs were more than ten times slower than without attackers. Takes about three minutes.
#
#   scripts/stress.sh
#
# Measures the binary that was built last (CLOUDINARY_PARSE_BIN names another), with the limits that it has by default.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Both ends of each connection are a file of some process.
if ! ulimit -n 16384 2> /dev/null; then
  echo "stress.sh needs 16384 open files in a process, and may have only $(ulimit -Hn): raise the hard limit (ulimit -Hn) first" >&2
  exit 1
fi
command -v node > /dev/null || {
  echo "stress.sh needs node" >&2
  exit 1
}
if [[ -z "${CLOUDINARY_PARSE_BIN:-}" ]]; then cargo build --quiet --locked --release; fi
exec node scripts/stress/run.mjs
