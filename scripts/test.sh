#!/usr/bin/env bash
# Everything that must hold: format, lints, unit and integration tests, end-to-end tests against a real Parse Server, docs.
#
#   scripts/test.sh                  against Parse Server 9
#   scripts/test.sh --parse 5        against another major version: 5, 6, 7, 8 or 9
#   scripts/test.sh --parse all      against all of them
#
#   --database mongodb   the end-to-end tests on MongoDB's protocol instead of PostgreSQL
#   --database all       on PostgreSQL, and those on 9 that lean on the database on MongoDB's protocol too
#   --announced-defaults the end-to-end tests with the defaults that Parse Server announces for later
#
# UPDATE_DOCS=1       writes the tables that the tests make into docs/
# TEST_TIME_LIMIT=N   with `all`, leaves out what is left of 8, 7 and 6 once N seconds have passed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  echo "usage: scripts/test.sh [--parse 5|6|7|8|9|all] [--database postgres|mongodb|all] [--announced-defaults]" >&2
  exit 64
}

versions=(9)
databases=(postgres)
while (($#)); do
  case "$1:${2:-}" in
    --parse:all) versions=(9 5 8 7 6) ;;
    --parse:[5-9]) versions=("$2") ;;
    --database:all) databases=(postgres mongodb) ;;
    --database:postgres | --database:mongodb) databases=("$2") ;;
    --announced-defaults:*)
      export RIG_ANNOUNCED_DEFAULTS=1
      shift
      continue
      ;;
    *) usage ;;
  esac
  shift 2
done

log="$(mktemp)"
results="$(mktemp)"
# A Rust test that lacks a tool writes a line here; node's runner counts such tests itself.
SKIPPED_TESTS="$(mktemp)"
export SKIPPED_TESTS
failed_stages=0

# The closing line: all tests of all runners together. A stage that is no test and fails counts as one.
finish() {
  local passed failed skipped unrun
  unrun="$(sort -u "$SKIPPED_TESTS" | wc -l)"
  skipped="$(sum '^[^0-9a-z]*skipped ([0-9]+)$')"
  passed="$(sum '(^|[^0-9])([0-9]+) passed[;, ]' '^[^0-9a-z]*pass ([0-9]+)$')"
  failed="$(sum '; ([0-9]+) failed' ' ([0-9]+) failed, ' '^[^0-9a-z]*fail ([0-9]+)$')"
  if ((failed == 0)); then failed="$failed_stages"; fi
  sort -u "$SKIPPED_TESTS" | sed 's/^/skipped: /'
  rm -f "$log" "$results" "$SKIPPED_TESTS"
  printf '\n%s passed, %s failed, %s skipped\n' "$((passed - unrun))" "$failed" "$((skipped + unrun))"
}

