"""A synthetic month: the analysis finds what the generator knows to have happened."""

from typing import Any

import pytest

from faplog import synthetic
from faplog.contracts.analysis import Analysis
from faplog.synthetic import FileTruth
from functions.analyse.core.analysis import analyse, read

Month = list[tuple[dict[str, Any], FileTruth]]

FILE_FUEL = 0.08
DRIVE_FUEL = 0.1
"""Injection jumps, and the app reads it every three seconds or so: litres of a file, and of a short drive, are that
far from what was burnt."""


@pytest.fixture(scope="module", params=[("DCM62v2", "good", 7), ("HDI_SID807_BR2", "good", 3), ("DCM62v2", "worn", 11)])
def month(request: pytest.FixtureRequest) -> Month:
    profile, health, seed = request.param
    return [(analyse(read(raw), profile), truth) for raw, truth in synthetic.month(30, seed, profile, health)]


def test_every_analysis_keeps_to_the_schema(month: Month) -> None:
    for analysis, _ in month:
        assert Analysis.model_validate(analysis).model_dump(mode="json", by_alias=True) == analysis


def test_rows_gaps_and_sentinels_are_all_counted(month: Month) -> None:
    for analysis, truth in month:
        quality = analysis["quality"]
        assert quality["rows_used"] - truth["rows"] in {0, 1 if truth["truncated"] else 0}, truth["file"]
        assert quality["rows_dropped"]["repeated_header"] == truth["repeated_headers"]
        assert quality["gaps"] == truth["gaps"]
        assert quality["gap_sec"] == pytest.approx(truth["gap_sec"], abs=1)
        for column, count in truth["sentinels"].items():
            assert quality["voided"].get(column, {"sentinel": 0})["sentinel"] == count


def test_drives_distance_and_fuel(month: Month) -> None:
    for analysis, truth in month:
        assert analysis["drives_total"] == len(truth["drives"]), truth["file"]
        assert analysis["overall"]["distance_km"] == pytest.approx(truth["distance_km"], rel=0.01, abs=0.02)
        assert analysis["fuelConsumption"]["overall"]["total_l"] == pytest.approx(
            truth["fuel_l"], rel=FILE_FUEL, abs=0.02
        )
        for drive, real in zip(analysis["drives"], truth["drives"], strict=True):
            assert drive["start"] == real["start"][:19]
            assert drive["distance_km"] == pytest.approx(real["distance_km"], rel=0.02, abs=0.1)
            assert drive["fuel_l"] == pytest.approx(real["fuel_l"], rel=DRIVE_FUEL, abs=0.03)
            assert drive["coldStart"] in {real["cold_start"], None}
            assert drive["regen"] == real["regen"]


def test_soot(month: Month) -> None:
    for analysis, truth in month:
        soot = analysis["fap"]["soot"]
        assert soot["start_gl"] == pytest.approx(truth["soot_start_gl"], abs=0.15), truth["file"]
        assert soot["end_gl"] == pytest.approx(truth["soot_end_gl"], abs=0.15)


def test_every_regeneration_is_found_and_told_rightly(month: Month) -> None:
    count = 0
    for analysis, truth in month:
        assert analysis["regens_total"] == len(truth["regens"]), truth["file"]
        for regen, real in zip(analysis["regens"], truth["regens"], strict=True):
            count += 1
            assert regen["outcome"] == real["outcome"], truth["file"]
            assert regen["duration_sec"] == pytest.approx(real["duration_sec"], abs=15)
            assert regen["distance_km"] == pytest.approx(real["distance_km"], rel=0.03, abs=0.2)
            assert regen["soot_start_gl"] == pytest.approx(real["soot_start_gl"], abs=0.2)
            assert regen["soot_end_gl"] == pytest.approx(real["soot_end_gl"], abs=0.6)
            assert regen["soot_after_gl"] == pytest.approx(real["soot_after_gl"], abs=0.3)
            if real["interval_km"] is not None and regen["interval_km"] is not None:
                off = abs(regen["interval_km"] - real["interval_km"])
                assert off <= 2 + regen["interval_uncertainty_km"], truth["file"]
    assert count >= 3


def test_restriction_follows_ash_and_soot(month: Month) -> None:
    for analysis, truth in month:
        found = analysis["restriction"]["kv"]
        if found is None or truth["regens"]:
            continue
        soot = (truth["soot_start_gl"] + truth["soot_end_gl"]) / 2
        real = truth["restriction_clean"] + truth["restriction_per_gl"] * soot
        if truth["pressure_zero_mbar"] < 1:
            assert found == pytest.approx(real, rel=0.05), truth["file"]
        else:
            assert real < found < 1.2 * real, "a sensor that reads too high makes the filter look fuller"
