"""Baselines: the last maintenance note that resets a figure. Logs before it no longer count."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from faplog.contracts.forecasts import Baseline
from faplog.contracts.limits import Code
from faplog.contracts.notes import RESETS, Kind, Note

Baselines = Mapping[Code, Baseline]
"""By finding, the last note that resets it."""


def read_notes(items: Iterable[Any], until: date | None = None) -> list[Baseline]:
    """Return the notes among the items that are done, in the order of their days.

    What is malformed is left out, and so are reminders without a day, and notes later than `until`.
    """
    done = []
    for item in items:
        try:
            note = Note.model_validate(item)
        except ValidationError:
            continue
        if note.on_date is not None and (until is None or note.on_date <= until):
            done.append(Baseline(kind=note.kind, date=note.on_date.isoformat(), km=note.km))
    return sorted(done, key=lambda one: (one.date, -1 if one.km is None else one.km, one.kind))


def baselines(notes: Iterable[Baseline]) -> dict[Code, Baseline]:
    """Return for each finding that a note resets the last such note. The notes are in the order of their days."""
    found = {code: note for note in notes for code in RESETS[note.kind]}
    return {code: found[code] for code in sorted(found)}


def is_after(note: Baseline, day: str | None, filter_km: float | None) -> bool:
    """Return whether a log was made after the work.

    On the day of the work the odometer on the filter decides where both are known; else the log counts as after it. A
    new filter has a new odometer, which cannot be compared. A log without a date is not after any note.

    Args:
        note: A note that is done.
        day: Date of the log, `YYYY-MM-DD`.
        filter_km: Odometer on the filter in the log.
    """
    if day is None or day < note.date:
        return False
    if day > note.date or note.km is None or filter_km is None or note.kind is Kind.FILTER_REPLACED:
        return True
    return filter_km >= note.km
