#!/usr/bin/env bash
# Makes the Debian package of a program: target/package/cloudinary-parse_*.deb, for the architecture that this runs on.
# Needs cargo-deb: cargo install cargo-deb --locked
#
#   scripts/package-deb.sh                   the program that scripts/package-binary.sh made: for every Debian and Ubuntu
#   scripts/package-deb.sh --binary PATH     another one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh
if ((${#binaries[@]} > 1)); then
  echo "there is more than one program in $made: say which by --binary PATH" >&2
  exit 1
fi

# What Cargo.toml names.
stage=target/package/deb
rm -rf "$stage"
mkdir -p "$stage"
scripts/packages/extras.sh "${binaries[0]}" "$stage"
install -m 0755 "${binaries[0]}" "$stage/cloudinary-parse"
cargo deb --quiet --no-build --no-strip --output "$made/"
rm -rf "$stage"
ls -t "$made"/cloudinary-parse_*.deb | head -n 1 | sed 's/^/made /'
