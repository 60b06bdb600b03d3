#!/usr/bin/env bash
# Mixed traffic through a real Parse Server for so many minutes, with restarts of Parse Server, outages of Cloudinary and changes of keys in
# between: fails if an answer was ever wrong, or memory or open files of the service kept growing. Prints a table at the end.
#
#   scripts/soak.sh [minutes]      default: 30
#
# Measures the binary that was built last (CLOUDINARY_PARSE_BIN names another).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes="${1:-30}"
if [[ ! "$minutes" =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: scripts/soak.sh [minutes]" >&2
  exit 64
fi
for tool in node npm; do
  command -v "$tool" > /dev/null || {
    echo "soak.sh needs $tool" >&2
    exit 1
  }
done
scripts/parse-server/install.sh 9
if [[ -z "${CLOUDINARY_PARSE_BIN:-}" ]]; then cargo build --quiet --locked --release; fi
exec node scripts/soak/run.mjs "$minutes"
