"""Which log is an earlier version of another: decided by the fingerprints of their drives."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faplog.contracts.analysis import Fingerprint
from faplog.contracts.superseding import same_drives, superseded_by
from functions.analyse.core.analysis import analyse, read
from tests.unit.analyse.handmade import Cells, csv_log


def log(*drives: int, base: int = 0, start: float = 8 * 3600) -> bytes:
    """Return a log of drives of so many rows, ten minutes apart."""
    parts = []
    for rows in drives:
        speeds = [base + row % 97 for row in range(rows)]
        parts.append(csv_log({"Speed": speeds, "Revs": [800 + row for row in range(rows)]}, start=start))
        start += rows + 600
    return b"".join(parts)


def fingerprints(raw: bytes) -> list[Fingerprint]:
    return [Fingerprint.model_validate(drive["fingerprint"]) for drive in analyse(read(raw))["drives"]]


@pytest.mark.parametrize(
    ("older", "newer", "superseded"),
    [
        (log(40), log(40, 30), True),
        (log(40), log(50), True),
        (log(40, 20), log(40, 30), True),
        (log(40, 20), log(40, 30, 20), True),
        (log(1), log(1, 30), True),
        (log(2), log(3), True),
        (log(30), log(20, 40, start=8 * 3600 - 620), True),  # whatever else stands there
        (log(30), log(40, start=8 * 3600 - 10), False),  # a drive begins with its first row
        (log(40, 20), log(41, 30), False),  # only the last drive may have grown
        (log(40), log(40), False),
        (log(50), log(40), False),
        (log(40, 30), log(40), False),
        (log(40), log(60, base=1), False),
        (log(40), log(60, start=8 * 3600 + 1), False),
        (log(40, 20), log(40, 30, base=1), False),
    ],
)
def test_a_log_that_stands_in_a_longer_one_is_superseded(older: bytes, newer: bytes, superseded: bool) -> None:
    assert superseded_by(fingerprints(older), fingerprints(newer)) == superseded


def test_a_log_without_drives_is_superseded_by_none() -> None:
    assert not superseded_by([], fingerprints(log(40)))
    assert not same_drives([], [])


def test_the_row_in_which_the_file_was_copied_may_be_cut_off() -> None:
    whole = log(60)
    for cut in range(len(log(33)) - 25, len(log(33))):
        assert superseded_by(fingerprints(whole[:cut]), fingerprints(whole)), cut


def test_the_form_of_a_file_does_not_matter() -> None:
    plain, other = log(40), log(40).replace(b"\n", b"\r\n").replace(b";", b",")
    assert same_drives(fingerprints(plain), fingerprints(other))
    assert superseded_by(fingerprints(other), fingerprints(log(40, 5)))


def test_columns_may_come_and_go() -> None:
    rows: dict[str, Cells] = {"Speed": list(range(40)), "Revs": list(range(40))}
    turned: dict[str, Cells] = {"Revs": rows["Revs"], "Coolant": [None] * 40, "Speed": rows["Speed"]}
    assert same_drives(fingerprints(csv_log(rows)), fingerprints(csv_log(turned)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(2, 70), min_size=2, max_size=4, unique=True))
def test_the_versions_of_a_growing_file_supersede_each_other_in_order(rows: list[int]) -> None:
    versions = [fingerprints(log(20, count)) for count in sorted(rows)]
    for one, other in pairwise(versions):
        assert superseded_by(one, other)
        assert not superseded_by(other, one)
