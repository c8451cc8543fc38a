"""An upload every half second, and a look at the pages beside it: what failed, for how long, and what was lost."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Final, Literal

import httpx

from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import Owner, now

EVERY_SEC: Final = 0.5
CLIENTS: Final = 64
"""More than one upload waits at a time when an answer takes longer than half a second."""

DIFFERENT: Final = 40
"""Number of different logs that are made beforehand. Further ones are these with more blank lines at the end."""

Kind = Literal["upload", "page"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it began and ended (monotonic seconds), the status or the error, the ids of an upload."""

    kind: Kind
    began: float
    ended: float
    status: int | None
    error: str = ""
    log_id: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether it was answered as it should be."""
        return self.status == (202 if self.kind == "upload" else 200)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The results of a load: requests, failures by reason, and the longest time without a good answer in seconds."""

    requests: int
    failed: dict[str, int]
    longest_gap_sec: float

    @property
    def failures(self) -> int:
        """Number of failed requests."""
        return sum(self.failed.values())

    def words(self) -> str:
        """Return the judgement as a text for the table."""
        reasons = ", ".join(f"{number}× {reason}" for reason, number in sorted(self.failed.items()))
        failed = f"{self.failures} failed ({reasons})" if reasons else "0 failed"
        return f"{self.requests} requests, {failed}, longest gap {self.longest_gap_sec:.1f} s"


def judge(samples: Iterable[Sample], begin: float, end: float) -> Judgement:
    """Judge the requests that began between two moments. The gap counts from and to these moments, too."""
    chosen = [sample for sample in samples if begin <= sample.began <= end]
    failed: dict[str, int] = {}
    for sample in chosen:
        if not sample.accepted:
            reason = str(sample.status) if sample.status else sample.error
            failed[reason] = failed.get(reason, 0) + 1
    answered = sorted(min(sample.ended, end) for sample in chosen if sample.accepted)
    gap = max(after - before for before, after in pairwise([begin, *answered, end]))
    return Judgement(len(chosen), failed, gap)


def lost(samples: Iterable[Sample], outcomes: dict[str, str]) -> list[str]:
    """Return the ids of logs that were accepted and did not become an analysis."""
    accepted = {sample.log_id for sample in samples if sample.accepted and sample.log_id}
    return sorted(log_id for log_id in accepted if outcomes.get(log_id) != "Success")


@dataclass(slots=True)
class Load:
    """A running load and its samples until now."""

    samples: list[Sample] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def of(self, kind: Kind) -> list[Sample]:
        """Return the samples of one kind."""
        return [sample for sample in tuple(self.samples) if sample.kind == kind]

    def answered_since(self, moment: float) -> bool:
        """Return whether an upload that began after the moment was accepted."""
        return any(sample.accepted and sample.began > moment for sample in self.of("upload"))

    def ids(self) -> list[str]:
        """Return the ids of all accepted logs."""
        return [sample.log_id for sample in self.of("upload") if sample.accepted and sample.log_id]


def endless_logs() -> Iterator[tuple[str, bytes]]:
    """Yield logs that all differ."""
    made = accounts.logs(DIFFERENT)
    for number in count():
        name, content = made[number % DIFFERENT]
        yield name, content + b"\n" * (number // DIFFERENT)


@contextmanager
def running(one: Owner) -> Iterator[Load]:
    """Upload a log every half second while the block runs; then wait for the answers that are still to come.

    Each request has a connection of its own, as one of another client would have.
    """
    load = Load()
    logs = endless_logs()
    next_log = [next(logs)]  # made before the clock starts
    with ThreadPoolExecutor(CLIENTS) as clients:

        def tick() -> None:
            while not load.stopped.wait(EVERY_SEC):
                clients.submit(_note, load, "upload", one, next_log[0])
                clients.submit(_note, load, "page", one, None)
                next_log[0] = next(logs)

        clock = threading.Thread(target=tick, daemon=True)
        clock.start()
        try:
            yield load
        finally:
            load.stopped.set()
            clock.join()


def _note(load: Load, kind: Kind, one: Owner, log: tuple[str, bytes] | None) -> None:
    began = now()
    try:
        with httpx.Client(headers=one.http.headers, timeout=accounts.TIMEOUT_SEC, trust_env=False) as http:
            if log:
                files = {"file": (*log, "text/csv")}
                answer = http.post(one.http.base_url.join("analyses"), data={"car": one.car}, files=files)
            else:
                answer = http.get(one.http.base_url.join("/login"))
        log_id = answer.json()["ids"][0] if answer.status_code == httpx.codes.ACCEPTED else None
        load.samples.append(Sample(kind, began, now(), answer.status_code, log_id=log_id))
    except (httpx.HTTPError, ValueError) as error:
        load.samples.append(Sample(kind, began, now(), None, type(error).__name__))
