"""Logs → analyses → average: what the generator knows of a month is in the average of its logs."""

from collections import Counter
from functools import cache

import pytest

from faplog import synthetic
from faplog.contracts.limits import Code
from faplog.synthetic.truth import FileTruth
from functions.analyse.core.analysis import analyse, read
from functions.average.core import average
from tests.unit.average.analyses import Json


@cache
def month(health: synthetic.Health) -> tuple[list[FileTruth], list[Json]]:
    files = list(synthetic.month(30, seed=7, health=health))
    return [truth for _, truth in files], [analyse(read(content)) for content, _ in files]


@pytest.mark.parametrize("health", ["good", "worn"])
def test_the_average_of_a_month_is_its_truth(health: synthetic.Health) -> None:
    truths, analyses = month(health)
    found = average(analyses)
    km, litres = (sum(truth[name] for truth in truths) for name in ("distance_km", "fuel_l"))
    assert found.overall.logs == 30
    assert found.overall.distance_km == pytest.approx(km, rel=0.01)
    assert found.fuelConsumption.overall.total_l == pytest.approx(litres, rel=0.03)
    assert found.fuelConsumption.overall.avg_l100km == pytest.approx(litres / km * 100, rel=0.03)
    regens = [regen for truth in truths for regen in truth["regens"]]
    outcomes = Counter(regen["outcome"] for regen in regens)
    assert found.regens.model_dump(exclude={"intervals_km"}) == {
        name: outcomes[name] for name in ("complete", "aborted", "unknown")
    }
    intervals = [regen["interval_km"] for regen in regens if regen["interval_km"] is not None]
    assert found.regens.intervals_km == pytest.approx(intervals, abs=25), "the app reads the counter every 380 s"
    assert found.fapRegen is not None
    assert found.fapRegen.duration_sec == pytest.approx(
        sum(regen["duration_sec"] for regen in regens) / len(regens), abs=5
    )
    assert found.fapRegen.fapSoot.start_gl == pytest.approx(
        sum(regen["soot_start_gl"] for regen in regens) / len(regens), abs=0.2
    )


def test_a_good_month_is_good_and_a_worn_filter_is_told() -> None:
    good, worn = (average(month(health)[1]) for health in ("good", "worn"))
    assert good.health.verdict == "good"
    assert worn.health.verdict == "act"
    severities = {finding.code: finding.severity for finding in worn.health.findings}
    assert severities[Code.REGENS_ABORTED] == "act"
    assert severities[Code.RESTRICTION_RISE] in ("watch", "act")
    assert severities[Code.IDLE_PRESSURE] == "watch"


def test_the_forecast_is_where_the_next_regeneration_was() -> None:
    """Three days before the second regeneration the range comes near what is left to drive."""
    truths, analyses = month("good")
    second = [number for number, truth in enumerate(truths) if truth["regens"]][1]
    before = average(analyses[: second - 3]).nextRegen
    assert before is not None
    left = sum(truth["distance_km"] for truth in truths[second - 3 : second])
    assert before.low_km - 80 <= left <= before.high_km + 80
