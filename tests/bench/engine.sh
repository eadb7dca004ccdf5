#!/usr/bin/env bash
# Prepares the engine benchmark: llama.cpp, built from source in a virtual environment, and a model with random
# weights; then runs it.
set -euo pipefail
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}
venv=$cache/python
if ! "$venv/bin/python" -c 'import llama_cpp' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet llama-cpp-python==0.3.36 numpy
fi
model=$cache/models/random-1b.gguf
mkdir -p "$cache/models"
if [ ! -f "$model" ]; then
  "$bin/write-gguf" 1b "$model.part"
  mv "$model.part" "$model"
fi
"$bin/bench-engine" "$venv/bin/python" "$model" "${RUNS:-5}"
