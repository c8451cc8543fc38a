#!/usr/bin/env bash
# Builds the six images and, with PUSH=yes, pushes them: three functions by faas-cli with our template; the UI, the
# connector and the backup by docker. Without faas-cli the contexts of the functions are laid out as faas-cli does it.
# With PLATFORMS (linux/amd64,linux/arm64) docker builds and pushes all of them at once for each platform, with an SBOM
# and provenance; RELEASE names the tag of git that they must belong to, REGISTRY_USER and REGISTRY_PASSWORD log in.
set -euo pipefail
cd "$(dirname "$0")/.."
export REGISTRY=${REGISTRY:-ghcr.io/faplog}
export TAG=${TAG:-$(sed -nE 's/^VERSION = "(.+)"$/\1/p' faplog/version.py)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
source=${SOURCE:-https://github.com/faplog/faplog}
labels=(--label "org.opencontainers.image.revision=$revision" --label "org.opencontainers.image.source=$source")
platforms=${PLATFORMS:-}
push=${PUSH:-no}
images=()

if [ -n "${RELEASE:-}" ] && [ "$RELEASE" != "v$TAG" ]; then
    echo "The tag is $RELEASE, but faplog/version.py says $TAG." >&2
    exit 1
fi
if [ -n "$platforms" ] && [ "$push" != yes ]; then
    echo "Images for several platforms go to a registry at once: say PUSH=yes." >&2
    exit 1
fi
if [ -n "${REGISTRY_USER:-}" ]; then
    printf '%s' "$REGISTRY_PASSWORD" | docker login --username "$REGISTRY_USER" --password-stdin "${REGISTRY%%/*}" >&2
fi
if [ -n "$platforms" ]; then
    # The kernel starts other platforms' programs by qemu; docker's own builder knows one platform only.
    if ! command -v qemu-aarch64-static >/dev/null; then
        sudo apt-get update -qq && sudo apt-get install --yes -qq qemu-user-static binfmt-support >&2
    fi
    docker buildx inspect faplog >/dev/null 2>&1 || docker buildx create --name faplog --driver docker-container >&2
fi

# build IMAGE ARGUMENT...: build an image; for several platforms push it, too.
build() {
    local image=$1
    shift
    images+=("$image")
    if [ -n "$platforms" ]; then
        docker buildx build --builder faplog --platform "$platforms" --sbom=true --provenance=mode=max --push \
            "${labels[@]}" --tag "$image" "$@"
    else
        docker build "${labels[@]}" --tag "$image" "$@"
    fi
}

# The pages show a sample report, which is not in git.
if [ ! -e ui/sample/log.json ]; then "${PYTHON:-.venv/bin/python}" -m ui.make_sample >&2; fi

for function in api analyse average; do
    image=$REGISTRY/$function:$TAG
    if [ -z "$platforms" ] && command -v faas-cli >/dev/null; then
        images+=("$image")
        faas-cli build --filter "$function" --build-label "org.opencontainers.image.revision=$revision" \
            --build-label "org.opencontainers.image.source=$source"
        continue
    fi
    context=${BUILD:-build}/$function
    rm -rf "$context"
    mkdir -p "$context/function"
    cp -R template/faplog-python/. "$context/"
    cp -R "functions/$function/." faplog requirements "$context/function/"
    guests=$(sed -n "/^  $function:/,/^  [a-z]/s/.* GUESTS: \([a-z ]*\).*/\1/p" stack.yml)
    mkdir "$context/function/functions"
    for guest in $guests; do cp -R "functions/$guest" "$context/function/functions/"; done
    build "$image" --build-arg "FUNCTION=$function" --build-arg "GUESTS=$guests" "$context"
done

build "$REGISTRY/ui:$TAG" --file ui/Dockerfile .
build "$REGISTRY/connector:$TAG" --file connector/Dockerfile .
build "$REGISTRY/backup:$TAG" --file infra/backup/Dockerfile .

if [ "$push" = yes ] && [ -z "$platforms" ]; then
    for image in "${images[@]}"; do docker push "$image"; done
fi
printf '%s\n' "${images[@]}"
