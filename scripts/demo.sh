#!/usr/bin/env bash
# Shows the whole way of a picture against a real Parse Server: set-up included, on a machine with Rust and Node.
#
#   scripts/demo.sh          runs it and cleans up
#   scripts/demo.sh --keep   leaves everything running, a sample gallery for the browser included, and prints the URLs
#   scripts/demo.sh --stop   ends what --keep left running
#
#   --port 8000   Parse Server on this port, the other servers on the four after it, instead of free ports
#
# With CLOUDINARY_URL in the environment pictures go to that account instead of a double of Cloudinary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  echo "usage: scripts/demo.sh [--keep] [--port PORT] | --stop" >&2
  exit 64
}

arguments=("$@")
while (($#)); do
  case "$1:${2:-}" in
    --keep:*) shift ;;
    --stop:)
      ((${#arguments[@]} == 1)) || usage
      shift
      ;;
    --port:[1-9]*)
      [[ "$2" =~ ^[0-9]{1,5}$ ]] && (($2 <= 65531)) || usage
      shift 2
      ;;
    *) usage ;;
  esac
done

for tool in cargo node npm; do
  command -v "$tool" > /dev/null || {
    echo "demo.sh needs $tool: install Rust (cargo) and Node.js 20.19 or newer (node, npm)" >&2
    exit 1
  }
done

scripts/parse-server/install.sh 9
# A debug build is there in a minute or two; the whole-program optimisation of `release` would show nothing here.
if [[ "${arguments[*]:-}" != --stop ]]; then
  echo "Building cloudinary-parse"
  cargo build --locked
  export CLOUDINARY_PARSE_BIN="${CARGO_TARGET_DIR:-target}/debug/cloudinary-parse"
fi
exec node scripts/parse-server/demo.mjs ${arguments[@]+"${arguments[@]}"}
