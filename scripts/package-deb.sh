#!/usr/bin/env bash
# Makes target/package/cloudinary-parse_*.deb of each program for Linux. Needs cargo-deb: cargo install cargo-deb --locked
#
#   scripts/package-deb.sh                   the programs that lie in target/package/<target>/: for every Debian and Ubuntu
#   scripts/package-deb.sh --binary PATH     another one, for the architecture that this runs on
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh

# Where Cargo.toml says that the files lie.
stage=target/package/deb
for binary in "${binaries[@]}"; do
  target="$(basename "$(dirname "$binary")")"
  case "$target" in
    *-linux-gnu) options=(--target "$target") ;;
    *-apple-darwin) continue ;;
    *) options=() ;;
  esac
  rm -rf "$stage"
  mkdir -p "$stage"
  scripts/packages/extras.sh "$stage" "$binary" "${binaries[@]}"
  install -m 0755 "$binary" "$stage/cloudinary-parse"
  cargo deb --quiet --no-build --no-strip --output "$made/" "${options[@]}"
  rm -rf "$stage"
done
for package in "$made"/cloudinary-parse_*.deb; do echo "made $package"; done
