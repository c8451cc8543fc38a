"""The requirements of a run, checked before anything is changed."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from faplog.version import VERSION
from infra import NAMESPACE, ROOT, install, policy, seal
from infra.cluster_test import kube
from infra.cluster_test import owner as accounts
from infra.cluster_test.parts import backup, pages
from infra.cluster_test.target import FUNCTIONS, manifests, workload

DISTURBING: Final = frozenset({"roll", "kill", "rotate", "backup"})
"""Parts that interrupt the system, or delete it and bring it back."""

INSTALLING: Final = frozenset({"install", "rotate", "backup"})
"""Parts that run `infra/install.sh`, which refuses a cluster that Argo CD applies."""

WITH_HELM: Final = INSTALLING | {"admission"}

SERVING: Final = ("Deployment", "StatefulSet", "Service")

Object = dict[str, Any]


def lacks(environment: str, parts: Iterable[str], *, disposable: bool) -> list[str]:
    """Return what is missing for these parts; asks only, changes nothing."""
    parts = set(parts)
    if seal.on_openfaas(ROOT / "infra/environments" / environment):
        return ["the functions on Knative: this test does not know those on OpenFaaS"]
    if "pages" in parts and not pages.executable():
        return ["Chromium in PATH (Debian: apt-get install chromium); or leave the part `pages` out"]
    if missing := install.missing(charts=bool(parts & WITH_HELM)):
        return missing
    if parts & INSTALLING and (owned := install.applied_from_git()):
        named = ", ".join(sorted(parts & INSTALLING))
        return [f"{line}. Leave these parts out: {named}" for line in owned]
    if old := other_releases(kube.items("pods", "-n", NAMESPACE), VERSION):
        return [f"release {VERSION}: on this cluster runs {' and '.join(old)}. Upgrade it first (infra/install.sh)"]
    if "install" not in parts and (absent := list(absent_parts(environment))):
        names = ", ".join(absent)
        return [f"a whole faplog: it is not installed or half installed ({names}). Name the part `install`, too"]
    found = kube.get("namespace", NAMESPACE)
    if found and parts & DISTURBING and not disposable:
        return list(_in_use(parts))
    return []


def _in_use(parts: set[str]) -> Iterator[str]:
    names = ", ".join(sorted(parts & DISTURBING))
    if accounts.ready_api() and (number := accounts.accounts()):
        yield (
            f"a system without accounts: this one has {number}, and {names} would interrupt or replace it. "
            "Say DISPOSABLE=yes if that may be"
        )
    if "backup" in parts and backup.others_target():
        yield "a system without backups: those of this one go to a target that is not the test's"


def other_releases(pods: Iterable[Object], version: str) -> list[str]:
    """Return the releases of ours that run beside or instead of this one, by the images of our functions."""
    found = set()
    for pod in pods:
        if workload(pod["metadata"].get("labels", {})) in (*FUNCTIONS, "connector", "ui"):
            for container in pod["spec"]["containers"]:
                name, _, tag = container["image"].rpartition(":")
                if "@" not in name and name.rsplit("/", 1)[-1] in (*FUNCTIONS, "connector", "ui"):
                    found.add(tag)
    return sorted(f"faplog {tag}" for tag in found - {version})


def absent_parts(environment: str) -> Iterator[str]:
    """Yield what serves in the environment's manifests and is not there or not ready."""
    for thing in manifests(environment):
        if thing["kind"] not in SERVING or policy.pod_spec(thing) is None:
            continue
        if thing["metadata"].get("namespace") != NAMESPACE:
            continue
        kind = "services.serving.knative.dev" if thing["kind"] == "Service" else thing["kind"].lower()
        name = thing["metadata"]["name"]
        found = kube.get("-n", NAMESPACE, f"{kind}/{name}")
        if found is None:
            yield f"no {thing['kind']} {name}"
        elif not is_serving(found):
            yield f"{thing['kind']} {name} is not ready"


def is_serving(thing: Object) -> bool:
    """Return whether a Deployment, StatefulSet or Knative Service is ready."""
    if thing["kind"] == "Service":
        return kube.is_ready(thing)
    return bool(thing["status"].get("readyReplicas", 0) >= thing["spec"].get("replicas", 1))


def address() -> str | None:
    """Return where the edge answers: the address of Traefik's Service, or None if it has none."""
    service = kube.get("-n", "kube-system", "service/traefik")
    found = (service or {}).get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return next((f"http://{one.get('hostname') or one.get('ip')}" for one in found), None)
