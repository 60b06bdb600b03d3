#!/usr/bin/env bash
# Has a program write its own manual pages and completions into FOLDER/man and FOLDER/completions.
#
#   scripts/packages/extras.sh PROGRAM FOLDER
set -euo pipefail
program="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
folder="$2"

if ! "$program" --version > /dev/null; then
  echo "$program does not run here: package it on the platform that it is for" >&2
  exit 1
fi
mkdir -p "$folder/completions"
"$program" man --to "$folder/man"
for shell in bash zsh fish; do "$program" completions "$shell" > "$folder/completions/$shell"; done
