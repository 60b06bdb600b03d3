#!/usr/bin/env bash
# Makes deploy/secrets/ for deploy/compose.yaml: random keys, and the Cloudinary URL from the environment. Existing files are kept.
#
#   CLOUDINARY_URL='cloudinary://<api_key>:<api_secret>@<cloud_name>' deploy/compose/make-secrets.sh
set -euo pipefail
folder="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/secrets"

# Compose mounts the files unchanged, and the containers run as other users. The folder's mode protects the files instead.
mkdir -p "$folder"
chmod 700 "$folder"

put() {
  if [[ -e "$folder/$1" ]]; then
    echo "$1 is there already"
  else
    printf '%s\n' "$2" > "$folder/$1"
    chmod 644 "$folder/$1"
    echo "$1 written"
  fi
}

if [[ ! -e "$folder/cloudinary_url" && -z "${CLOUDINARY_URL:-}" ]]; then
  echo "set CLOUDINARY_URL to what Cloudinary's console shows" >&2
  exit 64
fi
put cloudinary_url "${CLOUDINARY_URL:-}"
put webhook_key "$(openssl rand -hex 32)"
put master_key "$(openssl rand -hex 32)"
put database_password "$(openssl rand -hex 32)"
password="$(cat "$folder/database_password")"
put database_url "postgres://parse:$password@postgres:5432/parse"
put queue_url "postgres://parse:$password@postgres:5432/cloudinary_parse"
