#!/usr/bin/env bash
# Shows the whole way of a picture against a real Parse Server: set-up included, on a machine with Rust and Node.
#
#   scripts/demo.sh          runs it and cleans up
#   scripts/demo.sh --keep   leaves everything running, a sample gallery for the browser included, and prints the URLs
#   scripts/demo.sh --stop   ends what --keep left running
#
# With CLOUDINARY_URL in the environment pictures go to that account instead of a double of Cloudinary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  "" | --keep | --stop) ;;
  *)
    echo "usage: scripts/demo.sh [--keep | --stop]" >&2
    exit 64
    ;;
esac

for tool in cargo node npm; do
  command -v "$tool" > /dev/null || {
    echo "demo.sh needs $tool: install Rust (cargo) and Node.js 20.19 or newer (node, npm)" >&2
    exit 1
  }
done

scripts/parse-server/install.sh 9
# A debug build is there in a minute or two; the whole-program optimisation of `release` would show nothing here.
if [[ "${1:-}" != --stop ]]; then
  echo "Building cloudinary-parse"
  cargo build --quiet --locked
  export CLOUDINARY_PARSE_BIN="${CARGO_TARGET_DIR:-target}/debug/cloudinary-parse"
fi
exec node scripts/parse-server/demo.mjs "$@"
