#!/usr/bin/env bash
# Makes the npm packages in target/package/npm: `cloudinary-parse`, and one for the platform of each program that is given.
#
#   scripts/package-npm.sh                   the program that scripts/package-binary.sh made
#   scripts/package-npm.sh --binary PATH …   other programs; their own headers say what platform they are for
#
# npm install target/package/npm/*.tgz   then installs the command `cloudinary-parse` in another folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages/arguments.sh
exec node scripts/packages/npm.mjs "$made/npm" "${binaries[@]}"
