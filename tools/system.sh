#!/usr/bin/env bash
# Installs the system packages that Mailroom (run) or its tests (test) need, on Debian and Ubuntu; Rust and
# Node where they are missing. Does nothing where all is there.
set -euo pipefail
packages=(build-essential pkg-config curl libwebkit2gtk-4.1-dev libgtk-3-dev librsvg2-dev libdbus-1-dev libssl-dev cmake clang)
if [ "${1:-run}" = test ]; then
  packages+=(dovecot-imapd chromium xvfb webkit2gtk-driver dbus-x11)
fi
if ! command -v node >/dev/null; then packages+=(nodejs npm); fi
if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing: ${missing[*]}"
    sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
  fi
else
  echo "This is no Debian or Ubuntu: install what README.md names under \"Building\" by hand." >&2
fi
if ! command -v cargo >/dev/null; then
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
  echo "Rust was installed. Open a new shell, or run: . \"\$HOME/.cargo/env\"" >&2
  exit 1
fi
