#!/bin/sh
# Registers the hooks of webhooks/ at Parse Server as soon as it answers, and shows what became of each.
# The configuration is the environment and .env in this checkout. Arguments go to `cloudinary-parse register`, for example --dry-run.
set -eu
cd "$(dirname "$0")/.."
if [ -x target/release/cloudinary-parse ]; then
    program=target/release/cloudinary-parse
elif command -v cloudinary-parse >/dev/null; then
    program=cloudinary-parse
else
    cargo build --release --locked --quiet
    program=target/release/cloudinary-parse
fi
exec "$program" register --wait 60s "$@"
