"""Steps that disturb the system under load, one after the other, and rows with what users experienced."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from infra.cluster_test import load
from infra.cluster_test import owner as accounts
from infra.cluster_test.guide import CommandFailed
from infra.cluster_test.kube import KubeError
from infra.cluster_test.load import Load
from infra.cluster_test.owner import Owner, now, owner
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target
from infra.cluster_test.waiting import TooLate, until

BACK_SEC: Final = 300.0
"""How long uploads may be refused after a step before the step counts as failed."""


@dataclass(frozen=True, slots=True)
class Step:
    """A disturbance: its name in the table, and what does it and returns a remark."""

    name: str
    do: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Window:
    """The time of a step, from its beginning until uploads were accepted again, or until it failed with `error`."""

    name: str
    remark: str
    began: float
    ended: float
    error: str = ""


def under_load(part: str, target: Target, steps: list[Step], *, clean: bool = False) -> Iterator[Row]:
    """Do the steps under load and yield a row for each, and one for what was lost.

    Args:
        part: The part of the table.
        target: The system.
        steps: What is done, in this order. A step that fails does not stop the next one.
        clean: Whether no request at all may fail.
    """
    with owner(target) as one:
        with load.running(one) as running:
            until(lambda: running.answered_since(0), accounts.TIMEOUT_SEC, "a first answer under load")
            windows = [_window(step, running) for step in steps]
        accounts.settle(one)
        for window in windows:
            yield row_of(part, window, running, clean=clean)
        yield nothing_lost(part, one, running)


def _window(step: Step, running: Load) -> Window:
    began = now()
    try:
        remark = step.do()
        done = now()
        until(lambda: running.answered_since(done), BACK_SEC, "an upload that is accepted")
    except (KubeError, CommandFailed, TooLate) as error:
        return Window(step.name, "", began, now(), str(error))
    return Window(step.name, remark, began, now())


def row_of(part: str, window: Window, running: Load, *, clean: bool) -> Row:
    """Return the row of one step."""
    uploads = load.judge(running.of("upload"), window.began, window.ended)
    looks = load.judge(running.of("page"), window.began, window.ended)
    words = [window.error or window.remark, f"uploads: {uploads.words()}", f"pages: {looks.words()}"]
    fine = not window.error and not (clean and (uploads.failures or looks.failures))
    return proof(part, window.name, "; ".join(filter(None, words)), holds=fine)


def nothing_lost(part: str, one: Owner, running: Load) -> Row:
    """Return the row that says whether all accepted logs were analysed."""
    ids = running.ids()
    gone = load.lost(running.of("upload"), accounts.outcomes(one, ids))
    return proof(part, "accepted logs that were lost", f"{len(gone)} of {len(ids)}", holds=not gone and bool(ids))
