#!/usr/bin/env bash
# Makes a k3d cluster with the images that `make images` built, ready for `infra/install.sh local`. Its edge answers at
# http://127.0.0.1:8080. Needs docker, kubectl and Go: k3d is built from its module, whose hash Go's checksum database has.
# Usage: infra/k3d.sh (CLUSTER=faplog PORT=8080 REGISTRY=ghcr.io/faplog TAG=the release); again: k3d cluster delete faplog
set -euo pipefail
cd "$(dirname "$0")/.."
K3D=github.com/k3d-io/k3d/v5@v5.8.3
K3S=docker.io/rancher/k3s:v1.34.2-k3s1
cluster=${CLUSTER:-faplog}
registry=${REGISTRY:-ghcr.io/faplog}
tag=${TAG:-$(sed -nE 's/^VERSION = "(.+)"$/\1/p' faplog/version.py)}

images=()
for name in api analyse average ui connector backup; do images+=("$registry/$name:$tag"); done
for image in "${images[@]}"; do
    if ! docker image inspect "$image" >/dev/null 2>&1; then
        echo "There is no image $image: run \`make images\` first." >&2
        exit 1
    fi
done

go run "$K3D" cluster create "$cluster" --image "$K3S" --port "${PORT:-8080}:80@loadbalancer" --wait
go run "$K3D" image import --cluster "$cluster" "${images[@]}"

# Knative asks the registry for the digest of each tag, and these images are on the node alone.
kubectl create namespace knative-serving --dry-run=client -o yaml | kubectl apply --server-side -f -
kubectl apply --server-side --field-manager=k3d -f - <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: config-deployment
  namespace: knative-serving
data:
  registries-skipping-tag-resolving: ${registry%%/*},kind.local,ko.local,dev.local
YAML

# K3s installs Traefik by itself, a little after its API answers.
kubectl wait --for=create crd/ingressroutes.traefik.io --timeout=5m
kubectl -n kube-system wait --for=create deployment/traefik --timeout=5m
kubectl -n kube-system rollout status deployment/traefik --timeout=5m
