"""Each pod killed in turn under load: ours, and those of the platform that an upload passes."""

from collections.abc import Callable, Iterator
from typing import Final

from infra.cluster_test import kube, load
from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import now, owner
from infra.cluster_test.parts.roll import nothing_lost, under_load
from infra.cluster_test.report import Row, measured
from infra.cluster_test.target import NAMESPACE, Target, workload
from infra.cluster_test.waiting import until

PART: Final = "kill"
PLATFORM: Final = {
    "kourier-system": "app=3scale-kourier-gateway",
    "knative-serving": "app=activator",
    "kube-system": "app.kubernetes.io/name=traefik",
}
BACK_SEC: Final = 300.0


def run(target: Target) -> Iterator[Row]:
    """Kill one pod of each workload, and wait each time until it and the uploads are back."""
    with owner(target) as one:
        with load.running(one) as running:
            until(lambda: running.answered_since(0), accounts.TIMEOUT_SEC, "a first answer under load")
            windows = []
            for name, namespace, selector in victims(_all_pods()):
                pod = next((pod for pod in kube.pods(namespace, selector) if kube.is_ready(pod)), None)
                if pod is None:
                    yield measured(PART, name, "no pod of it ran: not killed")
                    continue
                began = now()
                kube.kubectl("-n", namespace, "delete", "pod", pod["metadata"]["name"], "--grace-period=1")
                back = until(_replaced(pod, namespace, selector), BACK_SEC, f"another pod of {name}") and now()
                until(lambda: running.answered_since(back), BACK_SEC, "an answer after a kill")  # noqa: B023
                windows.append((name, began, back, now()))
        accounts.settle(one)
        for name, began, back, ended in windows:
            yield under_load(PART, f"{name}, back in {back - began:.1f} s", running, began, ended)
        yield nothing_lost(PART, one, running)


def _all_pods() -> list[kube.Object]:
    found = kube.pods(NAMESPACE)
    for namespace, selector in PLATFORM.items():
        found += kube.pods(namespace, selector)
    return found


def victims(pods: list[kube.Object]) -> list[tuple[str, str, str]]:
    """Return name, namespace and selector of each workload that has a pod; pods of jobs are none.

    Ours come first, in the order of their names, then the platform's.
    """
    found = set()
    for pod in pods:
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels", {})
        if any(one["kind"] == "Job" for one in pod["metadata"].get("ownerReferences", [])):
            continue
        if namespace in PLATFORM:
            found.add((PLATFORM[namespace].partition("=")[2], namespace, PLATFORM[namespace]))
        elif name := workload(labels):
            key = next(key for key in ("faplog.dev/function", "faplog.dev/role", "app") if labels.get(key) == name)
            found.add((name, namespace, f"{key}={name}"))
    return sorted(found, key=lambda one: (one[1] != NAMESPACE, one))


def _replaced(killed: kube.Object, namespace: str, selector: str) -> Callable[[], bool]:
    def replaced() -> bool:
        return any(
            kube.is_ready(pod) and pod["metadata"]["uid"] != killed["metadata"]["uid"]
            for pod in kube.pods(namespace, selector)
        )

    return replaced