# Adds up the last group of the patterns, over the runners' own closing lines.
sum() {
  local total=0 pattern line
  for pattern in "$@"; do
    while IFS= read -r line; do
      if [[ "$line" =~ $pattern ]]; then total=$((total + BASH_REMATCH[${#BASH_REMATCH[@]} - 1])); fi
    done < <(grep -E '^test result: |^ +Summary |^[^0-9a-z]*(pass|fail|skipped) [0-9]+$' "$log" || true)
  done
  echo "$total"
}
trap finish EXIT

stage() {
  printf '\n== %s\n' "$1"
  shift
  if ! "$@" 2>&1 | tee -a "$log"; then
    failed_stages=1
    exit 1
  fi
}

# The functions below run where `set -e` has no effect: what must hold is joined by `&&`.

rust_tests() {
  if cargo nextest --version > /dev/null 2>&1; then
    cargo nextest run --locked --no-fail-fast &&
      cargo test --locked --doc
  else
    cargo test --locked --no-fail-fast
  fi
}

# Plain runs ignore it: it counts instructions.
linear_work() {
  if command -v valgrind > /dev/null; then
    cargo test --locked --test invariants -- --ignored --exact work::a_body_twice_as_long_is_at_most_twice_the_work
  else
    echo "valgrind is not installed: the work for long bodies is not counted"
    echo "skipped 1"
  fi
}

# What is not about Parse Server, and the broken set-ups of `doctor`, which take a minute, are tested on 9 alone.
end_to_end_files() {
  local of_nine='(doctor|live|rig|rolling-restart|sdk-parameters)\.test'
  if [[ "$1" == 9 ]]; then of_nine='^$'; fi
  ls tests/e2e/*.test.mjs | grep -vE "$of_nine"
}

# Where MongoDB is an extra: what clean-up, audit, notifications and saves ask of a database.
files_that_lean_on_the_database() {
  ls tests/e2e/{audit,clean-up,concurrency,guard-invariant,hidden-operations,notifications,registration,survival}.test.mjs
}

# VERSION DATABASE FILES...
end_to_end_tests() {
  RIG_PARSE_SERVER="$1" RIG_DATABASE="$2" CLOUDINARY_PARSE_BIN="${CARGO_TARGET_DIR:-target}/debug/cloudinary-parse" \
    node --test --test-concurrency=2 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=./scripts/parse-server/results-reporter.mjs --test-reporter-destination="$results" "${@:3}" &&
    if [[ "${UPDATE_DOCS:-}" == 1 ]]; then node scripts/parse-server/compatibility.mjs "$1" "$2" "$results"; fi
}

# In the Chromium that is installed; without one they say so and pass.
browser_tests() {
  CLOUDINARY_PARSE_BIN="${CARGO_TARGET_DIR:-target}/debug/cloudinary-parse" \
    node --test --test-reporter=spec --test-concurrency=1 tests/console/*.test.mjs
}

# What Node.js users install, in Node.js and in Chromium.
npm_package_tests() {
  CLOUDINARY_PARSE_BIN="${CARGO_TARGET_DIR:-target}/debug/cloudinary-parse" \
    node --test --test-reporter=spec --test-concurrency=1 tests/npm/*.test.mjs
}

dependencies() {
  if ! cargo deny --version > /dev/null 2>&1; then
    echo "cargo-deny is not installed: licences, bans and sources are not checked"
    return
  fi
  # It reads the crates of every platform; a build has only its own.
  cargo fetch --quiet --locked || return
  cargo deny --offline check licenses bans sources || return
  if compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-db*/*" > /dev/null; then
    cargo deny --offline check advisories
  else
    echo "no advisory database here: advisories are not checked"
  fi
}

# Twenty seconds a target; `cargo test` replays the seeds whether cargo-fuzz is installed or not.
short_fuzzing() {
  if cargo fuzz --version > /dev/null 2>&1 && command -v c++ > /dev/null; then
    scripts/fuzz.sh 20
  else
    echo "cargo-fuzz is not installed: only the seeds were replayed"
  fi
}

stage "Format" cargo fmt --check
stage "Lints" cargo clippy --quiet --locked --all-targets -- -D warnings
stage "Documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --no-deps
stage "Dependencies" dependencies
stage "Unit and integration tests" rust_tests
stage "Linear work" linear_work
stage "Fuzzing" short_fuzzing
stage "Binary" cargo build --quiet --locked
stage "Packages" scripts/check-packages.sh
stage "Install databases" scripts/parse-server/install.sh --database "${databases[-1]}"
for version in "${versions[@]}"; do
  if [[ "$version" =~ [678] && ${#versions[@]} -gt 1 ]] && ((SECONDS > ${TEST_TIME_LIMIT:-SECONDS})); then
    echo "Parse Server $version is left out: $SECONDS seconds have passed"
    continue
  fi
  stage "Install Parse Server $version" scripts/parse-server/install.sh "$version"
  stage "End-to-end tests against Parse Server $version on ${databases[0]}" \
    end_to_end_tests "$version" "${databases[0]}" $(end_to_end_files "$version")
  if [[ "$version" == 9 && "${databases[*]}" == *" mongodb" ]]; then
    stage "End-to-end tests against Parse Server 9 on mongodb" end_to_end_tests 9 mongodb $(files_that_lean_on_the_database)
  fi
done
stage "Install Parse Server 9" scripts/parse-server/install.sh 9
stage "Browser tests" browser_tests
stage "Tests of the npm package" npm_package_tests
