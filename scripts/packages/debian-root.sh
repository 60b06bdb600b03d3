#!/usr/bin/env bash
# Lays a minimal Debian into target/package-tools/roots/<SUITE>, unless it is there, and prints the folder. Needs root and debootstrap.
#
#   scripts/packages/debian-root.sh bookworm
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ "$(id -u)" != 0 ]] || ! command -v debootstrap > /dev/null; then
  echo "a minimal Debian needs root and debootstrap" >&2
  exit 1
fi
roots="${CARGO_TARGET_DIR:-target}/package-tools/roots"
root="$roots/$1"
if [[ ! -e "$roots/$1.made" ]]; then
  echo "Installing a minimal Debian, $1" >&2
  rm -rf "$root"
  mkdir -p "$roots"
  debootstrap --variant=minbase --include=ca-certificates,curl "$1" "$root" > "$roots/$1.log" || {
    tail -n 5 "$roots/$1.log" >&2
    exit 1
  }
  touch "$roots/$1.made"
fi
(cd "$root" && pwd)
