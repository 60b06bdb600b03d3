#!/usr/bin/env bash
# Checks what the service is deployed and released with, as far as this machine can: Dockerfile, Compose files, Kubernetes objects,
# GitHub's workflows, systemd unit, Debian package, crate. What cannot be checked here is said and passed over. No image is built, no
# cluster is asked, nothing is published.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="${CARGO_TARGET_DIR:-target}"
tools="$target/package-tools"
mkdir -p "$tools"

skip() { echo "not checked: $1"; }

# The schemas come with packages; a machine without a registry does without.
python_tools() {
  local wanted=scripts/packages/requirements.txt
  if [[ -x "$tools/python/bin/python" ]] && cmp -s "$wanted" "$tools/python/requirements.txt"; then return; fi
  rm -rf "$tools/python"
  python3 -m venv "$tools/python" > /dev/null 2>&1 &&
    "$tools/python/bin/pip" install --quiet --only-binary :all: --disable-pip-version-check --requirement "$wanted" > "$tools/pip.log" 2>&1 &&
    cp "$wanted" "$tools/python/requirements.txt"
}

node_tools() {
  [[ -d "$tools/node_modules/dockerfile-utils" ]] && return
  echo '{"private": true}' > "$tools/package.json"
  npm install --silent --prefix "$tools" dockerfile-utils@0.16.3 > "$tools/npm.log" 2>&1
}

shell_scripts() {
  local script
  for script in deploy/debian/postinst deploy/debian/postrm; do sh -n "$script"; done
  for script in deploy/compose/*.sh scripts/*.sh; do bash -n "$script"; done
  if command -v shellcheck > /dev/null; then shellcheck --severity=warning deploy/compose/*.sh scripts/*.sh; fi
  echo "the shell scripts parse"
}

# An own root, so that neither this machine's units nor its programs matter.
systemd_unit() {
  command -v systemd-analyze > /dev/null || { skip "the systemd unit, without systemd-analyze"; return; }
  local root="$tools/root" unit=deploy/systemd/cloudinary-parse.service output target
  rm -rf "$root"
  mkdir -p "$root/usr/bin" "$root/bin" "$root/usr/lib/systemd/system"
  cp /bin/true "$root/usr/bin/cloudinary-parse"
  cp /bin/kill "$root/bin/kill"
  cp "$unit" "$root/usr/lib/systemd/system/"
  for target in sysinit basic shutdown network-online multi-user; do
    printf '[Unit]\nDescription=%s\n' "$target" > "$root/usr/lib/systemd/system/$target.target"
  done
  output="$(systemd-analyze verify --man=no --root="$root" cloudinary-parse.service 2>&1 | grep cloudinary-parse || true)"
  if [[ -n "$output" ]]; then
    echo "$output" >&2
    return 1
  fi
  if ! systemd-analyze security --help | grep -q -- --offline; then
    skip "the systemd unit's exposure, before systemd 250"
    return
  fi
  # The greatest exposure that is taken, in tenths: systemd calls up to 2.0 "OK".
  systemd-analyze security --offline=true --no-pager --threshold=15 --root="$root" cloudinary-parse.service | tail -n 1
}

debian_package() {
  cargo deb --version > /dev/null 2>&1 || { skip "the Debian package, without cargo-deb"; return; }
  command -v dpkg-deb > /dev/null || { skip "the Debian package, without dpkg"; return; }
  cargo build --quiet --locked
  scripts/package-deb.sh --binary "$target/debug/cloudinary-parse"
  local package root="$tools/deb"
  package="$(ls -t "$target"/package/cloudinary-parse_*.deb | head -n 1)"
  rm -rf "$root"
  dpkg-deb --extract "$package" "$root"
  local file
  for file in usr/bin/cloudinary-parse usr/lib/systemd/system/cloudinary-parse.service etc/cloudinary-parse/.env \
    usr/share/doc/cloudinary-parse/webhooks/Photo.toml usr/share/man/man1/cloudinary-parse.1.gz usr/share/bash-completion/completions/cloudinary-parse; do
    [[ -e "$root/$file" ]] || { echo "$package does not hold $file" >&2; return 1; }
  done
  "$root/usr/bin/cloudinary-parse" --version
}

# Against the schemas that the checker brings along; without GitHub, so whether a commit is the version beside it is not asked.
workflows() {
  "$tools/python/bin/check-jsonschema" --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
  "$tools/python/bin/check-jsonschema" --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
  "$tools/python/bin/yamllint" --strict --config-file scripts/packages/yamllint.yaml .github deploy
  "$tools/python/bin/zizmor" --quiet --offline --no-progress .github
  echo "GitHub's workflows are as its schema has them, and zizmor finds nothing in them"
}

deployment_files() {
  if command -v kubectl > /dev/null; then
    kubectl kustomize deploy/kubernetes
  else
    skip "whether kustomization.yaml can be rendered, without kubectl" >&2
    cat deploy/kubernetes/{configuration,deployment,service,disruption-budget,autoscaler}.yaml <(echo) |
      awk 'FNR == 1 && NR > 1 {print "---"} /^apiVersion:/ && seen++ {print "---"} {print}'
  fi | "$tools/python/bin/python" scripts/packages/check.py
}

# What `cargo publish` would upload: not a file that nobody asked for.
crate() {
  local files size
  files="$(cargo package --locked --offline --allow-dirty --list)"
  if grep --invert-match --extended-regexp '^(src/.*|webhooks/[A-Za-z_]+\.toml|build\.rs|Cargo\.(toml|lock|toml\.orig)|\.cargo_vcs_info\.json|CHANGELOG\.md|LICENSE|README\.md|SECURITY\.md)$' <<< "$files"; then
    echo "the crate holds these files, which it need not" >&2
    return 1
  fi
  cargo package --quiet --locked --offline --allow-dirty --no-verify
  size="$(du --apparent-size --block-size=1K "$target"/package/cloudinary-parse-*.crate | tail -n 1 | cut -f 1)"
  echo "the crate holds $(wc -l <<< "$files") files in $size KiB"
  if ((size > 1024)); then
    echo "the crate is larger than 1 MiB" >&2
    return 1
  fi
}

shell_scripts
if command -v npm > /dev/null && node_tools; then
  node scripts/packages/dockerfile.mjs "$tools"
else
  skip "the Dockerfile, without npm or its registry"
fi
if command -v python3 > /dev/null && python_tools; then
  "$tools/python/bin/hadolint" Dockerfile
  workflows
  deployment_files
else
  skip "Compose and Kubernetes files and GitHub's workflows, without Python or its packages"
fi
if docker compose version > /dev/null 2>&1; then
  docker compose --file deploy/compose.yaml config --quiet
else
  skip "compose.yaml by Docker Compose itself, which is not installed"
fi
crate
systemd_unit
debian_package
