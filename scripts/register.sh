#!/usr/bin/env bash
# Registers the hooks of this deployment in Parse Server: waits until it answers, registers, shows the result.
#
#   scripts/register.sh [--dry-run] [--prune]
#
# Configuration is that of `cloudinary-parse`: the environment, then `.env`. Run it where `.env` and `webhooks` are;
# from anywhere else it works on those of this repository.
set -euo pipefail

REPOSITORY="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

binary() {
  if command -v cloudinary-parse; then return; fi
  local built="${CARGO_TARGET_DIR:-$REPOSITORY/target}/release/cloudinary-parse"
  if [[ ! -x "$built" ]]; then
    echo "Building cloudinary-parse" >&2
    cargo build --quiet --locked --release --manifest-path "$REPOSITORY/Cargo.toml" >&2
  fi
  printf '%s\n' "$built"
}

if [[ ! -f .env && ! -d webhooks ]]; then cd "$REPOSITORY"; fi
program="$(binary)"
exec "$program" register --wait 60s "$@"
