"""Each pod killed in turn under load: ours, and those of the platform that an upload passes."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from infra import FUNCTION, ROLE
from infra.cluster_test import kube
from infra.cluster_test.disturbing import BACK_SEC, Step, under_load
from infra.cluster_test.owner import now
from infra.cluster_test.report import Row
from infra.cluster_test.target import Target, workload
from infra.cluster_test.waiting import until

PART: Final = "kill"
EDGE: Final = {"kube-system": "app.kubernetes.io/name=traefik"}


def run(target: Target) -> Iterator[Row]:
    """Kill one pod of each workload, and wait each time until it and the uploads are back."""
    variant = target.variant
    platform = {namespace: selector for namespace, (selector, _) in variant.platform.items()} | EDGE
    pods = [pod for place in platform.items() for pod in kube.pods(*place)] + variant.pods()
    steps = [Step(name, partial(kill, name, *where)) for name, *where in victims(pods, platform)]
    yield from under_load(PART, target, steps)


def kill(name: str, namespace: str, selector: str) -> str:
    """Kill a pod of a workload, wait until another one is ready, and say how long that took."""
    pod = next((pod for pod in kube.pods(namespace, selector) if kube.is_ready(pod)), None)
    if pod is None:
        return "no pod of it ran: not killed"
    began = now()
    kube.kubectl("-n", namespace, "delete", "pod", pod["metadata"]["name"], "--grace-period=1")
    until(_replaced(pod, namespace, selector), BACK_SEC, f"another pod of {name}")
    return f"another pod ready after {now() - began:.1f} s"


def victims(pods: list[kube.Object], platform: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return name, namespace and selector of each workload that has a pod; pods of jobs are none.

    Ours come first, in the order of their names, then the platform's, whose selectors are given by namespace.
    """
    found = set()
    for pod in pods:
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels", {})
        if kube.is_of_a_job(pod):
            continue
        if selector := platform.get(namespace):
            found.add((selector.partition("=")[2], namespace, selector))
        elif name := workload(labels):
            key = next(key for key in (FUNCTION, ROLE, "app") if labels.get(key) == name)
            found.add((name, namespace, f"{key}={name}"))
    return sorted(found, key=lambda one: (one[1] in platform, one))


def _replaced(killed: kube.Object, namespace: str, selector: str) -> Callable[[], bool]:
    def replaced() -> bool:
        return any(
            kube.is_ready(pod) and pod["metadata"]["uid"] != killed["metadata"]["uid"]
            for pod in kube.pods(namespace, selector)
        )

    return replaced
