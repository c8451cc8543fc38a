"""From when on a figure counts: the last maintenance note that resets it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from faplog.contracts.forecasts import Baseline
from faplog.contracts.limits import Code
from faplog.contracts.notes import RESETS, Kind, Note

Baselines = Mapping[Code, Note]
"""By finding, the last note that resets it."""


def read_notes(items: Iterable[Any], until: date | None = None) -> list[Note]:
    """Return the notes among the items that are done, in the order of their days.

    What is malformed is left out, and so are reminders without a day, and notes later than `until`.
    """
    notes = []
    for item in items:
        try:
            note = item if isinstance(item, Note) else Note.model_validate(item)
        except ValidationError:
            continue
        if note.on_date is not None and (until is None or note.on_date <= until):
            notes.append(note)
    return sorted(notes, key=_order_key)


def _order_key(note: Note) -> tuple[str, int, str]:
    return _day(note), -1 if note.km is None else note.km, note.kind


def _day(note: Note) -> str:
    return note.on_date.isoformat() if note.on_date else ""


def baselines(notes: Iterable[Note]) -> dict[Code, Note]:
    """Return for each finding that a note resets the last such note. The notes are in the order of their days."""
    return {code: note for note in notes for code in sorted(RESETS[note.kind])}


def shown(found: Baselines) -> dict[Code, Baseline]:
    """Return the baselines as the average tells them."""
    return {code: Baseline(kind=note.kind, date=_day(note), km=note.km) for code, note in sorted(found.items())}


def is_after(note: Note, day: str | None, filter_km: float | None) -> bool:
    """Return whether a log was made after the work.

    On the day of the work the odometer on the filter decides where both are known; else the log counts as after it. A
    new filter has a new odometer, which cannot be compared. A log without a date is not after any note.

    Args:
        note: A note that is done.
        day: Date of the log, `YYYY-MM-DD`.
        filter_km: Odometer on the filter in the log.
    """
    if day is None or day < _day(note):
        return False
    if day > _day(note) or note.km is None or filter_km is None or note.kind is Kind.FILTER_REPLACED:
        return True
    return filter_km >= note.km
