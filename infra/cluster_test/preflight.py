"""The requirements of a run, checked before anything is changed."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from faplog.version import VERSION
from infra import NAMESPACE, install, policy
from infra.cluster_test import kube, variant
from infra.cluster_test import owner as accounts
from infra.cluster_test.parts import backup, pages
from infra.cluster_test.target import manifests, workload
from infra.cluster_test.waiting import TooLate

DISTURBING: Final = frozenset({"roll", "kill", "rotate", "backup"})
"""Parts that interrupt the system, or delete it and bring it back."""

INSTALLING: Final = frozenset({"install", "rotate", "backup"})
"""Parts that run `infra/install.sh`, which refuses a cluster that Argo CD applies."""

WITH_HELM: Final = INSTALLING | {"admission"}

IMAGES: Final = (*(function.name for function in variant.FUNCTIONS), "connector", "ui")
"""Names of our images, by whose tags a release is known."""

SERVING: Final = ("Deployment", "StatefulSet", "Service")

Object = dict[str, Any]


def lacks(environment: str, parts: Iterable[str], given_address: str | None, *, disposable: bool) -> list[str]:
    """Return what is missing for these parts; asks only, changes nothing.

    Args:
        environment: What is tested.
        parts: The parts of the test.
        given_address: That of the edge, if the caller said one.
        disposable: Whether accounts that are there may be interrupted and deleted.
    """
    parts = set(parts)
    if "pages" in parts and not pages.executable():
        return ["Chromium in PATH (Debian: apt-get install chromium); or leave the part `pages` out"]
    if missing := install.missing(charts=bool(parts & WITH_HELM)):
        return missing
    if parts & INSTALLING and (owned := install.applied_from_git()):
        named = ", ".join(sorted(parts & INSTALLING))
        return [f"{line}. Leave these parts out: {named}" for line in owned]
    pods = [pod for namespace in variant.of(environment).namespaces for pod in kube.items("pods", "-n", namespace)]
    if old := other_releases(pods, VERSION):
        return [f"release {VERSION}: on this cluster runs {' and '.join(old)}. Upgrade it first (infra/install.sh)"]
    if "install" not in parts and (absent := list(absent_parts(environment))):
        names = ", ".join(absent)
        return [f"a whole faplog: it is not installed or half installed ({names}). Name the part `install`, too"]
    found = kube.get("namespace", NAMESPACE)
    if found and parts & DISTURBING and not disposable:
        return list(_in_use(parts, given_address or address(environment)))
    return []


def _in_use(parts: set[str], edge: str | None) -> Iterator[str]:
    names = ", ".join(sorted(parts & DISTURBING))
    if edge and kube.get("-n", NAMESPACE, "statefulset/postgres"):
        try:
            number = str(accounts.accounts(edge.rstrip("/")))
        except (kube.KubeError, TooLate) as error:
            number = f"an unknown number ({error})"
        if number != "0":
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
        if workload(pod["metadata"].get("labels", {})) in IMAGES:
            for container in pod["spec"]["containers"]:
                name, _, tag = container["image"].rpartition(":")
                if "@" not in name and name.rsplit("/", 1)[-1] in IMAGES:
                    found.add(tag)
    return sorted(f"faplog {tag}" for tag in found - {version})


def absent_parts(environment: str) -> Iterator[str]:
    """Yield what serves in the environment's manifests and is not there or not ready."""
    for thing in manifests(environment):
        if thing["kind"] in SERVING and policy.pod_spec(thing) and thing["metadata"].get("namespace") == NAMESPACE:
            yield from _absent(NAMESPACE, thing["kind"], thing["metadata"]["name"])
    runs = variant.of(environment)
    if runs.writes_pods:
        for name in runs.with_pods:
            yield from _absent(runs.functions, "Deployment", name)


def _absent(namespace: str, kind: str, name: str) -> Iterator[str]:
    found = kube.get("-n", namespace, f"{'services.serving.knative.dev' if kind == 'Service' else kind.lower()}/{name}")
    if found is None:
        yield f"no {kind} {name}"
    elif not is_serving(found):
        yield f"{kind} {name} is not ready"


def is_serving(thing: Object) -> bool:
    """Return whether a Deployment, StatefulSet or Knative Service is ready."""
    if thing["kind"] == "Service":
        return kube.is_ready(thing)
    return bool(thing["status"].get("readyReplicas", 0) >= thing["spec"].get("replicas", 1))


def address(environment: str) -> str | None:
    """Return where the edge answers: the host of its certificate, else the address of Traefik's Service, if any."""
    for thing in manifests(environment):
        if thing["kind"] == "Certificate":
            return f"https://{thing['spec']['dnsNames'][0]}"
    service = kube.get("-n", "kube-system", "service/traefik")
    found = (service or {}).get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return next((f"http://{one.get('hostname') or one.get('ip')}" for one in found), None)
