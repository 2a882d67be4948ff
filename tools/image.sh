#!/bin/sh
# Builds the container image on Debian without a container engine, as root. With an engine, use `docker build` instead.
#   tools/image.sh [NAME]      NAME is postern by default
# It makes a stand-in for the official Node image (a minimal Debian with npm and the Node that package-lock.json pins),
# then builds the Dockerfile with buildah. Storage is separate from any engine's, so that the stand-in is never taken for
# the official image: POSTERN_IMAGE_STORE, by default ~/.cache/postern/image.
# Afterwards: STORAGE_DRIVER=vfs buildah --root STORE images
# Where TLS to the package registry passes a proxy with a CA of its own, NODE_EXTRA_CA_CERTS names that CA, as for Node.
set -eu
cd "$(dirname "$0")/.."
name=${1:-postern}
store=${POSTERN_IMAGE_STORE:-${XDG_CACHE_HOME:-$HOME/.cache}/postern/image}
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

missing=
for program in buildah debootstrap; do command -v "$program" >/dev/null || missing="$missing $program"; done
if [ -n "$missing" ]; then
  echo "error: missing:$missing" >&2
  echo "hint: apt-get install$missing" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "error: debootstrap needs root" >&2
  echo "hint: run it as root, or build with an engine: docker build -t $name ." >&2
  exit 1
fi
sh tools/setup.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work" # the mode of the folder becomes the mode of the image's /
mkdir -p "$store"
chmod 700 "$store"
buildah() { command buildah --root "$store" --runroot "$work/run" "$@"; }

# docker.io/library/node:26.10.0-bookworm-slim
node=$(sed -n 's/^FROM \([^ ]*\) AS base$/\1/p' Dockerfile)
suite=${node##*:}
suite=${suite#*-}
suite=${suite%-slim}

if ! buildah inspect --type image "$node" >/dev/null 2>&1; then
  echo "making a stand-in for $node" >&2
  # The Debian mirror that apt uses on this machine.
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
    sed -n "s/^$release main //p" | head -n 1)
  debootstrap --variant=minbase --include=libatomic1 "$suite" "$work/debian" "$mirror" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
  rm -rf "$work"/debian/var/cache/apt/* "$work"/debian/var/lib/apt/lists/* "$work"/debian/var/log/* \
    "$work"/debian/usr/share/doc/* "$work"/debian/usr/share/man/* "$work"/debian/usr/share/locale/*
  local="$work/debian/usr/local"
  cp -L node_modules/.bin/node "$local/bin/node"
  npm install --silent --global --prefix "$local" npm@11 >&2
  base=$(buildah from scratch)
  buildah add --quiet "$base" "$work/debian" / >/dev/null
  buildah commit --quiet --rm "$base" "$node" >/dev/null
  rm -rf "$work/debian"
fi

set --
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  echo "cafile=/run/registry-ca.pem" >"$work/npmrc"
  set -- --volume "$NODE_EXTRA_CA_CERTS:/run/registry-ca.pem:ro" --volume "$work/npmrc:/root/.npmrc:ro"
fi
# The docker format keeps HEALTHCHECK, which the OCI format does not know.
built=0
buildah build --quiet --pull-never --format docker "$@" --tag "$name" . >/dev/null || built=1
# Whole copies of the file system: the stages' working containers, and the image that had this name before.
buildah containers --quiet --filter name=node-working | xargs -r buildah --root "$store" rm >/dev/null
buildah rmi --prune >/dev/null 2>&1 || true
[ "$built" = 0 ] || exit 1
echo "built $name in $store"
