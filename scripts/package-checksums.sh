#!/usr/bin/env bash
# Collects what target/package holds for the page of a release in target/package/release, with SHA256SUMS: run it last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cd "${CARGO_TARGET_DIR:-target}/package"

shopt -s nullglob
packages=(*.tar.gz *.deb *.cdx.json npm/*.tgz)
if ((${#packages[@]} == 0)); then
  echo "there are no packages in $PWD" >&2
  exit 1
fi
rm -rf release
mkdir release
cp "${packages[@]}" release/
cd release
sha256sum -- * > SHA256SUMS
cat SHA256SUMS
