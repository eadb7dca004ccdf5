#!/usr/bin/env bash
# Makes the encoder's file from the published weights and from what was fine-tuned, if it is not there already.
# Where the weights cannot be fetched, Mailroom sorts without the encoder, and this says so.
set -euo pipefail
bin=$1
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}/models
here=$(cd "$(dirname "$0")" && pwd)
if ! "$here/fetch.sh" encoder; then
  echo "The encoder's weights could not be fetched; mail is sorted without it." >&2
  exit 0
fi
"$bin/mailroom-encoder-convert" "$cache/e5-small-q4.bin" "$cache/encoder.gguf" >/dev/null
