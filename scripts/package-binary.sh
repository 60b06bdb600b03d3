#!/usr/bin/env bash
# Builds the program that every package holds: target/package/<TARGET>/cloudinary-parse.
#
#   scripts/package-binary.sh                             x86_64-unknown-linux-gnu
#   scripts/package-binary.sh aarch64-unknown-linux-gnu   another target, after `rustup target add`
#
# On Linux it needs nothing newer than glibc 2.17 of 2012: every Debian, Ubuntu and Red Hat that is still maintained has
# that. Zig, which links against it, comes as a Python package. macOS programs are built on macOS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly GLIBC=2.17
target="${1:-x86_64-unknown-linux-gnu}"
if (($# > 1)) || [[ "$target" == -* ]]; then
  echo "usage: scripts/package-binary.sh [TARGET]" >&2
  exit 64
fi

# Zig and cargo-zigbuild, in an environment of Python's own.
zig_tools() {
  local wanted=scripts/packages/zig-requirements.txt tools="$built/package-tools/zig"
  command -v python3 > /dev/null || { echo "package-binary.sh needs python3 with venv, for Zig" >&2; return 1; }
  if ! cmp -s "$wanted" "$tools/requirements.txt"; then
    echo "Installing Zig"
    rm -rf "$tools"
    mkdir -p "${tools%/*}"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --only-binary :all: --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$tools/requirements.txt"
  fi
  PATH="$tools/bin:$PATH"
}

built="${CARGO_TARGET_DIR:-target}"
mkdir -p "$built"
built="$(cd "$built" && pwd)"
case "$target" in
  *-linux-gnu)
    zig_tools
    build=(zigbuild --target "$target.$GLIBC")
    ;;
  *-apple-darwin) build=(build --target "$target") ;;
  *)
    echo "$target: expected a target that ends in -linux-gnu or -apple-darwin" >&2
    exit 64
    ;;
esac

echo "Building cloudinary-parse for $target: many minutes, since the whole program is optimised at once"
cargo "${build[@]}" --locked --release --bin cloudinary-parse
program="$built/package/$target/cloudinary-parse"
mkdir -p "${program%/*}"
install -m 0755 "$built/$target/release/cloudinary-parse" "$program"

if [[ "$target" == *-linux-gnu ]]; then
  newest="$(scripts/packages/newest-glibc.sh "$program")"
  if [[ "$(printf '%s\n' "$newest" "$GLIBC" | sort --version-sort | tail -n 1)" != "$GLIBC" ]]; then
    echo "$program needs glibc $newest, newer than $GLIBC" >&2
    exit 1
  fi
  echo "needs glibc $newest or newer"
fi
echo "made ${program#"$PWD/"}"
