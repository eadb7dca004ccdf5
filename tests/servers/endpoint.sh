#!/usr/bin/env bash
# Asks llama.cpp's own OpenAI-compatible server, with the small real model, what `make test` replays, and keeps its
# answers. The server is built from source in a virtual environment.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}
venv=$cache/python
if ! "$venv/bin/python" -c 'import llama_cpp.server.app' 2>/dev/null; then
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'llama-cpp-python[server]==0.3.36' numpy
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$venv/bin/python" -m llama_cpp.server --model "$cache/models/smollm2-135m-instruct-q4_1.gguf" \
  --host 127.0.0.1 --port "$port" --n_ctx 2048 --logits_all true >/dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until curl --silent --fail "http://127.0.0.1:$port/v1/models" >/dev/null; do
  kill -0 "$server" || { echo "The server ended." >&2; exit 1; }
  sleep 0.5
done
cd "$here/../.."
MAILROOM_ENDPOINT=http://127.0.0.1:$port/v1 cargo test --workspace --test endpoint -- --nocapture the_same_model
