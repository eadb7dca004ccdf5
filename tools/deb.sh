#!/usr/bin/env bash
# Packs what was built as a .deb, with the encoder's file, so that mail is sorted well from the first minute without
# any network. Usage: deb.sh BIN PROFILE; the built programs lie in BIN.
set -euo pipefail
bin=$1 profile=$2
here=$(cd "$(dirname "$0")" && pwd)
cache=${MAILROOM_CACHE:-$HOME/.cache/mailroom}/models
encoder=$cache/encoder.gguf
[ -f "$encoder" ] || { echo "There is no $encoder. Run tools/models/encoder.sh first." >&2; exit 1; }
cd "$here/.."
debug=(); [ "$profile" = dev ] && debug=(--debug)
config=$(cat <<JSON
{"bundle": {
  "resources": {"$encoder": "encoder.gguf"},
  "linux": {"deb": {"files": {"/usr/bin/mailroom-cli": "$bin/mailroom-cli"}}}
}}
JSON
)
npx --yes @tauri-apps/cli@2.12.5 bundle "${debug[@]}" --bundles deb --ci --no-sign --config "$config"
find "$bin/bundle/deb" -maxdepth 1 -name '*.deb'
