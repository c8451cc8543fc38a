"""Damaged files: what was done to them, and how what comes of it is judged."""

import pytest

from accuracy.files import damaged_files
from faplog.synthetic.cells import Cells
from faplog.synthetic.damage import DAMAGES
from faplog.synthetic.faults import DEGREES, healthy_log


@pytest.fixture(scope="module")
def content() -> bytes:
    return healthy_log(3, 0, "HDI_SID807_BR2")


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_the_same_for_the_same_seed_and_does_damage(content: bytes, name: str) -> None:
    damage = DAMAGES[name]
    for degree in DEGREES:
        once = damage.apply(content, degree, 1)
        assert once == damage.apply(content, degree, 1)
        assert once != content


def test_a_clock_that_jumps_back_says_so_from_one_row_on(content: bytes) -> None:
    before = Cells.parse(content).columns["Time"]
    after = Cells.parse(DAMAGES["clock back once"].apply(content, "slight", 1)).columns["Time"]
    moved = [one != other for one, other in zip(before, after, strict=True)]
    assert 0 < moved.index(True) < len(moved) - 1
    assert all(moved[moved.index(True) :])


def test_every_damaged_file_is_judged(content: bytes) -> None:
    judged = damaged_files(content, "HDI_SID807_BR2", 1)
    assert len(judged) == len(DAMAGES) * len(DEGREES)
    outcomes = {(one.damage, one.degree): one.outcome for one in judged}
    assert outcomes["hours cut off", "clear"] == "right", "it is refused"
    assert outcomes["decimal comma", "slight"] == "right"
    assert all(one.why for one in judged if one.outcome != "right")
