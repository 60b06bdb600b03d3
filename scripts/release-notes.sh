#!/usr/bin/env bash
# Prints the notes of a release, from CHANGELOG.md. Nothing is printed if the files do not agree about what is released.
#
#   scripts/release-notes.sh v0.1.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# != 1)) || [[ ! "$1" =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "usage: scripts/release-notes.sh vMAJOR.MINOR.PATCH" >&2
  exit 64
fi
tag="$1"
version="${tag#v}"

refuse() {
  echo "release-notes.sh: $1" >&2
  exit 1
}

in_cargo="$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
[[ "$in_cargo" == "$version" ]] || refuse "Cargo.toml has version $in_cargo, not $version: scripts/set-version.sh $version"

repository="$(sed -n 's/^repository = "\(.*\)"$/\1/p' Cargo.toml)"
# On GitHub: a release under the placeholder, or under the account that the project was forked from, would point elsewhere.
if [[ -n "${GITHUB_REPOSITORY:-}" && "$repository" != "https://github.com/$GITHUB_REPOSITORY" ]]; then
  refuse "Cargo.toml has the repository $repository, this is $GITHUB_REPOSITORY: scripts/set-owner.sh ${GITHUB_REPOSITORY%/*}"
fi

notes="$(awk -v version="$version" '/^## / { here = ($2 == version) ; next } here' CHANGELOG.md)"
[[ "$notes" == *[![:space:]]* ]] || refuse "CHANGELOG.md has nothing under \"## $version\""
# What the repository links to relatively is not beside the notes.
sed "s|](\(docs/\)|]($repository/blob/$tag/\1|g" <<< "$notes" | sed '/./,$!d'
