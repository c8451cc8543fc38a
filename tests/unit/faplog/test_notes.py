"""Maintenance notes: what one has to say, when it is a reminder, and what it resets."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from faplog.contracts.limits import Code
from faplog.contracts.notes import MOST_KM, MOST_TEXT, RESETS, Kind, Note, is_done

TODAY = date(2025, 3, 14)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "filter_cleaned"},
        {"kind": "washed", "onDate": "2025-03-14"},
        {"kind": "other", "onDate": "2025-02-30"},
        {"kind": "other", "km": -1},
        {"kind": "other", "km": MOST_KM + 1},
        {"kind": "other", "km": 1, "text": "x" * (MOST_TEXT + 1)},
        {"kind": "other", "km": 1, "text": "a\x00b"},
    ],
)
def test_a_note_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Note.model_validate(fields)


@pytest.mark.parametrize(
    ("on_date", "done"),
    [(date(2025, 3, 13), True), (TODAY, True), (date(2025, 3, 15), False), (None, False)],
)
def test_a_note_of_the_future_is_a_reminder(on_date: date | None, done: bool) -> None:
    assert is_done(Note(kind=Kind.OIL_CHANGED, on_date=on_date, km=90_000), TODAY) is done


def test_every_kind_says_what_it_resets() -> None:
    assert set(RESETS) == set(Kind)
    assert RESETS[Kind.ADDITIVE_REFILLED] == {Code.ADDITIVE_REMAINING}
    assert RESETS[Kind.OIL_CHANGED] == {Code.OIL_DILUTION}
    assert RESETS[Kind.FILTER_CLEANED] == RESETS[Kind.FILTER_REPLACED] >= {Code.ASH_SHARE, Code.RESTRICTION_RISE}
    assert not RESETS[Kind.OTHER]
