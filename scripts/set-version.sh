#!/usr/bin/env bash
# Sets the version of the next release in every file that names it: Cargo.toml and Cargo.lock, the npm packages, the image in deploy/
# and docs/. What CHANGELOG.md has under "Unreleased" becomes that version's.
#
#   scripts/set-version.sh 0.2.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# != 1)) || [[ ! "$1" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "usage: scripts/set-version.sh MAJOR.MINOR.PATCH" >&2
  exit 64
fi

old="$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
dots="${old//./\\.}"

# FILE SED-EXPRESSION: written into the file and not moved over it, so that its mode stays.
edit() {
  sed -e "$2" "$1" > "$1.new"
  cat "$1.new" > "$1"
  rm "$1.new"
  echo "$1"
}

edit Cargo.toml "/^\[package\]/,/^\[/s/^version = \"$dots\"$/version = \"$1\"/"
edit Cargo.lock "/^name = \"cloudinary-parse\"$/{n;s/^version = \"$dots\"$/version = \"$1\"/;}"
edit CHANGELOG.md "s/^## Unreleased$/## $1/"
git ls-files 'npm/*package.json' | while read -r file; do
  edit "$file" "s/^\(  \"version\": \)\"$dots\"/\1\"$1\"/;s/^\( *\"@cloudinary-parse\/[a-z0-9-]*\": \)\"$dots\"/\1\"$1\"/"
done
git grep --files-with-matches -E "ghcr\.io/[^ ]+/cloudinary-parse:$dots|newTag: $dots" -- . ':!scripts' | while read -r file; do
  edit "$file" "s|\(ghcr\.io/[^ ]*/cloudinary-parse:\)$dots|\1$1|g;s|\(newTag: \)$dots|\1$1|"
done
