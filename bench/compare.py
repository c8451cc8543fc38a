"""Compares a run with the committed baseline: each figure as a multiple of a reference measured in the same run."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from bench.report import ROOT, Reference, Row

BASELINE: Final = ROOT / "bench" / "baseline.json"

TOLERANCE: Final = 0.3
"""Share by which a figure may exceed the baseline's before it is reported: two noisy cores differ by a quarter."""


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of a section, and the milliseconds of the references that they are compared with."""

    references: dict[Reference, float]
    rows: list[Row]

    def ratios(self) -> dict[str, float]:
        """Figures by name, without the machine's speed."""
        return {row.name: _ratio(row, self.references) for row in self.rows}


@dataclass(frozen=True, slots=True)
class Run:
    """The results of a run, with its date and machine."""

    when: str
    machine: str
    sections: dict[str, Section]

    def with_sections(self, newer: "Run") -> "Run":
        """Return this run with the sections of a newer one in place of its own."""
        return Run(newer.when, newer.machine, self.sections | newer.sections)


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure, its ratio, the baseline's ratio, and the share by which it costs more (+) or less (-)."""

    row: Row
    ratio: float
    before: float | None = None
    change: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether it keeps its limit; None if there is none."""
        if self.row.limit is None:
            return self.row.holds
        return self.ratio >= self.row.limit if self.row.more_is_better else self.ratio <= self.row.limit

    @property
    def missed(self) -> bool:
        """Whether it misses its limit."""
        return self.holds is False

    @property
    def worse(self) -> bool:
        """Whether it costs more than noise explains."""
        return self.change is not None and self.change > TOLERANCE


def compare(now: Section, before: Section | None) -> list[Compared]:
    """Compare each figure of a section with the one of the same name in the baseline, if there is one."""
    ratios, known = now.ratios(), before.ratios() if before else {}
    return [_compared(row, ratios[row.name], known.get(row.name)) for row in now.rows]


def _compared(row: Row, ratio: float, before: float | None) -> Compared:
    if not before or not ratio:
        return Compared(row, ratio)
    return Compared(row, ratio, before, (before / ratio if row.more_is_better else ratio / before) - 1)


def _ratio(row: Row, references: dict[Reference, float]) -> float:
    if row.reference is None:
        return row.value
    reference_ms = references[row.reference]
    return row.value * reference_ms / 1000 if row.more_is_better else row.value / reference_ms


def table(compared: Iterable[Compared]) -> str:
    """Return a table: figure, limit, ratio, the baseline's ratio and the change, with notes below."""
    return "\n".join(_line(one) for one in compared)


def summary(compared: Iterable[Compared]) -> str:
    """Return the missed limits and the figures that became worse; an empty text if there are none."""
    found = list(compared)
    lines = [
        f"MISSED: {one.row.name} is {one.row.value:g}{f' ({multiple})' if (multiple := _multiple(one)) else ''}, "
        f"the bar is {one.row.bar}."
        for one in found
        if one.missed
    ]
    if worse := [one for one in found if one.worse]:
        lines.append(f"WORSE than the baseline by more than {TOLERANCE:.0%}; on a quiet machine that is a regression:")
        lines.append(table(worse))
    return "".join(f"\n{line}" for line in lines)


def _multiple(one: Compared) -> str:
    return f"{one.ratio:.3g} × {one.row.reference}" if one.row.reference else ""


def _line(one: Compared) -> str:
    row = one.row
    verdict = {True: "ok", False: "MISSED", None: ""}[one.holds]
    before = "new" if one.before is None else f"{one.before:.3g}"
    change = "" if one.change is None else f"{one.change:+.0%}{'  WORSE' if one.worse else ''}"
    line = f"{row.name:<52} {row.value:>9g}  {row.bar or '':<20} {verdict:<6} {_multiple(one):>22} {before:>8} {change}"
    return line.rstrip() + (f"\n    {row.detail}" if row.detail else "")


_RUN: Final = TypeAdapter(Run)


def load(file: Path) -> Run | None:
    """Return the run in a file, or None if there is no such file.

    Raises:
        ValueError: The file holds something else.
    """
    return _RUN.validate_json(file.read_bytes()) if file.exists() else None


def save(run: Run, file: Path) -> None:
    """Write a run to a file."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(_RUN.dump_json(run, indent=1) + b"\n")
