#!/usr/bin/env bash
# Makes target/package/cloudinary-parse-<version>-<target>.tar.gz of each program: with manual pages, completions, the unit for
# systemd, documentation and samples.
#
#   scripts/package-archive.sh                   the programs that lie in target/package/<target>/
#   scripts/package-archive.sh --binary PATH     another one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh

version="$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
stage="$made/archive"
rm -rf "$stage"
mkdir -p "$stage/extras"
scripts/packages/extras.sh "$stage/extras" "${binaries[@]}"
for binary in "${binaries[@]}"; do
  # The program says what it is for; where it does not run, its folder does.
  target="$("$binary" --version 2> /dev/null | sed -n 's/^build: .*, //p' || true)"
  name="cloudinary-parse-$version-${target:-$(basename "$(dirname "$binary")")}"
  mkdir "$stage/$name"
  install -m 0755 "$binary" "$stage/$name/cloudinary-parse"
  cp -R "$stage/extras/." LICENSE README.md CHANGELOG.md SECURITY.md docs webhooks .env.example "$stage/$name/"
  cp deploy/systemd/cloudinary-parse.service "$stage/$name/"
  tar -C "$stage" -czf "$made/$name.tar.gz" "$name"
  echo "made $made/$name.tar.gz"
done
rm -rf "$stage"
