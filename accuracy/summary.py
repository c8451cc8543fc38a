"""Shares of cases, and whether they meet the bars."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from accuracy.cars import Case, Healthy
from accuracy.files import DamagedFile
from faplog.contracts.limits import Severity
from faplog.synthetic.faults import DEGREES, FAULTS, LOGS, Degree

NAMED_BAR: Final = 0.98
WATCH_BAR_PER_1000: Final = 2.0
ACT_BAR_PER_1000: Final = 0.0
BARRED: Final[frozenset[Degree]] = frozenset({"clear", "severe"})
"""The degrees that have a bar. Slight faults are only reported."""


@dataclass(frozen=True)
class Row:
    """Results of one fault in one degree, over all cars."""

    fault: str
    degree: Degree
    cars: int
    named_in_one: float | None
    """Share of cars whose first log names a right code; None for what only a history shows."""
    named_in_ten: float | None
    """The same within ten logs, of the cars that were followed that long."""
    good: int
    """Cars whose first log was called good. For what only a history shows: whose average was, and no code named it."""
    others: Counter[str]
    """Other codes in the first log, and in how many cars."""

    def missed(self) -> list[str]:
        """Return the bars that are missed, as sentences."""
        if self.degree not in BARRED:
            return []
        found = []
        if not FAULTS[self.fault].codes:
            found.append("no rule can name it")
        elif (self.named_in_ten or 0.0) < NAMED_BAR:
            found.append(f"named in {percent(self.named_in_ten)} of cars within ten logs")
        if self.good:
            found.append(f"called good in {self.good} of {self.cars} cars")
        return found


@dataclass(frozen=True)
class Alarms:
    """False alarms in the logs of healthy cars."""

    logs: int
    watch: Counter[str]
    """Logs with that code at watch."""
    act: Counter[str]
    logs_at_watch: int
    """Logs with any code at watch."""
    logs_at_act: int
    verdicts: Counter[str]
    averages: Counter[str]
    """Verdicts of the averages over ten logs."""
    average_codes: Counter[str]

    def missed(self) -> list[str]:
        """Return the bars missed, as sentences."""
        found = []
        for name, count, bar in (
            ("watch", self.logs_at_watch, WATCH_BAR_PER_1000),
            ("act", self.logs_at_act, ACT_BAR_PER_1000),
        ):
            if count / self.logs * 1000 > bar:
                found.append(f"{per_1000(count, self.logs)} false alarms at {name} per 1,000 logs of healthy cars")
        return found


@dataclass
class Files:
    """Results of one damage in one degree, over all files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)


def rows(cases: Sequence[Case]) -> list[Row]:
    """Return a row for each fault and degree that was measured, in the order of the catalogue."""
    by_row: dict[tuple[str, Degree], list[Case]] = {}
    for case in cases:
        by_row.setdefault((case.fault, case.degree), []).append(case)
    return [
        _counted(name, degree, by_row[name, degree])
        for name in FAULTS
        for degree in DEGREES
        if (name, degree) in by_row
    ]


def _counted(name: str, degree: Degree, cases: list[Case]) -> Row:
    fault = FAULTS[name]
    followed = [case for case in cases if case.logs_followed == LOGS]
    if fault.over_logs:
        good = sum(case.verdict_of_all == Severity.GOOD and case.named_after is None for case in followed)
    else:
        good = sum(case.verdict == Severity.GOOD for case in cases)
    return Row(
        fault=name,
        degree=degree,
        cars=len(cases),
        named_in_one=None if fault.over_logs else _share(case.named_after == 1 for case in cases),
        named_in_ten=_share(case.named_after is not None for case in followed),
        good=good,
        others=Counter(code for case in cases for code in case.findings if code not in fault.codes),
    )


def alarms(cars: Sequence[Healthy]) -> Alarms:
    """Count the false alarms of healthy cars."""
    logs = [one for car in cars for one in car.logs]
    by_severity: dict[str, Counter[str]] = {
        severity: Counter(code for _, found in logs for code, seen in found.items() if seen == severity)
        for severity in (Severity.WATCH, Severity.ACT)
    }
    return Alarms(
        logs=len(logs),
        watch=by_severity[Severity.WATCH],
        act=by_severity[Severity.ACT],
        logs_at_watch=sum(Severity.WATCH in found.values() for _, found in logs),
        logs_at_act=sum(Severity.ACT in found.values() for _, found in logs),
        verdicts=Counter(verdict for verdict, _ in logs),
        averages=Counter(car.average[0] for car in cars),
        average_codes=Counter(f"{code} ({severity})" for car in cars for code, severity in car.average[1].items()),
    )


def files(damaged: Iterable[DamagedFile]) -> dict[tuple[str, Degree], Files]:
    """Count the outcomes of damaged files by damage and degree."""
    found: dict[tuple[str, Degree], Files] = {}
    for one in damaged:
        counted = found.setdefault((one.damage, one.degree), Files())
        counted.outcomes[one.outcome] += 1
        if one.outcome != "right":
            counted.why[one.why] += 1
    return found


def percent(share: float | None) -> str:
    """Format a share; one that would round to 100 without being all has a decimal."""
    if share is None:
        return "–"
    return f"{share * 100:.1f} %" if 0.99 < share < 1.0 else f"{share * 100:.0f} %"


def per_1000(count: int, of: int) -> str:
    """Format a count as a rate."""
    return f"{count / of * 1000:.1f}"


def _share(flags: Iterable[bool]) -> float | None:
    known = list(flags)
    return sum(known) / len(known) if known else None
