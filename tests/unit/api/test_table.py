"""The columns and cells of the table of figures."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.analyses import table
from tests.unit.analyse.handmade import analysis

FORMULA_SIGNS = ("=", "+", "-", "@")

ROW: dict[str, Any] = {
    "id": UUID(int=7),
    "file_name": "log.csv",
    "created_at": datetime(2025, 3, 5, tzinfo=UTC),
    "log_date": None,
    "status": "Success",
    "message": None,
    "superseded_by": None,
    "car_id": None,
    "worst_finding": None,
    "analysis": None,
}


def parsed(*rows: dict[str, Any]) -> list[dict[str, str]]:
    text = b"".join(table.csv_lines(rows)).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def numbers(section: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield every number of an analysis by its path, without those in lists."""
    for name, value in section.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            yield prefix + name


def test_every_number_of_an_analysis_has_a_column() -> None:
    columns: dict[str, list[float | str | None]] = {"Speed": [10, 30] * 40, "Revs": [1800] * 80, "FAPsoot": [4] * 80}
    made = analysis(columns)
    known = {path for path in numbers(made) if not path.startswith("quality.voided")}
    assert known
    assert known <= set(table.FIGURES)
    (row,) = parsed(ROW | {"analysis": json.dumps(made)})
    assert float(row["fap.soot.end_gl"]) == 4.0
    assert row["fap.pressure.max_mbar"] == ""


def test_columns_are_named_once() -> None:
    assert len(set(table.COLUMNS)) == len(table.COLUMNS)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30))
def test_a_text_is_never_a_formula_and_nothing_is_lost(name: str) -> None:
    (row,) = parsed(ROW | {"file_name": name})
    assert not any(cell.startswith(FORMULA_SIGNS) for cell in re.split(r"[;\t\r\n]", row["fileName"]) if cell)
    assert row["fileName"].replace("'", "") == name.replace("'", "")


def test_a_formula_behind_a_semicolon_is_none_to_a_spreadsheet_that_separates_by_it() -> None:
    (row,) = parsed(ROW | {"file_name": "a;=1+1;b\t@c; -d.csv"})
    assert row["fileName"] == "a;'=1+1;b\t'@c; -d.csv"


@pytest.mark.parametrize(("value", "cell"), [(-2.5, "-2.5"), (0, "0"), (True, "true"), (None, ""), ([1], "")])
def test_values_that_are_no_text_stay_what_they_are(value: Any, cell: str) -> None:
    (row,) = parsed(ROW | {"analysis": json.dumps({"fap": {"lastRegen_km": value}})})
    assert row["fap.lastRegen_km"] == cell
