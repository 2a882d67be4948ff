#!/bin/sh
# Installs what the benchmark runs beside Postern: the packages of bench/package-lock.json, unless that very lock file is
# installed already, and Debian's nginx and haproxy when this is root. Without them their columns say that they are missing.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin
missing=
for program in nginx haproxy; do command -v "$program" >/dev/null || missing="$missing $program"; done
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq >/dev/null
    # shellcheck disable=SC2086 # one word for each package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  else
    echo "postern: the benchmark runs without$missing (Debian: apt-get install$missing)" >&2
  fi
fi
stamp=node_modules/.installed-lock
if cmp -s package-lock.json "$stamp"; then exit 0; fi
echo "postern: installing the benchmark's own packages (first use, or bench/package-lock.json changed)" >&2
npm ci --loglevel=error >&2
cp package-lock.json "$stamp"
