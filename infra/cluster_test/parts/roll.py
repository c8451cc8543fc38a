"""A rolling update of each of our deployments, one after the other, under load."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from infra import NAMESPACE
from infra.cluster_test import kube
from infra.cluster_test.disturbing import Step, under_load
from infra.cluster_test.owner import now
from infra.cluster_test.report import Row
from infra.cluster_test.target import MARK, Target
from infra.cluster_test.waiting import until

PART: Final = "roll"
DEPLOYMENTS: Final = ("connector", "ui")
ROLLED_SEC: Final = 300.0


def run(target: Target) -> Iterator[Row]:
    """Roll the connector, the pages and each function."""
    steps = [Step(name, partial(roll_deployment, NAMESPACE, name)) for name in DEPLOYMENTS]
    functions = target.variant.with_pods
    if target.variant.writes_pods:
        steps += [Step(name, partial(roll_deployment, target.variant.functions, name)) for name in functions]
        yield from under_load(PART, target, steps, clean=True)
        return
    steps += [Step(name, partial(roll_function, name)) for name in functions]
    try:
        yield from under_load(PART, target, steps, clean=True)
    finally:
        for name in functions:
            mark(name, None)


def roll_deployment(namespace: str, name: str) -> str:
    """Restart a Deployment, wait until its new pods serve, and say how long that took."""
    began = now()
    kube.kubectl("-n", namespace, "rollout", "restart", f"deployment/{name}")
    kube.kubectl("-n", namespace, "rollout", "status", f"deployment/{name}", f"--timeout={ROLLED_SEC:.0f}s")
    return f"new pods after {now() - began:.0f} s"


def roll_function(name: str) -> str:
    """Make a new revision of a function, wait until it serves, and say how long that took."""
    began = now()
    mark(name, str(began))
    until(_serving(name), ROLLED_SEC, f"a new revision of {name}")
    return f"new revision after {now() - began:.0f} s"


def _serving(name: str) -> Callable[[], bool]:
    def serving() -> bool:
        service = kube.get("-n", NAMESPACE, f"services.serving.knative.dev/{name}")
        return service is not None and serves_newest(service)

    return serving


def serves_newest(service: kube.Object) -> bool:
    """Return whether a Knative Service serves with the revision of its present template."""
    status = service.get("status", {})
    return bool(
        status.get("observedGeneration") == service["metadata"]["generation"]
        and status.get("latestCreatedRevisionName") == status.get("latestReadyRevisionName")
        and kube.is_ready(service)
    )


def mark(name: str, value: str | None) -> None:
    """Set or remove our annotation on the template of a function, which makes a new revision."""
    patch = {"spec": {"template": {"metadata": {"annotations": {MARK: value}}}}}
    service = f"services.serving.knative.dev/{name}"
    kube.kubectl("-n", NAMESPACE, "patch", service, "--type", "merge", "-p", json.dumps(patch))
