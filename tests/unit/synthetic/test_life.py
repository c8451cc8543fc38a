"""Simulated lives: reproducible, and consistent with their own truth."""

from itertools import pairwise

import pytest

from faplog.synthetic.life import LONGEST_KM, TANK_ML, life
from functions.analyse.core.analysis import analyse, read

SEEDS = (0, 1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_life_is_the_same_for_the_same_seed(seed: int) -> None:
    assert life(seed) == life(seed)
    assert life(seed) != life(seed + 10)


@pytest.mark.parametrize("seed", SEEDS)
def test_counters_go_one_way_and_reach_their_limits_when_the_truth_says(seed: int) -> None:
    car = life(seed)
    seen = [one for one in car.readings if one.filter_km is not None]
    assert 10 < len(seen) < len(car.readings), "some logs end before the app has read the counters"
    assert [one.day for one in seen] == sorted({one.day for one in seen})
    assert [one.driven_km for one in seen] == sorted(one.driven_km for one in seen)
    assert car.additive[300].km < car.additive[100].km < LONGEST_KM
    assert car.ash[80].km < car.ash[100].km < LONGEST_KM
    for before, after in pairwise(seen):
        assert before.additive_ml is not None
        assert after.additive_ml is not None
        assert before.ash_perc is not None
        assert after.ash_perc is not None
        assert TANK_ML >= before.additive_ml >= after.additive_ml >= 0
        assert before.ash_perc <= after.ash_perc
    for one in seen:
        assert one.additive_ml is not None
        assert one.ash_perc is not None
        assert (one.additive_ml <= 300) is (one.driven_km >= car.additive[300].km)
        assert (one.ash_perc >= 80) is (one.driven_km >= car.ash[80].km)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_of_a_life_shows_its_counters(seed: int) -> None:
    car = life(seed)
    reading = next(one for one in car.readings if one.filter_km is not None and one.filter_km > 5000)
    fap = analyse(read(car.log(reading)), car.profile)["fap"]
    assert abs(fap["life"]["life_km"] - (reading.filter_km or 0)) <= 2
    assert fap["additive"]["remain_ml"] == reading.additive_ml
    assert fap["deposits"]["percentage_perc"] == reading.ash_perc
    assert car.log(reading) == car.log(reading)
