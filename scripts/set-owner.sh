#!/usr/bin/env bash
# Sets the GitHub account under which the project is published, in every file that names it: Cargo.toml, the npm packages, the
# image in deploy/ and docs/.
#
#   scripts/set-owner.sh ACCOUNT
#
# Until then it is example--owner, which GitHub gives to nobody: an account's name has no two hyphens in a row.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# != 1)) || [[ ! "$1" =~ ^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$ ]] || ((${#1} > 39)); then
  echo "usage: scripts/set-owner.sh ACCOUNT (the name of a GitHub account or organization)" >&2
  exit 64
fi

project=cloudinary-parse
old="$(sed -n "s|^repository = \"https://github.com/\(.*\)/$project\"$|\1|p" Cargo.toml)"
lower() { tr '[:upper:]' '[:lower:]' <<< "$1"; }

# An image's name is in lower case whatever the account's is.
git grep --files-with-matches --fixed-strings -e "github.com/$old/$project" -e "ghcr.io/$(lower "$old")/$project" -- . |
  while read -r file; do
    sed -e "s|github\.com/$old/$project|github.com/$1/$project|g" \
      -e "s|ghcr\.io/$(lower "$old")/$project|ghcr.io/$(lower "$1")/$project|g" "$file" > "$file.new"
    # Written into the file and not moved over it, so that its mode stays.
    cat "$file.new" > "$file"
    rm "$file.new"
    echo "$file"
  done
