"""Faults in synthetic cars: they do what they say, the same for the same seed."""

import pytest

from faplog.synthetic import PROFILES
from faplog.synthetic.cells import Cells
from faplog.synthetic.faults import DEGREES, FAULTS, healthy_log, log

PROFILE = "DCM62v2"


@pytest.fixture(scope="module")
def healthy() -> Cells:
    return Cells.parse(healthy_log(1, 0, PROFILE))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("number", [0, 1])
def test_a_log_taken_apart_and_put_together_is_the_same(profile: str, number: int) -> None:
    content = healthy_log(2, number, profile)
    assert Cells.parse(content).content() == content


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.misreading and not fault.over_logs])
def test_a_misreading_changes_its_columns_alone_and_keeps_blanks(healthy: Cells, name: str) -> None:
    fault = FAULTS[name]
    if fault.is_driven:
        return
    seen = Cells.parse(log(fault, "severe", 1, 0, PROFILE, healthy))
    changed = {column for column in healthy.columns if healthy.columns[column] != seen.columns[column]}
    assert 1 <= len(changed) <= 4
    for column in changed:
        pairs = zip(healthy.columns[column], seen.columns[column], strict=True)
        assert all(bool(old) == bool(new) for old, new in pairs), "what was not read yet is not read now"


def test_the_same_seed_gives_the_same_log_and_degrees_differ() -> None:
    fault = FAULTS["filter blocking"]
    one, again, other = (log(fault, degree, 3, 0, PROFILE) for degree in ("clear", "clear", "severe"))
    assert one == again != other


def test_a_held_value_stays_held(healthy: Cells) -> None:
    noisy = Cells.parse(log(FAULTS["pressure hose off"], "clear", 1, 0, PROFILE, healthy))
    old, new = healthy.columns["FAPpressure"], noisy.columns["FAPpressure"]
    assert all(new[row] == new[row - 1] for row in range(1, len(old)) if old[row] == old[row - 1])


def test_a_car_is_the_same_from_log_to_log() -> None:
    logs = [Cells.parse(healthy_log(5, number, PROFILE)) for number in range(2)]
    additive = {cell for one in logs for cell in one.columns["FAPAdditiveRemain"] if cell}
    assert len(additive) == 1
    life = [int(one.columns["FAP life"][-1]) for one in logs]
    assert life[0] < life[1]


def test_regenerations_are_broken_off_as_often_as_it_says() -> None:
    fault = FAULTS["regenerations broken off"]
    scenes = {degree: [fault.scene_of(degree, number) for number in range(6)] for degree in DEGREES}
    assert [scenes[degree].count("broken off") for degree in DEGREES] == [2, 4, 6]


def test_every_fault_gets_worse_by_degree() -> None:
    for fault in FAULTS.values():
        healthy_side = fault.amounts[0] - (fault.amounts[2] - fault.amounts[0])
        distances = [abs(amount - healthy_side) for amount in fault.amounts]
        assert distances == sorted(distances), fault.name
