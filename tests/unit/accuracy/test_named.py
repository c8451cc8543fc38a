"""The short form of `make accuracy`: each clear fault is named, in a few cars, and healthy cars are left in peace."""

from functools import cache

import pytest

from accuracy.cars import Car, faulty, findings, healthy, profile_of
from accuracy.why import WHY
from faplog.contracts.limits import Code
from faplog.synthetic.faults import FAULTS

SEEDS = (1, 2, 3, 4)
FOUND = sorted(FAULTS.keys() - WHY.keys())
"""What is known to miss the bar, and explained, is not asked for here."""


@cache
def car(seed: int) -> Car:
    """Return a car, its healthy logs driven once for all tests."""
    return Car(seed, profile_of(seed))


@pytest.mark.parametrize("name", FOUND)
def test_a_clear_fault_is_named_and_not_called_good(name: str) -> None:
    fault = FAULTS[name]
    seeds = [seed for seed in SEEDS if profile_of(seed) in fault.profiles]
    cases = [faulty(car(seed), fault, "clear") for seed in (seeds[:1] if fault.over_logs else seeds)]
    assert [case.seed for case in cases if case.named_after is None] == []
    if not fault.over_logs:
        assert [case.seed for case in cases if case.verdict == "good"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_healthy_car_is_not_told_to_act(seed: int) -> None:
    seen = healthy(car(seed))
    assert [found for _, found in seen.logs if "act" in found.values()] == []
    assert "act" not in seen.average[1].values()


def test_every_row_of_the_table_of_limits_has_a_fault() -> None:
    named = {code for fault in FAULTS.values() for code in fault.codes}
    assert {code.value for code in Code} <= named


def test_what_is_good_or_unknown_is_no_finding() -> None:
    told = [{"code": "a", "severity": severity} for severity in ("good", "unknown")]
    told += [{"code": "b", "severity": "watch"}, {"code": "c", "severity": "act"}]
    assert findings({"health": {"findings": told}}) == {"b": "watch", "c": "act"}
