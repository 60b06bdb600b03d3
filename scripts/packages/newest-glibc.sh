#!/usr/bin/env bash
# The newest version of glibc that a program asks for.
#
#   scripts/packages/newest-glibc.sh PROGRAM
set -euo pipefail
objdump -T "$1" | grep --only-matching 'GLIBC_[0-9.]*' | cut -d _ -f 2 | sort --version-sort | tail -n 1
