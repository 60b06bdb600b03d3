#!/usr/bin/env bash
# Writes target/package/SHA256SUMS over the packages that were made there: run it last.
#
# In a folder of downloads, `sha256sum --check --ignore-missing SHA256SUMS` compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cd "${CARGO_TARGET_DIR:-target}/package"

shopt -s nullglob
packages=(*.tar.gz *.deb npm/*.tgz)
if ((${#packages[@]} == 0)); then
  echo "there are no packages in $PWD" >&2
  exit 1
fi
# The names as they are downloaded: without folders.
for package in "${packages[@]}"; do
  (cd "$(dirname "$package")" && sha256sum "$(basename "$package")")
done > SHA256SUMS
cat SHA256SUMS
