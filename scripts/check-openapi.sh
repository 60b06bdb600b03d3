#!/usr/bin/env bash
# Checks docs/openapi.yaml against the running service by schemathesis: requests made from the document, answers held to it.
#
#   scripts/check-openapi.sh [--max-examples N]     more requests for each operation; default 100
#
# Needs Python 3 and its package registry, and a binary (CLOUDINARY_PARSE_BIN, else target/debug).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

examples=100
case "$#:${1:-}" in
  0:) ;;
  2:--max-examples) examples="$2" ;;
  *)
    echo "usage: scripts/check-openapi.sh [--max-examples N]" >&2
    exit 64
    ;;
esac

target="${CARGO_TARGET_DIR:-target}"
program="$(realpath "${CLOUDINARY_PARSE_BIN:-$target/debug/cloudinary-parse}")"
tools="$target/openapi-tools"
if [[ ! -x "$tools/bin/schemathesis" ]]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
fi

folder="$(mktemp -d)"
cleanup() {
  if [[ -n "${pid:-}" ]]; then kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null || true; fi
  rm -rf "$folder"
}
trap cleanup EXIT
mkdir "$folder/webhooks"
cat > "$folder/webhooks/Photo.toml" << 'TOML'
class = "Photo"
[fields.cloudinaryIdentifier]
max_age        = "1h"
on_replace     = "destroy"
on_delete      = "destroy"
destroy_within = "photos/"
TOML
cat > "$folder/webhooks/sign.toml" << 'TOML'
function = "sign_cloudinary_upload_request"
action   = "sign_upload"
access   = "public"
[accept]
tags = true
TOML
# The document leaves open which hooks a deployment has. /ready answers 503 here, as documented: Parse Server cannot be reached.
settings() {
  cat > "$folder/schemathesis.toml" << TOML
[parameters]
"path.className" = "Photo"
"path.triggerName" = "$1"
"path.functionName" = "sign_cloudinary_upload_request"

[checks]
positive_data_acceptance.enabled = false

[[operations]]
include-path = "/ready"
checks.not_a_server_error.enabled = false
TOML
}

# Nothing listens at Parse Server's and Cloudinary's addresses: what has to be done later waits.
(
  cd "$folder"
  exec env -i CLOUDINARY_URL="cloudinary://key:secret@demo?upload_prefix=http://127.0.0.1:9" \
    PARSE_SERVER_URL=http://127.0.0.1:9/parse PARSE_SERVER_APPLICATION_ID=app PARSE_SERVER_MASTER_KEY=master \
    PARSE_SERVER_WEBHOOK_KEY=webhook-key CLOUDINARY_PARSE_ADMIN_TOKEN=admin-token-of-the-check RUST_LOG=info \
    CLOUDINARY_PARSE_BIND=127.0.0.1:0 CLOUDINARY_PARSE_ADMIN_BIND=127.0.0.1:0 "$program" serve
) 2> "$folder/log" &
pid=$!
for _ in {1..100}; do
  grep -q 'admin listener on' "$folder/log" && break
  sleep 0.1
done
webhooks="$(sed -n 's/.*webhook listener on //p' "$folder/log")"
admin="$(sed -n 's/.*admin listener on //p' "$folder/log")"

# A body's names must be those of the path and may not repeat, and only Cloudinary can sign a notification: JSON Schema knows neither, so
# that a request which fits the document may be refused. Every refusal has to be a documented one all the same.
run() {
  "$tools/bin/schemathesis" --config-file "$folder/schemathesis.toml" run docs/openapi.yaml \
    --max-examples "$examples" --continue-on-failure --no-color "$@"
}

failed=0
for trigger in beforeSave afterSave afterDelete; do
  settings "$trigger"
  run --url "$webhooks" --include-operation-id trigger --header "X-Parse-Webhook-Key: webhook-key" || failed=1
done
run --url "$webhooks" --include-tag webhooks --exclude-operation-id trigger --header "X-Parse-Webhook-Key: webhook-key" || failed=1
run --url "$admin" --include-tag admin --include-tag console --header "Authorization: Bearer admin-token-of-the-check" || failed=1
if ! kill -0 "$pid"; then
  echo "the service has ended" >&2
  failed=1
fi
if grep -q 'panic at' "$folder/log"; then
  grep 'panic at' "$folder/log" >&2
  failed=1
fi
exit "$failed"
