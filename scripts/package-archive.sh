#!/usr/bin/env bash
# Makes target/package/cloudinary-parse-<version>-<target>.tar.gz of a program: with manual pages, completions, the unit for
# systemd, and the samples.
#
#   scripts/package-archive.sh                   the program that scripts/package-binary.sh made
#   scripts/package-archive.sh --binary PATH     another one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh

for binary in "${binaries[@]}"; do
  # "build:  release, x86_64-unknown-linux-gnu"
  read -r _ version < <("$binary" --version | head -n 1)
  target="$("$binary" --version | sed -n 's/^build: .*, //p')"
  name="cloudinary-parse-$version-$target"
  stage="$made/archive/$name"
  rm -rf "$stage"
  mkdir -p "$stage"
  scripts/packages/extras.sh "$binary" "$stage"
  install -m 0755 "$binary" "$stage/cloudinary-parse"
  cp -R LICENSE README.md CHANGELOG.md docs webhooks .env.example "$stage/"
  cp deploy/systemd/cloudinary-parse.service "$stage/"
  tar -C "$made/archive" -czf "$made/$name.tar.gz" "$name"
  rm -rf "$made/archive"
  echo "made $made/$name.tar.gz"
done
