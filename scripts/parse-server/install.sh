#!/usr/bin/env bash
# Installs the Parse Servers of the given major versions (5 to 9) from their lock files, where that is not done yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

install() {
  # npm writes this file last.
  if [[ "$1/package-lock.json" -nt "$1/node_modules/.package-lock.json" ]]; then
    echo "Installing Parse Server $2"
    (cd "$1" && npm ci --silent)
  fi
}

# The rig itself lives beside Parse Server 9.
install . 9
for version in "$@"; do
  if [[ "$version" != 9 ]]; then install "v$version" "$version"; fi
done
