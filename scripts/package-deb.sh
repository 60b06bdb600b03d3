#!/usr/bin/env bash
# Builds the Debian package: target/debian/cloudinary-parse_*.deb, for the release of Debian or Ubuntu that this runs on.
# Needs cargo-deb: cargo install cargo-deb --locked
#
#   scripts/package-deb.sh           builds an optimised binary first
#   scripts/package-deb.sh --debug   packs a debug binary instead, to see whether the packing works
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

profile=release
case "${1:-}" in
  "") ;;
  --debug) profile=dev ;;
  *)
    echo "usage: scripts/package-deb.sh [--debug]" >&2
    exit 64
    ;;
esac

target="${CARGO_TARGET_DIR:-target}"
cargo build --quiet --locked --profile "$profile"
program="$target/${profile/dev/debug}/cloudinary-parse"
made="$target/package"
rm -rf "$made"
mkdir -p "$made/completions"
"$program" man --to "$made/man"
for shell in bash zsh fish; do "$program" completions "$shell" > "$made/completions/$shell"; done
exec cargo deb --quiet --no-build --profile "$profile"
