#!/usr/bin/env bash
# Has a program write its manual pages and completions into FOLDER/man and FOLDER/completions: the first that runs here.
#
#   scripts/packages/extras.sh FOLDER PROGRAM...
set -euo pipefail
folder="$1"
shift
for program in "$@"; do
  program="$(cd "$(dirname "$program")" && pwd)/$(basename "$program")"
  if "$program" --version > /dev/null 2>&1; then
    mkdir -p "$folder/completions"
    "$program" man --to "$folder/man"
    for shell in bash zsh fish; do "$program" completions "$shell" > "$folder/completions/$shell"; done
    exit
  fi
done
echo "no program runs here, to write its manual pages: $*" >&2
exit 1
