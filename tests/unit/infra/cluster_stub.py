"""A kubectl and a helm that note what they are told, and answer for a cluster as a test describes it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from infra import check

NODE = {"status": {"allocatable": {"cpu": "4", "memory": "7900Mi"}}}
CLUSTER: dict[str, Any] = {
    "version": {"clientVersion": {"major": "1", "minor": "34"}, "serverVersion": {"major": "1", "minor": "34+"}},
    "get nodes": {"items": [NODE]},
    "get storageclasses": {"items": [{"provisioner": "rancher.io/local-path"}]},
    "get crd ingressroutes.traefik.io": {"kind": "CustomResourceDefinition"},
    "get crd helmchartconfigs.helm.cattle.io": {"kind": "CustomResourceDefinition"},
}
"""Answers as JSON by the first words of a question; a question without an answer finds nothing."""

KNATIVE: list[dict[str, Any]] = [
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "x.knative.dev"},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "webhook", "namespace": "knative-serving"},
    },
]
"""In place of the released manifests of Knative, which are downloaded."""

STUB = f"""#!/bin/sh
# Notes the command, and keeps what it was given in a file that the note names.
cd "${{0%/*}}"
name=${{0##*/}}
note="$name $*"
case "$*" in *"-f -") given=$(mktemp given.XXXXXX) && cat >"$given" && note="$note <- $given" ;; esac
echo "$note" >>log
case "$*" in
"kustomize "*knative/install) exec cat knative.yaml ;;
kustomize*) exec {check.program("kubectl")} "$@" ;;
apply*) if [ -e refuse ]; then rm refuse; echo "failed calling webhook: no endpoints available" >&2; exit 1; fi ;;
esac
[ "$name" = kubectl ] || exit 0
for question in answers/*; do
    case "$*" in
    "$(cat "$question/question")"*)
        if [ -e "$question/error" ]; then cat "$question/error" >&2; exit 1; fi
        exec cat "$question/answer"
        ;;
    esac
done
"""


def write(folder: Path, **changes: Any) -> dict[str, str]:
    """Write the programs and the cluster's answers, and return the environment that finds them first."""
    for name in ("kubectl", "helm"):
        (folder / name).write_text(STUB, "utf-8")
        (folder / name).chmod(0o755)
    for number, (question, answer) in enumerate((CLUSTER | changes).items()):
        place = folder / f"answers/{number}"
        place.mkdir(parents=True)
        (place / "question").write_text(question, "utf-8")
        if isinstance(answer, str) and answer:
            (place / "error").write_text(answer, "utf-8")
        else:
            (place / "answer").write_text(json.dumps(answer) if answer else "", "utf-8")
    (folder / "knative.yaml").write_text("---\n".join(json.dumps(thing) + "\n" for thing in KNATIVE), "utf-8")
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHON": sys.executable}


def told(folder: Path) -> list[str]:
    """Return the commands in their order."""
    lines = []
    for line in (folder / "log").read_text("utf-8").splitlines():
        command, given, file = line.partition(" <- ")
        things = json.loads((folder / file).read_text("utf-8"))["items"] if given else []
        lines.append(" ".join([command, *(f"{thing['kind']}/{thing['metadata']['name']}" for thing in things)]))
    return lines
