#!/usr/bin/env bash
# Installs the Parse Servers of the given major versions (5 to 9) from their lock files, where that is not done yet.
#
#   scripts/parse-server/install.sh [--database postgres|mongodb] [VERSION ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

database=postgres
if [[ "${1:-}" == --database ]]; then
  database="${2:-}"
  shift 2
fi

install() {
  # npm writes this file last.
  if [[ "$1/package-lock.json" -nt "$1/node_modules/.package-lock.json" ]]; then
    echo "Installing Parse Server $2"
    (cd "$1" && npm ci --silent)
  fi
}

# A server of MongoDB's protocol, written in Python. Its wheels are pure Python; pip checks their digests.
install_mongodb() {
  local wanted=mongodb/requirements.txt installed=mongodb/python/requirements.txt
  if cmp -s "$wanted" "$installed"; then return; fi
  echo "Installing MongoDB's server"
  rm -rf mongodb/python
  python3 -m venv mongodb/python
  mongodb/python/bin/pip install --quiet --only-binary :all: --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$installed"
}

# The rig itself lives beside Parse Server 9.
install . 9
for version in "$@"; do
  if [[ "$version" != 9 ]]; then install "v$version" "$version"; fi
done
case "$database" in
  postgres) ;;
  mongodb) install_mongodb ;;
  *)
    echo "--database: $database is neither postgres nor mongodb" >&2
    exit 64
    ;;
esac
