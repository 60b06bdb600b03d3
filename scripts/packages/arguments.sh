# Read by the scripts that package a program. Afterwards `made` is where packages go, and `binaries` holds the programs of
# `--binary PATH`, without one what scripts/package-binary.sh has made here.
made="${CARGO_TARGET_DIR:-target}/package"
binaries=()
while (($#)); do
  if [[ "$1" != --binary || -z "${2:-}" ]]; then
    echo "usage: scripts/${0##*/} [--binary PATH]..." >&2
    exit 64
  fi
  binaries+=("$2")
  shift 2
done
if ((${#binaries[@]} == 0)); then
  for binary in "$made"/*/cloudinary-parse; do
    if [[ -f "$binary" ]]; then binaries+=("$binary"); fi
  done
fi
if ((${#binaries[@]} == 0)); then
  echo "there is no program to package: run scripts/package-binary.sh first, or give one by --binary PATH" >&2
  exit 1
fi
for binary in "${binaries[@]}"; do
  if [[ ! -f "$binary" ]]; then
    echo "--binary: there is no file $binary" >&2
    exit 1
  fi
done
