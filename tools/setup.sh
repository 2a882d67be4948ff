#!/bin/sh
# Installs what package-lock.json names, the pinned Node included, unless that very lock file is installed already.
# Then builds the console, unless that has been done. Needs only POSIX sh and npm (10 or later), whatever Node that npm runs on.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.installed-lock
if cmp -s package-lock.json "$stamp"; then exec sh tools/console.sh; fi
command -v npm >/dev/null || {
  echo "error: npm is not installed" >&2
  echo "hint: install Node.js with npm, any version from 20 on (Debian: apt-get install npm)" >&2
  exit 1
}
echo "postern: installing dependencies (first use, or package-lock.json changed)" >&2
npm ci --loglevel=error >&2
if ! node_modules/.bin/node --version >/dev/null 2>&1; then
  echo "error: the pinned Node.js does not start on this machine" >&2
  echo "hint: it needs libatomic1 (Debian: apt-get install libatomic1) and one of linux x64/arm64, macOS arm64, Windows x64" >&2
  exit 1
fi
cp package-lock.json "$stamp"
exec sh tools/console.sh
