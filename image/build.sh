#!/usr/bin/env bash
# build.sh NAME:TAG: builds the Dockerfile with the first builder that works, or the one in BUILDER.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "No image was built. $1" >&2
  exit 1
}

# Whether it is there and, where it needs a daemon, reaches it.
works() {
  command -v "$1" >/dev/null && { [ "$1" = buildah ] || "$1" info >/dev/null 2>&1; }
}

case ${BUILDER:-docker} in docker | podman | buildah) ;; *) fail "BUILDER must be docker, podman or buildah, not $BUILDER." ;; esac
name=${1:-}
[ -n "$name" ] || fail 'Give it a name: make image IMAGE=registry.example.com/team/modelservice-operator:0.1.0'
builder=
for candidate in ${BUILDER:-docker podman buildah}; do
  if works "$candidate"; then
    builder=$candidate
    break
  fi
done
[ -n "$builder" ] || fail "Install docker, podman or buildah, and see that it works: \`docker info\`, \`podman info\`. Tried: ${BUILDER:-docker podman buildah}."

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' operator/modelservice_operator/__init__.py)
revision=$(git rev-parse HEAD 2>/dev/null || true)
[ -z "$(git status --porcelain 2>/dev/null)" ] || revision=$revision-modified
arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE=${SOURCE:-}")
[ -z "${PYTHON_IMAGE:-}" ] || arguments+=(--build-arg "PYTHON_IMAGE=$PYTHON_IMAGE")
"$builder" build "${arguments[@]}" --tag "$name" . ||
  fail "See above what $builder says. Where the base image cannot be pulled, name one that can: PYTHON_IMAGE=…, see docs/install.md."
echo "Built $name with $builder."
