#!/usr/bin/env bash
# Builds the six images and, with PUSH=yes, pushes them: three functions by faas-cli with our template; the UI, the
# connector and the backup by docker. Without faas-cli the contexts of the functions are laid out as faas-cli does it.
set -euo pipefail
cd "$(dirname "$0")/.."
export REGISTRY=${REGISTRY:-ghcr.io/faplog}
export TAG=${TAG:-$(sed -nE 's/^VERSION = "(.+)"$/\1/p' faplog/version.py)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
source=${SOURCE:-https://github.com/faplog/faplog}
labels=(--label "org.opencontainers.image.revision=$revision" --label "org.opencontainers.image.source=$source")
images=()

# The pages show a sample report, which is not in git.
if [ ! -e ui/sample/log.json ]; then "${PYTHON:-.venv/bin/python}" -m ui.make_sample >&2; fi

for function in api analyse average; do
    images+=("$REGISTRY/$function:$TAG")
    if command -v faas-cli >/dev/null; then
        faas-cli build --filter "$function" --build-label "org.opencontainers.image.revision=$revision" \
            --build-label "org.opencontainers.image.source=$source"
        continue
    fi
    context=${BUILD:-build}/$function
    rm -rf "$context"
    mkdir -p "$context/function"
    cp -R template/faplog-python/. "$context/"
    cp -R "functions/$function/." faplog requirements "$context/function/"
    docker build --build-arg "FUNCTION=$function" "${labels[@]}" --tag "$REGISTRY/$function:$TAG" "$context"
done

docker build "${labels[@]}" --file ui/Dockerfile --tag "$REGISTRY/ui:$TAG" .
docker build "${labels[@]}" --file connector/Dockerfile --tag "$REGISTRY/connector:$TAG" .
docker build "${labels[@]}" --file infra/backup/Dockerfile --tag "$REGISTRY/backup:$TAG" .
images+=("$REGISTRY/ui:$TAG" "$REGISTRY/connector:$TAG" "$REGISTRY/backup:$TAG")

if [ "${PUSH:-no}" = yes ]; then
    for image in "${images[@]}"; do docker push "$image"; done
fi
printf '%s\n' "${images[@]}"
