#!/usr/bin/env bash
# Asks a real Cloudinary account what this service assumes of it, and prints what was assumed and what was seen.
#
#   CLOUDINARY_URL=cloudinary://KEY:SECRET@CLOUD scripts/live.sh
#
# It uploads a few small files (one of 6 MB) under a prefix of its own, removes them, and asks the Admin API about twenty times.
# Exit code: 0 all as assumed, 1 something differs, 64 wrong usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ $# != 0 || -z "${CLOUDINARY_URL:-}" ]]; then
  echo "usage: CLOUDINARY_URL=cloudinary://KEY:SECRET@CLOUD scripts/live.sh" >&2
  exit 64
fi
scripts/parse-server/install.sh > /dev/null
exec node scripts/live/run.mjs
