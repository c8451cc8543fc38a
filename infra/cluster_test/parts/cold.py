"""To zero and back: how long functions take to go to sleep, and a cold start in its parts."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Final

from infra import NAMESPACE
from infra.cluster_test import kube
from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import now, owner
from infra.cluster_test.report import Row, measured, proof
from infra.cluster_test.target import Target
from infra.cluster_test.waiting import TooLate, until

PART: Final = "cold"
FUNCTIONS: Final = ("analyse", "average")
SLEEPING: Final = f"faplog.dev/function in ({', '.join(FUNCTIONS)})"
TO_ZERO_SEC: Final = 400.0
WATCH_SEC: Final = 180
READY_SEC: Final = 60.0


@dataclass(frozen=True, slots=True)
class Start:
    """A cold start: seconds from the beginning of the upload to each step, None where a step was not seen."""

    created: float | None = None
    scheduled: float | None = None
    container: float | None = None
    ready: float | None = None


def first_start(events: list[tuple[float, kube.Object]], function: str, began: float) -> Start:
    """Return the steps of the first new pod of a function among the events of a watch.

    Pods that existed when the watch began are not new; the caller begins with none.
    """
    steps: dict[str, float] = {}
    uid = None
    for moment, event in events:
        pod = event["object"]
        if pod.get("kind") != "Pod" or pod["metadata"]["labels"].get("faplog.dev/function") != function:
            continue
        uid = uid or pod["metadata"]["uid"]
        if pod["metadata"]["uid"] == uid:
            for step in _steps(pod):
                steps.setdefault(step, moment - began)
    return Start(**steps)


def _steps(pod: kube.Object) -> Iterator[str]:
    """Yield the steps that a pod has reached."""
    yield "created"
    if kube.condition(pod, "PodScheduled"):
        yield "scheduled"
    containers = pod.get("status", {}).get("containerStatuses", [])
    if any(one["name"] == "function" and "running" in one.get("state", {}) for one in containers):
        yield "container"
    if kube.condition(pod, "Ready"):
        yield "ready"


def in_words(start: Start) -> str:
    """Return the steps of a cold start as a text."""
    steps = {"pod": start.created, "scheduled": start.scheduled, "container": start.container, "ready": start.ready}
    return ", ".join(f"{name} {'–' if seconds is None else f'{seconds:.2f}'}" for name, seconds in steps.items())


def run(target: Target) -> Iterator[Row]:
    """Wait for zero and upload one log, several times."""
    with owner(target) as one:
        accounts.analysed(one, accounts.upload(one, *accounts.logs(1)[0]))
        accounts.averaged(one, 1)
        verdicts, averages, zero = [], [], []
        for number in range(1, target.runs + 1):
            began = now()
            asleep()
            zero.append(now() - began)
            with kube.watched(NAMESPACE, SLEEPING, WATCH_SEC) as watch:
                began = now()
                log_id = accounts.upload(one, *accounts.logs(1, number)[0])
                found = accounts.analysed(one, log_id)
                verdicts.append(now() - began)
                accounts.averaged(one, number + 1)
                averages.append(now() - began)
                await_ready(watch, began)
            for function, ended in zip(FUNCTIONS, (verdicts[-1], averages[-1]), strict=True):
                start = first_start(watch.events, function, began)
                what = f"cold start {number}: {function}, seconds after the upload began"
                seen = start.ready is not None and found["status"] == "Success"
                yield proof(PART, what, f"{in_words(start)}, done {ended:.2f}", holds=seen)
        yield measured(PART, "last analysis → no pod of either function", f"{median(zero):.0f} s")
        yield measured(PART, f"zero → verdict, median of {target.runs}", f"{median(verdicts):.2f} s")
        steps = [late - early for early, late in zip(verdicts, averages, strict=True)]
        yield measured(PART, "verdict → average, median", f"{median(steps):.2f} s")


def await_ready(watch: kube.Watch, began: float) -> None:
    """Wait until the watch has seen a new pod of each function ready, or for a minute.

    Knative asks a pod itself, and sends it requests as soon as it answers. The kubelet may say so later, after the
    verdict.
    """

    def ready() -> bool:
        return all(first_start([*watch.events], function, began).ready is not None for function in FUNCTIONS)

    with suppress(TooLate):  # the row then says that none was seen
        until(ready, READY_SEC, "a new pod of each function that is ready")


def asleep() -> None:
    """Wait until no pod of the functions that sleep is left.

    Raises:
        TooLate: They do not go to sleep.
    """
    until(lambda: not kube.items("pods", "-n", NAMESPACE, "-l", SLEEPING), TO_ZERO_SEC, "functions at zero", every=0.5)
