#!/usr/bin/env bash
# Proves that the program runs on old systems: asks it which glibc it needs, and has it serve saves in minimal Debian systems,
# 12 (glibc 2.36) and 11 (2.31). By hand: needs root, debootstrap and scripts/package-binary.sh.
#
#   scripts/prove-portable.sh
#   scripts/prove-portable.sh --binary PATH
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh

# What scripts/package-binary.sh links against.
readonly GLIBC=2.17

scripts/parse-server/install.sh
for binary in "${binaries[@]}"; do
  newest="$(scripts/packages/newest-glibc.sh "$binary")"
  echo "$binary needs glibc $newest"
  if [[ "$(printf '%s\n' "$newest" "$GLIBC" | sort --version-sort | tail -n 1)" != "$GLIBC" ]]; then
    echo "that is newer than $GLIBC" >&2
    exit 1
  fi
  for suite in bookworm bullseye; do
    node scripts/packages/serve-in-root.mjs "$(scripts/packages/debian-root.sh "$suite")" "$binary"
  done
done
