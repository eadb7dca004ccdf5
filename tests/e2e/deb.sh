#!/usr/bin/env bash
# Installs the package, starts what it installed on a virtual display, and removes it again. For root, on a machine
# where this may happen: a container, or CI. Usage: deb.sh PACKAGE BIN, the folder with write-gguf.
set -euo pipefail
package=$(realpath "$1") bin=$2
here=$(cd "$(dirname "$0")" && pwd)
export DEBIAN_FRONTEND=noninteractive
apt-get install -qy --no-install-recommends "$package"
trap 'apt-get remove -qy mailroom >/dev/null 2>&1 || true' EXIT
test -x /usr/bin/mailroom
/usr/bin/mailroom-cli demo >/dev/null
test -f /usr/share/applications/Mailroom.desktop
test -s /usr/lib/Mailroom/encoder.gguf
# The installed program, as the window's journey drives it, with a tiny random model to add.
work=$(mktemp -d)
"$bin/write-gguf" tiny "$work/tiny.gguf"
MAILROOM_MODEL=$work/tiny.gguf "$here/window.sh" /usr/bin/mailroom
rm -rf "$work"
apt-get remove -qy mailroom
trap - EXIT
if [ -e /usr/bin/mailroom ] || [ -e /usr/lib/Mailroom ]; then
  echo "The package left something behind." >&2
  exit 1
fi
echo "The package installs, starts and goes away."
