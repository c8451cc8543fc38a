"""To zero and back: how long functions take to go to sleep, and a cold start in its parts."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Final

from infra import FUNCTION, NAMESPACE
from infra.cluster_test import kube
from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import Owner, now, owner
from infra.cluster_test.report import Row, measured, proof
from infra.cluster_test.target import Target
from infra.cluster_test.waiting import TooLate, until

PART: Final = "cold"
FUNCTIONS: Final = ("analyse",)
"""Those that sleep after a minute, `average` in the pod of `analyse`; the API sleeps after five."""

TO_ZERO_SEC: Final = 700.0
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
        if pod.get("kind") != "Pod" or pod["metadata"]["labels"].get(FUNCTION) != function:
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


@dataclass(frozen=True, slots=True)
class Cold:
    """An upload to functions that sleep: seconds from its beginning to each answer."""

    slept: float
    accepted: float
    verdict: float
    average: float
    rows: tuple[Row, ...]


def run(target: Target) -> Iterator[Row]:
    """Wait for zero and upload one log, several times; at last with the API asleep, too."""
    every = target.variant.sleeping
    if not every:
        yield measured(PART, "functions that go to zero", f"none on {target.variant.title}: each keeps a replica")
        return
    with owner(target) as one:
        accounts.analysed(one, accounts.upload(one, *accounts.logs(1)[0]))
        accounts.averaged(one, 1)
        found = []
        for number in range(1, target.runs + 1):
            found.append(_start(one, number, FUNCTIONS, f"cold start {number}"))
            yield from found[-1].rows
        yield measured(PART, "last analysis → no pod of analyse", f"{median(c.slept for c in found):.0f} s")
        yield measured(PART, f"zero → verdict, median of {target.runs}", f"{median(c.verdict for c in found):.2f} s")
        steps = median(cold.average - cold.verdict for cold in found)
        yield measured(PART, "verdict → average, median", f"{steps:.2f} s")
        last = _start(one, target.runs + 1, every, "cold start of everything")
        yield from last.rows
        yield measured(PART, "last request → no pod of any function", f"{last.slept:.0f} s")
        words = f"accepted after {last.accepted:.2f} s, verdict after {last.verdict:.2f} s"
        yield measured(PART, "the same with the API at zero, too", words)


def _start(one: Owner, number: int, functions: tuple[str, ...], title: str) -> Cold:
    """Wait until these functions sleep, upload the log of this number, and return what was measured."""
    began = now()
    asleep(functions)
    slept = now() - began
    with kube.watched(NAMESPACE, selector(functions), WATCH_SEC) as watch:
        began = now()
        log_id = accounts.upload(one, *accounts.logs(1, number)[0])
        accepted = now() - began
        analysis = accounts.analysed(one, log_id)
        verdict = now() - began
        accounts.averaged(one, number + 1)
        average = now() - began
        await_ready(watch, functions, began)
    done = {"api": accepted, "analyse": verdict}
    rows = []
    for function in functions:
        start = first_start(watch.events, function, began)
        what = f"{title}: {function}, seconds after the upload began"
        seen = start.ready is not None and analysis["status"] == "Success"
        rows.append(proof(PART, what, f"{in_words(start)}, done {done[function]:.2f}", holds=seen))
    return Cold(slept, accepted, verdict, average, tuple(rows))


def await_ready(watch: kube.Watch, functions: tuple[str, ...], began: float) -> None:
    """Wait until the watch has seen a new pod of each function ready, or for a minute.

    Knative asks a pod itself, and sends it requests as soon as it answers. The kubelet may say so later, after the
    verdict.
    """

    def ready() -> bool:
        return all(first_start([*watch.events], function, began).ready is not None for function in functions)

    with suppress(TooLate):  # the row then says that none was seen
        until(ready, READY_SEC, "a new pod of each function that is ready")


def asleep(functions: tuple[str, ...]) -> None:
    """Wait until no pod of these functions is left.

    Raises:
        TooLate: They do not go to sleep.
    """

    def gone() -> bool:
        return not kube.items("pods", "-n", NAMESPACE, "-l", selector(functions))

    if functions:
        until(gone, TO_ZERO_SEC, "functions at zero", every=0.5)


def selector(functions: tuple[str, ...]) -> str:
    """Return the selector of the pods of these functions."""
    return f"{FUNCTION} in ({', '.join(functions)})"
