"""Memory and CPU in use of each container against request and limit; product and platform apart, at rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from infra.cluster_test import kube
from infra.cluster_test.parts.cold import asleep
from infra.cluster_test.report import Row, measured, proof
from infra.cluster_test.target import STRANGER, Target, workload
from infra.cluster_test.waiting import until
from infra.install import quantity
from infra.seal import TELEMETRY

PART: Final = "resources"
MB: Final = 1e6
FRESH_SEC: Final = 60.0


@dataclass(frozen=True, slots=True)
class Use:
    """A container: cores and bytes in use, and what it requests and may take (0 if nothing is said).

    `bytes` is the working set, which a kubelet judges by; `own` is the memory of its programs, without the cache of
    files that the kernel keeps for it until the room is needed.
    """

    namespace: str
    pod: str
    container: str
    cores: float
    bytes: float
    own: float
    requests: tuple[float, float] = (0.0, 0.0)
    limits: tuple[float, float] = (0.0, 0.0)

    def words(self) -> str:
        """Return the use as a text for the table."""
        cpu, memory = self.requests
        most_cpu, most_memory = self.limits
        return (
            f"{self.cores * 1000:.0f} m of {cpu * 1000:.0f} m / {most_cpu * 1000:.0f} m; "
            f"{_in_use(self.bytes, self.own)} of {memory / MB:.0f} / {most_memory / MB:.0f} MB"
        )


def uses(summary: kube.Object, pods: Iterable[kube.Object]) -> list[Use]:
    """Join what a kubelet measures (`/stats/summary`) with what the pods request."""
    specs = {
        (pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"]): container.get("resources", {})
        for pod in pods
        for container in pod["spec"]["containers"]
    }
    found = []
    for pod in summary["pods"]:
        reference = pod["podRef"]
        for container in pod.get("containers", []):
            key = (reference["namespace"], reference["name"], container["name"])
            if key not in specs:  # a container that ended
                continue
            resources = specs[key]
            cores = container.get("cpu", {}).get("usageNanoCores", 0) / 1e9
            memory = container.get("memory", {})
            in_use = (memory.get("workingSetBytes", 0), memory.get("rssBytes", 0))
            found.append(
                Use(*key, cores, *in_use, _amounts(resources.get("requests")), _amounts(resources.get("limits")))
            )
    return sorted(found, key=lambda one: (one.namespace, one.pod, one.container))


def _amounts(given: dict[str, str] | None) -> tuple[float, float]:
    given = given or {}
    return quantity(given.get("cpu", "0")), quantity(given.get("memory", "0"))


def _in_use(in_use: float, own: float) -> str:
    return f"{in_use / MB:.0f} MB ({own / MB:.0f} without cache)"


def total(found: Iterable[Use]) -> str:
    """Return the sums of several containers as a text."""
    found = tuple(found)
    cpu = sum(one.requests[0] for one in found)
    memory = sum(one.requests[1] for one in found)
    in_use = _in_use(sum(one.bytes for one in found), sum(one.own for one in found))
    return (
        f"{sum(one.cores for one in found) * 1000:.0f} m in use, {cpu * 1000:.0f} m requested; "
        f"{in_use} in use, {memory / MB:.0f} MB requested ({len(found)} containers)"
    )


def run(target: Target) -> Iterator[Row]:
    """Measure with the functions that sleep at zero."""
    asleep(target.variant.sleeping)
    ours = (*target.variant.namespaces, TELEMETRY)
    found = until(partial(_measured, ours), FRESH_SEC, "figures of every running container", every=5)
    pods = [pod for namespace in ours for pod in kube.items("pods", "-n", namespace)]
    names = {pod["metadata"]["name"]: workload(pod["metadata"].get("labels", {})) for pod in pods}
    for one in found:
        if one.namespace in ours:
            most = one.limits[1]
            yield proof(PART, f"{names[one.pod]} / {one.container}", one.words(), holds=most > one.bytes > 0)
    others = sorted({one.namespace for one in found} - {*ours, STRANGER})
    for namespace in others:
        yield measured(PART, f"platform: {namespace}", total(one for one in found if one.namespace == namespace))
    yield measured(PART, "the product", total(one for one in found if one.namespace in ours))
    yield measured(PART, "the platform", total(one for one in found if one.namespace in others))


def _measured(ours: tuple[str, ...]) -> list[Use]:
    """Return the use of every container, or nothing while a running container in our namespaces has no figures."""
    pods = [pod for pod in kube.items("pods", "-A") if pod["status"]["phase"] == "Running"]
    found = []
    for node in kube.items("nodes"):
        found += uses(kube.raw(f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"), pods)
    seen = {(one.namespace, one.pod, one.container) for one in found if one.bytes}
    missing = [
        pod["metadata"]["name"]
        for pod in pods
        for container in pod["spec"]["containers"]
        if pod["metadata"]["namespace"] in ours
        and (pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"]) not in seen
    ]
    return [] if missing else found
