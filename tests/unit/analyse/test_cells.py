"""Cells and plain decimals: whatever the table's shape, each number is what `float` makes of its text."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.analyse.core import cells
from functions.analyse.core.text import Table, read_text

PLAIN = st.from_regex(re.compile(r"[+-]?(?:\d{1,8}(?:\.\d{0,7})?|\.\d{1,15})\Z", re.ASCII), fullmatch=True)
CELL = st.one_of(st.just(""), PLAIN, st.floats(-1e6, 1e6).map(lambda value: f"{value:.3f}"), st.integers().map(str))
PATTERN = re.compile(r"[+-]?(?=(?:\.?\d){1,15}\.?\Z)\d*\.?\d*\Z", re.ASCII)


def table(rows: list[list[str]], separator: str = ";", *, end: str = "\n") -> Table:
    names = separator.join(["Date", "Time", "Speed", *(f"x{number}" for number in range(20))])
    body = "\n".join(separator.join(["1.1.25", "8:00", *row]) for row in rows)
    [made] = read_text(f"{names}\n{body}{end}".encode()).tables
    return made


def value(cell: str) -> float:
    return float(cell) if cell else float("nan")


@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=40), size=st.integers(1, 500))
@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_a_number_is_what_float_makes_of_its_cell(rows: list[list[str]], size: int, separator: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "BLOCK_BYTES", size)
        made = cells.numbers(table(rows, separator), [2, 3, 4, 5], ord(separator))
    wanted = [[*row, "", "", ""][:4] for row in rows]
    if all(not cell or PATTERN.match(cell) for row in wanted for cell in row):
        assert made is not None
        np.testing.assert_array_equal(made.T, [[value(cell) for cell in row] for row in wanted])
    else:
        assert made is None


@given(cell=PLAIN)
def test_a_cell_alone(cell: str) -> None:
    made = cells.numbers(table([[cell]]), [2], ord(";"))
    if PATTERN.match(cell):
        assert made is not None
        assert made.tolist() == [[float(cell)]]
        assert str(made[0, 0]) == str(float(cell))  # −0.0 too
    else:
        assert made is None


@pytest.mark.parametrize(
    "cell",
    ["-", "+", ".", "-.", "1.2.3", "1-", "--1", "1e5", "nan", "NA", " 1", "1 ", "1'000", "1,5", "x", "1/2", "0x1", "١",
     "1234567890123456", "0.1234567890123456", "1" * 300],
)  # fmt: skip
def test_what_is_no_plain_decimal(cell: str) -> None:
    assert cells.numbers(table([["1"], [cell], ["2"]]), [2], ord(";")) is None
    assert cells.numbers(table([["1"], ["3"], ["2"]]), [2], ord(";")) is not None


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_last_line_may_have_no_end(end: str) -> None:
    made = cells.numbers(table([["1", "2.5"], ["3", "4"]], end=end), [2, 3], ord(";"))
    assert made is not None
    assert made[:, 0].tolist() == [1.0, 2.5]
    assert made[0, 1] == 3.0


def test_the_first_column_and_one_that_most_lines_do_not_have() -> None:
    made = table([["1"], ["2", "7.25", "8"], ["3"]])
    begins, ends = cells.spans(made, slice(0, 3), [0, 3], ord(";"))
    found = [[made.body[b:e] for b, e in zip(*pair, strict=True)] for pair in zip(begins, ends, strict=True)]
    assert found == [[b"1.1.25"] * 3, [b"", b"7.25", b""]]
    assert list(cells.texts(made, slice(0, 3), [0, 3], ord(";"))) == found


@given(count=st.integers(1, 50), size=st.integers(1, 2000))
def test_blocks_hold_every_row_once(count: int, size: int) -> None:
    made = table([["1"]] * count)
    rows = cells.blocks(made, size)
    assert [row for part in rows for row in range(count)[part]] == list(range(count))
    assert all(part.stop > part.start for part in rows)
