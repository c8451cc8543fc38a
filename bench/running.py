"""A running system for the measurements: logs for it, what its processes use, and when it has finished."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from faplog import synthetic
from tests.chaos.promise import owner
from tests.conftest import Stack, running_stack, until
from tests.e2e.seeding import variants

LOG_BYTES: Final = 200_000
WAIT_SEC: Final = 600

ROLES: Final = {
    "functions.api.reconcile": "reconcile",
    "functions.analyse": "analyse",
    "functions.average": "average",
    "functions.api": "api",
    "connector": "connector",
    "ui.app": "ui",
    "postgres": "postgres",
    "nats-server": "nats",
    "weed": "s3",
    "traefik": "edge",
}
"""The role of a process by a word of its command line; searched in this order."""


@contextmanager
def system() -> Iterator[Stack]:
    """Start what `make run` starts, with a state of its own."""
    with tempfile.TemporaryDirectory(prefix="faplog-bench-") as state, running_stack(Path(state)) as stack:
        yield stack


def distinct_logs() -> Iterator[bytes]:
    """Yield logs of 200 kB that all count: none is an earlier version of another."""
    return variants(synthetic.log_of_size(LOG_BYTES)[0])


def wait_until_settled(stack: Stack, *, held: int = 0) -> None:
    """Wait until all logs but those `held` back are analysed and all averages are done.

    It asks the database, because requests to the API would be measured, too.
    """
    with owner(stack) as database:
        database.autocommit = True

        def done() -> bool:
            row = database.execute(
                """
                SELECT (SELECT count(*) FROM fap_analysis WHERE status = 'Processing' AND deleted_at IS NULL) <= %s
                    AND NOT EXISTS (SELECT FROM fap_average WHERE status = 'CALCULATING')
                """,
                [held],
            ).fetchone()
            return row == (True,)

        until(done, WAIT_SEC)
        row = database.execute(
            """
            SELECT (SELECT count(*) FROM fap_analysis WHERE status = 'Failed')
                + (SELECT count(*) FROM fap_average WHERE status = 'FAILED')
            """
        ).fetchone()
    if row != (0,):
        raise SystemExit(f"{row} analyses or averages failed.")


@dataclass(frozen=True, slots=True)
class Spent:
    """The cost of something: CPU milliseconds by part of the system, and wall seconds. Empty until it ended."""

    cpu_ms: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def total_ms(self) -> float:
        """CPU milliseconds of all parts."""
        return sum(self.cpu_ms.values())


@contextmanager
def spent(stack: Stack) -> Iterator[Spent]:
    """Measure what the system spends until the block ends."""
    process = psutil.Process(stack.process.pid)
    taken = Spent()
    before, began = _cpu_ms(process), time.monotonic()
    yield taken
    taken.seconds.append(time.monotonic() - began)
    taken.cpu_ms.update(_cpu_ms(process))
    taken.cpu_ms.subtract(before)


def memory(stack: Stack) -> Counter[str]:
    """Return the MiB of each part, with shared pages divided among the processes (PSS)."""
    held: Counter[str] = Counter()
    for role, one in _tree(psutil.Process(stack.process.pid)):
        try:
            held[role] += one.memory_full_info().pss / 2**20  # type: ignore[assignment]
        except psutil.Error:
            continue
    return held


def format_by_role(by_role: Counter[str], share: float = 1) -> str:
    """Return a text with the values by part, largest first; `share` multiplies each."""
    parts = {role: value * share for role, value in by_role.most_common()}
    return ", ".join(f"{role} {value:.0f}" for role, value in parts.items() if value >= 0.5)


def _tree(process: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    for one in [process, *process.children(recursive=True)]:
        try:
            words = " ".join(one.cmdline())
        except psutil.Error:
            continue
        own = one.pid == process.pid
        yield "supervisor" if own else next((role for word, role in ROLES.items() if word in words), "other"), one


def _cpu_ms(process: psutil.Process) -> Counter[str]:
    """Return the CPU milliseconds of each part so far, including ended processes, which count for their parents."""
    used: Counter[str] = Counter()
    for role, one in _tree(process):
        try:
            times = one.cpu_times()
        except psutil.Error:
            continue
        seconds = times.user + times.system + times.children_user + times.children_system
        used[role] += round(seconds * 1000)
    return used
