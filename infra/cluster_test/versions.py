"""The versions of everything that took part in a run."""

import re
import subprocess
from collections.abc import Iterable
from typing import Any, Final

from faplog.version import VERSION
from infra import ROOT
from infra.cluster_test import kube
from infra.install import quantity, run

NAMES: Final = {
    "traefik": "Traefik",
    "mirrored-library-traefik": "Traefik",
    "postgres": "PostgreSQL",
    "silo": "object store (silo)",
    "nats": "NATS",
    "coredns": "CoreDNS",
    "mirrored-coredns-coredns": "CoreDNS",
    "envoy": "Envoy",
    "kourier": "Kourier",
    "gateway": "OpenFaaS gateway",
    "faas-netes": "faas-netes",
}
"""How the table names the program of an image."""

LABELLED: Final = (
    ("knative-serving", "controller", "Knative Serving"),
    ("knative-serving", "net-kourier-controller", "Kourier"),
)
_VERSION: Final = re.compile(r"v?(\d+\.\d+[\w.+-]*|RELEASE\.[\w-]+)")

Object = dict[str, Any]


def versions() -> dict[str, str]:
    """Return the versions by name."""
    said = kube.version()
    found = {
        "faplog": f"{VERSION} ({_revision()})",
        "Kubernetes": said["serverVersion"]["gitVersion"],
        "kubectl": said["clientVersion"]["gitVersion"],
    }
    helm = run(["helm", "version", "--short"]) if _has_helm() else None
    if helm and helm.returncode == 0:
        found["helm"] = helm.stdout.strip().partition("+")[0]
    for namespace, name, title in LABELLED:
        if deployment := kube.get("-n", namespace, f"deployment/{name}"):
            found[title] = deployment["metadata"].get("labels", {}).get("app.kubernetes.io/version", "unknown")
    images = {container["image"] for pod in kube.items("pods", "-A") for container in pod["spec"]["containers"]}
    found |= {name: version for name, version in of_images(images).items() if name not in found}
    found["nodes"] = nodes(kube.items("nodes"))
    return found


def _has_helm() -> bool:
    try:
        return run(["helm", "version", "--short"]).returncode == 0
    except FileNotFoundError:
        return False


def _revision() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "no revision"


def of_images(images: Iterable[str]) -> dict[str, str]:
    """Return the versions of well-known programs by the tags of their images."""
    found = {}
    for image in sorted(images):
        name, _, tag = image.partition("@")[0].rpartition(":")
        title = NAMES.get(name.rsplit("/", 1)[-1])
        if title and (version := _VERSION.match(tag)):
            found[title] = version[0]
    return found


def nodes(found: Iterable[Object]) -> str:
    """Return what the nodes are: how many, cores, memory, system, kernel, container runtime."""
    texts = []
    for node in found:
        info, size = node["status"]["nodeInfo"], node["status"]["capacity"]
        memory = quantity(size["memory"]) / 2**30
        texts.append(
            f"{quantity(size['cpu']):g} cores, {memory:.1f} GiB, {info['architecture']}, {info['osImage']}, "
            f"{info['kernelVersion']}, {info['containerRuntimeVersion']}"
        )
    return "; ".join(f"{texts.count(text)} × {text}" for text in dict.fromkeys(texts))
