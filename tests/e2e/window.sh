#!/usr/bin/env bash
# Drives the real window on a display of its own.
set -euo pipefail
app=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
export MAILROOM_APP=$app MAILROOM_DATA=$data/mail SHOTS=${SHOTS:-$data/shots}
export WEBKIT_DISABLE_DMABUF_RENDERER=1 LIBGL_ALWAYS_SOFTWARE=1 GTK_USE_PORTAL=0 NO_AT_BRIDGE=1
# The encoder labels in the background and moves what the journey counts; the suite tests it.
export MAILROOM_ENCODER=
# What a window must be told to let itself be driven.
export TAURI_WEBVIEW_AUTOMATION=true
# No keychain of whoever runs the tests is touched.
unset DBUS_SESSION_BUS_ADDRESS
# A model to add: tiny and random, or the one that is given.
export MAILROOM_MODEL=${MAILROOM_MODEL:-$data/tiny.gguf}
[ -f "$MAILROOM_MODEL" ] || "$(dirname "$app")/write-gguf" tiny "$MAILROOM_MODEL"
timeout "${WINDOW_SECONDS:-300}" xvfb-run -a -s "-screen 0 1400x900x24" node "$here/window.mjs"
