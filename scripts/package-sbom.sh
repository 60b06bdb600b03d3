#!/usr/bin/env bash
# Makes target/package/cloudinary-parse-<version>.cdx.json: what the program is made from, on any platform, in CycloneDX's format.
# Needs cargo-cyclonedx: cargo install cargo-cyclonedx --locked
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

made="${CARGO_TARGET_DIR:-target}/package"
version="$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
sbom="$made/cloudinary-parse-$version.cdx.json"
cargo cyclonedx --quiet --format json --spec-version 1.5 --describe binaries --target all --no-build-deps
mkdir -p "$made"
# It lies beside Cargo.toml.
mv cloudinary-parse_bin.cdx.json "$sbom"
echo "made $sbom"
