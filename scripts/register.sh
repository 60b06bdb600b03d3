#!/usr/bin/env bash
# Registers the hooks of this deployment in Parse Server: waits until it answers, registers, shows the result.
#
#   scripts/register.sh [--dry-run] [--prune]
#
# Configuration is that of `cloudinary-parse`: the environment, then `.env`. Run it where `.env` and `webhooks` are;
# from anywhere else it works on those of this repository.
set -euo pipefail

REPOSITORY="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
WAIT_SECONDS=60

# The value of a variable: the environment's, else that of `.env`, which is read and never run.
setting() {
  local value="${!1:-}"
  if [[ -z "$value" && -f .env ]]; then
    value="$(sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" .env | head -n 1 | tr -d '\r')"
    case "$value" in
      \"*\"*) value="${value#\"}" value="${value%%\"*}" ;;
      \'*\'*) value="${value#\'}" value="${value%%\'*}" ;;
      *) value="${value%%[[:space:]]*}" ;;
    esac
  fi
  printf '%s' "$value"
}

binary() {
  if command -v cloudinary-parse; then return; fi
  local built="${CARGO_TARGET_DIR:-$REPOSITORY/target}/release/cloudinary-parse"
  if [[ ! -x "$built" ]]; then
    echo "Building cloudinary-parse" >&2
    cargo build --quiet --locked --release --manifest-path "$REPOSITORY/Cargo.toml" >&2
  fi
  printf '%s\n' "$built"
}

# Any HTTP answer will do: whether the keys are right is for `register` to say.
wait_for_parse_server() {
  local url="$1" deadline=$((SECONDS + WAIT_SECONDS)) said=
  until curl --silent --output /dev/null --max-time 5 --noproxy localhost,127.0.0.1,::1 "$url/health"; do
    if ((SECONDS >= deadline)); then
      echo "Parse Server does not answer at $url: is it running, and is PARSE_SERVER_URL right?" >&2
      exit 1
    fi
    [[ -n "$said" ]] || echo "Waiting for Parse Server at $url" >&2
    said=yes
    sleep 1
  done
}

if [[ ! -f .env && ! -d webhooks ]]; then cd "$REPOSITORY"; fi
program="$(binary)"
case " $* " in
  *" --help "* | *" -h "*) exec "$program" register --help ;;
esac

url="$(setting CLOUDINARY_PARSE_SERVER_URL)"
[[ -n "$url" ]] || url="$(setting PARSE_SERVER_URL)"
# Without a URL `register` names all that is missing.
[[ -z "$url" ]] || wait_for_parse_server "${url%/}"

status=0
"$program" register "$@" || status=$?
# 2: --dry-run found something to do; what is registered is of interest then, too.
if ((status == 0 || status == 2)); then "$program" hooks || status=$?; fi
exit "$status"
