"""From typed rows to a clean log, and the account of what was dropped, moved and voided on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from faplog.contracts.errors import ErrorCode

from .clock import DAY_MS, INVALID
from .columns import NUMBERS, POSITIONS, plain
from .errors import BadData
from .jumps import find_jumps, without_jumps
from .log import Log, Mask
from .reading import Floats, Rows
from .text import Integers

MIDNIGHT_FALL_MS: Final = DAY_MS // 2
"""A fall of the time by more than this under the same date means that midnight passed."""

NEWEST_FIRST_FALLS: Final = 10
NEWEST_FIRST_SHARE: Final = 0.9
"""This many steps back, and this share of all steps, mean that the file is sorted newest first."""

EARLY_ROWS: Final = 10
"""This many rows before midnight may have the date of the next day, because the app reads date and time separately."""

SLOW_POSITIONS: Final = tuple(POSITIONS[plain(name)] for name in ("Coolant", "OilTemp"))
"""Temperatures of litres of liquid: they cannot jump."""
SPIKE_C: Final = 10.0
SPIKE_ROWS: Final = 2
SPIKE_BETWEEN_ROWS: Final = 3
"""Up to two readings in a row, more than 10 °C above or below at least three on either side, are misread."""

LIFE: Final = POSITIONS[plain("FAP life")]

FOREIGN_KM: Final = 1000.0
FOREIGN_KM_A_DAY: Final = 2000.0
"""Rows are another car's if the kilometres on the filter differ by more than this, and by more than so many a day."""

