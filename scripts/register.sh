#!/usr/bin/env bash
# Registers the hooks of this deployment in Parse Server: waits until Parse Server answers and reaches the running service,
# registers, shows what became of each hook.
#
#   scripts/register.sh [--dry-run] [--prune] [--no-probe] [--json]
#
# Configuration is that of `cloudinary-parse`: the environment, then `.env`. Run it where `.env` and `webhooks` are;
# from anywhere else it works on those of this repository.
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [[ ! -f .env && ! -d webhooks ]]; then cd "$repository"; fi
program="$(command -v cloudinary-parse || true)"
if [[ -z "$program" ]]; then
  program="${CARGO_TARGET_DIR:-$repository/target}/release/cloudinary-parse"
  if [[ ! -x "$program" ]]; then
    echo "Building cloudinary-parse" >&2
    cargo build --quiet --locked --release --manifest-path "$repository/Cargo.toml" >&2
  fi
fi
exec "$program" register --wait 60s "$@"
