#!/usr/bin/env bash
# Walks the README's quick start with npx as a new user would: in a minimal Debian with Node.js and without Rust, from the packed
# npm files to a refused forgery on a real Parse Server 9. Its commands are the README's own. Prints how long it took.
# By hand: needs root, debootstrap, free ports 1337, 8080 and 9090, and scripts/package-binary.sh.
#
#   scripts/newcomer.sh
#   scripts/newcomer.sh --binary PATH
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh

scripts/parse-server/install.sh
arguments=()
for binary in "${binaries[@]}"; do arguments+=(--binary "$binary"); done
scripts/package-npm.sh "${arguments[@]}" > /dev/null
root="$(scripts/packages/debian-root.sh bookworm)"
# The Node.js that runs this is the one that the newcomer has.
node="$(node -p process.execPath)"
install -m 0755 "$node" "$root/usr/bin/node"
rm -rf "$root/usr/lib/node_modules/npm"
mkdir -p "$root/usr/lib/node_modules"
cp -a "$(npm root --global)/npm" "$root/usr/lib/node_modules/npm"
for command in npm npx; do ln -sf "../lib/node_modules/npm/bin/$command-cli.js" "$root/usr/bin/$command"; done
exec node scripts/packages/newcomer.mjs "$root" "$made/npm"
