"""A rolling update of each of our deployments, one after the other, under load."""

import json
from collections.abc import Callable, Iterator
from typing import Final

from infra.cluster_test import kube, load
from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import now, owner
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import FUNCTIONS, NAMESPACE, Target
from infra.cluster_test.waiting import until

PART: Final = "roll"
DEPLOYMENTS: Final = ("connector", "ui")
MARK: Final = "faplog.dev/cluster-test"
ROLLED_SEC: Final = 300.0


def run(target: Target) -> Iterator[Row]:
    """Roll the connector, the pages and each function."""
    try:
        with owner(target) as one:
            with load.running(one) as running:
                until(lambda: running.answered_since(0), accounts.TIMEOUT_SEC, "a first answer under load")
                windows = []
                for name in (*DEPLOYMENTS, *FUNCTIONS):
                    began = now()
                    (roll_function if name in FUNCTIONS else roll_deployment)(name)
                    moment = now()
                    until(lambda: running.answered_since(moment), ROLLED_SEC, "an answer after a roll")  # noqa: B023
                    windows.append((name, began, now()))
            accounts.settle(one)
            for name, began, ended in windows:
                yield under_load(PART, f"{name}, new pods in {ended - began:.0f} s", running, began, ended, clean=True)
            yield nothing_lost(PART, one, running)
    finally:
        for name in FUNCTIONS:
            mark(name, None)


def under_load(part: str, what: str, running: load.Load, began: float, ended: float, *, clean: bool = False) -> Row:
    """Return the row of a time under load. With `clean` no request may fail."""
    uploads = load.judge(running.of("upload"), began, ended)
    looks = load.judge(running.of("page"), began, ended)
    words = f"uploads: {uploads.words()}; pages: {looks.words()}"
    return proof(part, what, words, holds=not clean or not (uploads.failures or looks.failures))


def nothing_lost(part: str, one: accounts.Owner, running: load.Load) -> Row:
    """Return the row that says whether all accepted logs were analysed."""
    ids = running.ids()
    gone = load.lost(running.of("upload"), accounts.outcomes(one, ids))
    return proof(part, "accepted logs that were lost", f"{len(gone)} of {len(ids)}", holds=not gone and bool(ids))


def roll_deployment(name: str) -> None:
    """Restart a Deployment and wait until its new pods serve."""
    place = ("-n", NAMESPACE, "rollout")
    kube.kubectl(*place, "restart", f"deployment/{name}")
    kube.kubectl(*place, "status", f"deployment/{name}", f"--timeout={ROLLED_SEC:.0f}s")


def roll_function(name: str) -> None:
    """Make a new revision of a function and wait until it serves."""
    mark(name, str(now()))
    until(_serving(name), ROLLED_SEC, f"a new revision of {name}")


def _serving(name: str) -> Callable[[], bool]:
    def serving() -> bool:
        service = kube.get("-n", NAMESPACE, f"services.serving.knative.dev/{name}")
        if not service:
            return False
        status = service.get("status", {})
        return (
            status.get("observedGeneration") == service["metadata"]["generation"]
            and status.get("latestCreatedRevisionName") == status.get("latestReadyRevisionName")
            and kube.is_ready(service)
        )

    return serving


def mark(name: str, value: str | None) -> None:
    """Set or remove our annotation on the template of a function, which makes a new revision."""
    patch = {"spec": {"template": {"metadata": {"annotations": {MARK: value}}}}}
    service = f"services.serving.knative.dev/{name}"
    kube.kubectl("-n", NAMESPACE, "patch", service, "--type", "merge", "-p", json.dumps(patch))
