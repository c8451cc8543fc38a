"""From typed rows to a clean log, and the account of what was dropped and voided on the way."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .clock import DAY_MS, INVALID
from .columns import NUMBERS
from .errors import BadData
from .log import Log
from .reading import Floats, Rows
from .text import Integers

MIDNIGHT_FALL_MS: Final = DAY_MS // 2
"""Where the time falls by more than this under the same date, midnight passed."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning did: rows dropped and out of order, cells voided (column → sentinels, implausible)."""

    rows: int
    bad_time: int
    out_of_order: int
    voided: dict[str, tuple[int, int]]


def clean(rows: Rows) -> tuple[Log, Cleaned]:
    """The log in the order of time with implausible cells void; every removal counted.

    Raises:
        BadData: no row has a valid date and time.
    """
    valid = (rows.days != INVALID) & (rows.times != INVALID)
    total = len(valid)
    days, times, numbers = rows.days, rows.times, rows.numbers
    if not valid.all():
        days, times, numbers = days[valid], times[valid], numbers[:, valid]
    if not len(days):
        raise BadData("no row has a valid date and time")
    columns, voided = _without_implausible(rows, numbers)
    clock = (days + _midnights(days, times)) * DAY_MS + times
    behind = int((clock < np.maximum.accumulate(clock)).sum())
    if behind:
        order = np.argsort(clock, kind="stable")
        clock, columns = clock[order], {name: values[order] for name, values in columns.items()}
    return Log(clock, columns), Cleaned(total, total - len(clock), behind, voided)


def _midnights(days: Integers, times: Integers) -> Integers:
    """Days to add to each row: midnights that passed under an unchanged date. A new date already counts them."""
    same_date = np.diff(days, prepend=days[:1]) == 0
    fell = same_date & (np.diff(times, prepend=times[:1]) < -MIDNIGHT_FALL_MS)
    passed = np.cumsum(fell)
    return passed - np.maximum.accumulate(np.where(same_date, 0, passed))


def _without_implausible(rows: Rows, numbers: Floats) -> tuple[dict[str, Floats], dict[str, tuple[int, int]]]:
    """The columns by name, sentinels and values outside a column's range NaN, and the counts of columns with any.

    A word where a number should be counts as implausible.
    """
    kinds = [NUMBERS[position] for position in rows.positions]
    columns = {kind.name: values for kind, values in zip(kinds, numbers, strict=True)}
    voided: dict[str, tuple[int, int]] = {}
    if not kinds:
        return columns, voided
    low = np.array([[kind.low] for kind in kinds])
    high = np.array([[kind.high] for kind in kinds])
    bad = (numbers < low) | (numbers > high)
    for kind, values, wrong, words in zip(kinds, numbers, bad, rows.not_numeric, strict=True):
        outside = int(np.count_nonzero(wrong))
        if outside or words:
            sentinels = int(np.count_nonzero(values == kind.sentinel))
            voided[kind.name] = (sentinels, outside - sentinels + words)
            columns[kind.name] = np.where(wrong, np.nan, values)
    return columns, voided