FOREIGN_SHARE: Final = 0.05
FOREIGN_ROWS: Final = 10
"""Largest number of rows of another car that are dropped as damaged; beyond it and this share, the log is refused."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A jump: the last clock time before it, ms, and by how many seconds the clock was set forward or back."""

    at_ms: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning did: rows dropped and out of order, jumps, cells voided (column → sentinels, implausible)."""

    rows: int
    damaged: int
    bad_time: int
    out_of_order: int
    voided: dict[str, tuple[int, int]]
    jumps: list[ClockJump]
    days: list[str]
    """The dates of the rows as written, ISO."""
    without_seconds: bool


def clean(rows: Rows) -> tuple[Log, Cleaned]:
    """Return the log in the order of time with implausible cells void; every removal counted.

    Raises:
        BadData: No row has a valid date and time, rows of two cars are mixed, or the clock jumps all the time.
    """
    valid = (rows.days != INVALID) & (rows.times != INVALID)
    total = len(valid)
    if not valid.any():
        raise BadData(ErrorCode.NO_VALID_TIME)
    numbers, voided = _without_implausible(rows)
    numbers = _without_spikes(rows.positions, numbers, voided)
    foreign = _foreign(rows, numbers)
    keep = valid & ~foreign
    sessions, holes = rows.sessions, rows.holes
    days, times = rows.days, rows.times
    if not keep.all():
        sessions, holes = _moved_on(sessions, keep), _moved_on(holes | ~keep, keep)
        days, times, numbers = days[keep], times[keep], numbers[:, keep]
    newest_first = _is_newest_first(days * DAY_MS + times)
    if newest_first:
        days, times, numbers = days[::-1], times[::-1], numbers[:, ::-1]
        sessions = holes = np.zeros(len(days), bool)
    written = (days + _midnights(days, times)) * DAY_MS + times
    jumps, hopeless = find_jumps(written, numbers, sessions, holes, rows.positions)
    if hopeless:
        raise BadData(ErrorCode.CLOCK_UNUSABLE, jumps=len(jumps))
    clock = without_jumps(written, jumps) if jumps else written
    seen = [ClockJump(int(written[jump.row - 1]), round(jump.ms / 1000, 1)) for jump in jumps]
    behind = int((clock < np.maximum.accumulate(clock)).sum())
    if behind:
        order = np.argsort(clock, kind="stable")
        clock, written, numbers = clock[order], written[order], numbers[:, order]
    columns = {NUMBERS[position].name: values for position, values in zip(rows.positions, numbers, strict=True)}
    dropped = int(np.count_nonzero(foreign & valid))
    cleaned = Cleaned(
        rows=total + rows.damaged,
        damaged=rows.damaged + dropped,
        bad_time=int(np.count_nonzero(~valid)),
        out_of_order=len(written) - 1 if newest_first else behind,
        voided=voided,
        jumps=seen,
        days=[str(np.datetime64(int(day), "D")) for day in _dates(days)],
        without_seconds=rows.without_seconds,
    )
    return Log(clock, columns, written), cleaned


def _dates(days: Integers) -> Integers:
    """Return the different days, in order."""
    return days[:1] if days.min() == days.max() else np.unique(days)


def _is_newest_first(clock: Integers) -> bool:
    """Return whether a spreadsheet sorted the rows with the last one first."""
    step = np.diff(clock)
    falls, rises = int(np.count_nonzero(step < 0)), int(np.count_nonzero(step > 0))
    return falls >= NEWEST_FIRST_FALLS and falls >= NEWEST_FIRST_SHARE * (falls + rises)


def _midnights(days: Integers, times: Integers) -> Integers:
    """Return the days to add to each row: midnights that passed under an unchanged date.

    A date that changed a few rows before midnight was early: none passes under it, and these rows are of the day
    before.
    """
    same_date = np.diff(days, prepend=days[:1]) == 0
    fell = same_date & (np.diff(times, prepend=times[:1]) < -MIDNIGHT_FALL_MS)
    passed = np.cumsum(fell)
    added = passed - np.maximum.accumulate(np.where(same_date, 0, passed))
    changes = np.flatnonzero(~same_date)
    for midnight in np.flatnonzero(fell).tolist() if len(changes) else ():
        place = int(np.searchsorted(changes, midnight)) - 1
        change = int(changes[place])
        early = place >= 0 and midnight - change <= EARLY_ROWS and times[change] >= times[change - 1]
        if early and days[change] == days[change - 1] + 1:
            end = int(changes[place + 1]) if place + 1 < len(changes) else len(days)
            added[change:end] -= 1
    return added


def _moved_on(begins: Mask, keep: Mask) -> Mask:
    """Return the kept rows of a mask, and the next kept row after each other."""
    rows = np.append(0, np.cumsum(keep))[np.flatnonzero(begins)]
    first = np.zeros(int(np.count_nonzero(keep)), bool)
    first[rows[rows < len(first)]] = True
    return first


def _foreign(rows: Rows, numbers: Floats) -> Mask:
    """Return the rows whose kilometres on the filter are those of another car than most rows'.

    Raises:
        BadData: They are too many to be damage.
    """
    foreign = np.zeros(len(rows.days), bool)
    if LIFE not in rows.positions:
        return foreign
    life = numbers[rows.positions.index(LIFE)]
    known = np.flatnonzero(~np.isnan(life))
    if not len(known) or float(np.ptp(life[known])) <= FOREIGN_KM:
        return foreign
    middle = _middle(life[known])
    apart = np.abs(life[known] - middle)
    days = np.where(rows.days == INVALID, 0, rows.days)[known]
    of_day = int(np.median(days[apart <= FOREIGN_KM])) if (apart <= FOREIGN_KM).any() else int(days[0])
    others = known[apart > FOREIGN_KM + FOREIGN_KM_A_DAY * np.abs(days - of_day)]
    if not len(others):
        return foreign
    foreign[others] = True
    if len(others) > FOREIGN_ROWS and len(others) > FOREIGN_SHARE * len(known):
        low, high = sorted((middle, _middle(life[others])))
        raise BadData(ErrorCode.TWO_CARS, low_km=round(low), high_km=round(high))
    return foreign


def _middle(values: Floats) -> float:
    """Return the middle one of the values. The median would average two cars' kilometres."""
    return float(np.partition(values, len(values) // 2)[len(values) // 2])


def _without_implausible(rows: Rows) -> tuple[Floats, dict[str, tuple[int, int]]]:
    """Return the numbers with sentinels and values outside a column's range NaN, and the counts of columns with any.

    A word where a number should be counts as implausible.
    """
    kinds = [NUMBERS[position] for position in rows.positions]
    numbers = rows.numbers
    voided: dict[str, tuple[int, int]] = {}
    if not kinds:
        return numbers, voided
    low = np.array([[kind.low] for kind in kinds])
    high = np.array([[kind.high] for kind in kinds])
    bad = numbers < low
    bad |= numbers > high
    for kind, values, wrong in zip(kinds, numbers, bad, strict=True):
        for sentinel in kind.plausible_sentinels:
            wrong |= values == sentinel
    counts = np.count_nonzero(bad, axis=1).tolist()
    for kind, values, wrong, outside, words in zip(kinds, numbers, bad, counts, rows.not_numeric, strict=True):
        if outside or words:
            sentinels = int(np.count_nonzero(np.isin(values[wrong], kind.sentinels)))
            voided[kind.name] = (sentinels, outside - sentinels + words)
    if voided:
        numbers = numbers if numbers.flags.writeable else numbers.copy()
        for values, wrong, outside in zip(numbers, bad, counts, strict=True):
            if outside:
                values[wrong] = np.nan
    return numbers, voided


def _without_spikes(positions: Sequence[int], numbers: Floats, voided: dict[str, tuple[int, int]]) -> Floats:
    """Return the numbers with spikes of slow temperatures NaN; they are added to the counts of implausible cells."""
    for place, position in enumerate(positions):
        if position not in SLOW_POSITIONS:
            continue
        known = np.flatnonzero(~np.isnan(numbers[place]))
        spikes = _spikes(numbers[place, known])
        if not spikes:
            continue
        numbers = numbers if numbers.flags.writeable else numbers.copy()
        numbers[place, known[spikes]] = np.nan
        name = NUMBERS[position].name
        sentinels, others = voided.get(name, (0, 0))
        voided[name] = (sentinels, others + len(spikes))
    return numbers


def _spikes(values: Floats) -> list[int]:
    """Return the places of spikes among known values."""
    jumps = (np.flatnonzero(np.abs(np.diff(values)) > SPIKE_C) + 1).tolist()
    bounds = [0, *jumps, len(values)]
    found: list[int] = []
    for place, start in enumerate(jumps, 1):
        for number in range(place + 1, min(place + SPIKE_ROWS, len(jumps)) + 1):
            end = bounds[number]
            between = min(start - bounds[place - 1], bounds[number + 1] - end) >= SPIKE_BETWEEN_ROWS
            if end - start <= SPIKE_ROWS and between and abs(values[end] - values[start - 1]) <= SPIKE_C:
                found += range(start, end)
    return found
