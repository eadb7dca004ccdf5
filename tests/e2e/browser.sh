#!/usr/bin/env bash
# Starts the engine behind HTTP on an empty data folder and drives the interface in Chromium.
set -euo pipefail
host=$1 ui=$2
here=$(cd "$(dirname "$0")" && pwd)
data=$(mktemp -d)
shots=${SHOTS:-$data/shots}
trap 'exec 9>&-; wait; rm -rf "$data"' EXIT
# The encoder labels in the background and moves what the journey counts: it takes part for pictures alone, where its
# share is waited for. The suite tests it.
if [ -z "${SHOTS:-}" ]; then
  export MAILROOM_ENCODER=
elif [ -f "${MAILROOM_CACHE:-$HOME/.cache/mailroom}/models/encoder.gguf" ]; then
  export ENCODER=1
fi
mkfifo "$data/in" "$data/out"
"$host" "$data/mail" "$ui" <"$data/in" >"$data/out" &
exec 9>"$data/in"
read -r url <"$data/out"
MAILROOM_URL=$url SHOTS=$shots node "$here/browser.mjs"
