"""The average on hand-made analyses: what is weighted by what, what is skipped, what is pooled."""

from typing import Any

import pytest

from functions.average.core import average
from tests.unit.average.analyses import Json, analysis, regen, seconds


def at(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree[name] if isinstance(tree, dict) else getattr(tree, name)
    return tree


@pytest.mark.parametrize(
    ("figure", "weight"),
    [
        ("driving.acceleration.avg_perc", "driving_sec"),
        ("driving.revs.avg", "overall_sec"),
        ("driving.revs.avgDriving", "driving_sec"),
        ("driving.speed.avg_kmh", "overall_sec"),
        ("engine.battery.engineRunning_v", "engineOn_sec"),
        ("engine.coolantTemp.avg_c", "overall_sec"),
        ("engine.oilTemp.avg_c", "overall_sec"),
        ("engine.injector.injector1", "idle_sec"),
        ("engine.injector.injector4", "idle_sec"),
        ("engine.injector.average", "idle_sec"),
        ("engine.fuelPressure.avg_diff_idle_bar", "idle_sec"),
        ("engine.boost.avg_diff_mbar", "driving_sec"),
        ("fap.pressure.avg_mbar", "engineOn_sec"),
        ("fap.pressure_idle.avg_mbar", "idle_sec"),
        ("fap.temp.avg_c", "overall_sec"),
    ],
)
def test_a_mean_is_weighted_by_what_it_was_taken_over(figure: str, weight: str) -> None:
    others = dict.fromkeys({"overall_sec", "engineOn_sec", "idle_sec", "driving_sec"} - {weight}, 50)
    first = analysis({figure: 10, "overall.duration": others | {weight: 300}})
    second = analysis({figure: 50, "overall.duration": others | {weight: 100}})
    no_weight = analysis({figure: 999, "overall.duration": others | {weight: None}})
    zero_weight = analysis({figure: 999, "overall.duration": others | {weight: 0}})
    no_value = analysis({figure: None, "overall.duration": others | {weight: 100_000}})
    assert at(average([first, second, no_weight, zero_weight, no_value]), figure) == 20


@pytest.mark.parametrize("figure", ["engine.battery.beforeDrive_v", "engine.engineWarmup.coolant_sec"])
def test_a_reading_a_log_has_once_counts_once(figure: str) -> None:
    logs = [
        analysis({figure: 12, "overall.duration": seconds(1)}),
        analysis({figure: 13}),
        analysis({figure: None}),
    ]
    assert at(average(logs), figure) == 12.5


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("driving.revs.min", "driving.revs.max"),
        ("engine.coolantTemp.min_c", "engine.coolantTemp.max_c"),
        ("engine.oilTemp.min_c", "engine.oilTemp.max_c"),
        ("fap.pressure.min_mbar", "fap.pressure.max_mbar"),
        ("fap.temp.min_c", "fap.temp.max_c"),
    ],
)
def test_min_of_mins_and_max_of_maxes(low: str, high: str) -> None:
    found = average([analysis({low: 5, high: 7}), analysis({low: -3, high: None}), analysis({low: None, high: 9})])
    assert (at(found, low), at(found, high)) == (-3, 9)


def test_errors_and_oil_give_their_range() -> None:
    found = average(
        [
            analysis({"engine.errors": 0, "engine.oilDilution_perc": 2, "engine.oilCarbonate_perc": 1}),
            analysis({"engine.errors": 2, "engine.oilDilution_perc": 4, "engine.oilCarbonate_perc": 1}),
        ]
    ).engine
    assert (found.errors.min, found.errors.max) == (0, 2)
    assert (found.oilDilution.min_perc, found.oilDilution.max_perc) == (2, 4)
    assert (found.oilCarbonate.min_perc, found.oilCarbonate.max_perc) == (1, 1)


def test_sums() -> None:
    logs = [analysis({"overall.distance_km": 0.1, "overall.duration": seconds(10, engineOn_sec=8)}) for _ in range(10)]
    found = average([*logs, analysis()]).overall
    assert (found.logs, found.distance_km, found.duration.overall_sec, found.duration.engineOn_sec) == (
        11,
        1.0,
        100,
        80,
    )
    assert found.duration.driving_sec is None, "what no log knows is null, not 0"


def test_injectors_of_two_profiles_are_not_mixed() -> None:
    ratio, centred = (
        analysis({"engine.injector.injector1": value, "overall.duration": seconds(100, **states)}, profile=profile)
        for profile, value, states in (
            ("DCM62v2", 1.04, {"engineOn_sec": 90, "idle_sec": 10}),
            ("HDI_SID807_BR2", -0.2, {"engineOn_sec": 80, "idle_sec": 70}),
        )
    )
    assert average([centred, ratio]).engine.injector.injector1 == 1.04


def test_consumption_is_summed_litres_over_summed_km() -> None:
    found = average(
        [
            analysis({"fuelConsumption.overall": {"total_l": 1.0, "avg_l100km": 10}, "overall.distance_km": 10}),
            analysis({"fuelConsumption.overall": {"total_l": 4.5, "avg_l100km": 5}, "overall.distance_km": 90}),
            analysis({"fuelConsumption.overall": {"total_l": 0.5, "avg_l100km": None}, "overall.distance_km": 0}),
            analysis({"fuelConsumption.overall": {"total_l": 7.0, "avg_l100km": 7}}),
            analysis({"fuelConsumption.overall": {"total_l": None}, "overall.distance_km": 1000}),
        ]
    ).fuelConsumption.overall
    assert (found.total_l, found.avg_l100km) == (13.0, 6.0)


def test_consumption_by_speed_is_weighted_by_km_and_in_order() -> None:
    ranges = [
        {"5-15_l100km": 12.0, "_5-15_km": 1.0, "200+_l100km": 15.0, "_200+_km": 2, "45-55_l100km": 5.0, "_45-55_km": 1},
        {"5-15_l100km": 6.0, "_5-15_km": 3.0, "15-25_l100km": 9.0, "_15-25_km": None, "45-55_l100km": None},
        {"nonsense_l100km": 1.0, "_nonsense_km": 1.0, "25-35_l100km": 4.0},
    ]
    found = average([analysis({"fuelConsumption.bySpeedRange": each}) for each in ranges])
    assert list(found.fuelConsumption.bySpeedRange.items()) == [
        ("5-15_l100km", 7.5),
        ("45-55_l100km", 5.0),
        ("200+_l100km", 15.0),
    ]


def test_regenerations_are_counted_and_averaged_one_by_one() -> None:
    first = analysis(
        {"overall.distance_km": 27},
        date="2025-03-01",
        regens=[
            regen(interval_km=700, duration_sec=800, distance_km=9, soot_start_gl=15, soot_end_gl=1, avg_speed_kmh=40),
            regen(interval_km=500, duration_sec=700, distance_km=8, soot_start_gl=14, soot_end_gl=2, temp_max_c=610),
        ],
        fapRegen={
            "duration_sec": 1500, "distance_km": 17, "speed": {"min_kmh": 3, "max_kmh": 90, "avg_kmh": 40},
            "fapTemp": {"min_c": 180, "max_c": 600, "avg_c": 500}, "revs": {"min": 750, "max": 2800, "avg": 1500},
            "fuelConsumption": {"regen_l100km": 12, "nonRegen_l100km": 6},
        },
    )  # fmt: skip
    second = analysis(
        {"overall.distance_km": 33},
        date="2025-03-02",
        regens=[regen(outcome="aborted", interval_km=90, duration_sec=300, distance_km=4, soot_start_gl=16)],
        fapRegen={
            "duration_sec": 300, "distance_km": 3, "speed": {"min_kmh": 0, "max_kmh": 70, "avg_kmh": 45},
            "revs": {"min": 800, "max": 2000, "avg": 1800},
            "fuelConsumption": {"regen_l100km": 10, "nonRegen_l100km": 5},
        },
    )  # fmt: skip
    without = analysis(date="2025-03-03", regens=[], fapRegen=None)
    found = average([second, without, first])
    assert (found.regens.complete, found.regens.aborted, found.regens.unknown) == (2, 1, 0)
    assert found.regens.intervals_km == [700, 500], "an interval ends with a complete regeneration"
    fap = found.fapRegen
    assert fap is not None
    assert (fap.numberOfRegens, fap.previousRegen_km, fap.duration_sec, fap.distance_km) == (3, 600.0, 600.0, 7.0)
    assert (fap.speed.min_kmh, fap.speed.max_kmh, fap.speed.avg_kmh) == (0, 90, 40)
    assert (fap.fapTemp.min_c, fap.fapTemp.max_c, fap.fapTemp.avg_c) == (180, 610, 500)
    assert (fap.revs.min, fap.revs.max, fap.revs.avg) == (750, 2800, 1550)
    assert (fap.fapSoot.start_gl, fap.fapSoot.end_gl) == (15.0, 1.5)
    assert fap.fuelConsumption.regen_l100km == 11.7, "(12 × 17 + 10 × 3) / 20"
    assert fap.fuelConsumption.nonRegen_l100km == 5.25, "(6 × 10 + 5 × 30) / 40"


def test_without_a_regeneration_there_is_no_regeneration_section() -> None:
    assert average([analysis(regens=[], fapRegen=None)]).fapRegen is None


def test_an_analysis_of_the_plan_without_a_list_counts_as_one_regeneration() -> None:
    found = average([analysis(fapRegen={"previousRegen_km": 688, "duration_sec": 834, "fapSoot": {"start_gl": 15.0}})])
    assert (found.regens.unknown, found.regens.intervals_km) == (1, [688])
    assert found.fapRegen is not None
    assert (found.fapRegen.previousRegen_km, found.fapRegen.duration_sec) == (688.0, 834.0)


def test_what_an_analysis_cut_off_its_list_is_still_counted() -> None:
    found = average([analysis(regens=[regen()] * 3, regens_total=10), analysis(regens=[regen()], regens_total=True)])
    assert (found.regens.complete, found.regens.unknown) == (4, 7)


def test_trends_lie_by_profile_in_date_order() -> None:
    late = analysis(date="2025-03-02", sootRate_gl100km=1.9, restriction={"kv": 0.29, "kv_afterRegen": 0.195})
    early = analysis(date="2025-03-01", engine={"battery": {"beforeDrive_v": 12.3}, "oilDilution_perc": 2})
    other = analysis(date="2025-03-01", profile="HDI_SID807_BR2", fap={"additive": {"remain_ml": 744.0}})
    trends = average([late, other, early]).trends
    assert list(trends) == ["DCM62v2", "HDI_SID807_BR2"]
    assert [point.date for point in trends["DCM62v2"]] == ["2025-03-01", "2025-03-02"]
    assert (trends["DCM62v2"][1].kv, trends["DCM62v2"][1].kv_afterRegen) == (0.29, 0.195)
    assert (trends["DCM62v2"][0].battery_before_v, trends["DCM62v2"][0].oilDilution_perc) == (12.3, 2)
    assert trends["HDI_SID807_BR2"][0].additive_ml == 744.0


def test_a_point_tells_its_logs_last_regeneration() -> None:
    log = analysis(regens=[regen(interval_km=700), regen(outcome="aborted")])
    (point,) = average([log]).trends["DCM62v2"]
    assert (point.interval_km, point.outcome) == (700, "aborted")


def test_request_items_and_bare_analyses_are_alike() -> None:
    bare = analysis({"overall.distance_km": 5.0})
    item = {
        "analysisId": "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11",
        "logDate": "2025-03-14T00:00:00.000Z",
        "analysis": bare,
    }
    found = average([item])
    assert found.overall.distance_km == 5.0
    assert found.trends["DCM62v2"][0].analysisId == item["analysisId"]
    without_date = item | {"analysis": {"overall": {}}}
    assert average([without_date]).trends["unknown"][0].date == "2025-03-14"


def test_next_regen_spans_the_owners_history_and_the_ecus() -> None:
    def log(date: str, soot: float | None, **more: Any) -> Json:
        return analysis({"sootRate_gl100km": 2.0, "fap.soot.end_gl": soot} | more, date=date)

    first = log("2025-03-01", 1.0, regens=[regen(soot_start_gl=15.0)])
    last = log("2025-03-02", 5.0, **{"fap.last10Regen_km": 700, "fap.lastRegen_km": 250})
    found = average([last, first]).nextRegen
    assert found is not None
    assert (found.low_km, found.high_km) == (450, 500)
    assert found.basis == ["own trigger and rate", "ecu mean interval"]
    short = analysis({"overall.distance_km": 30.0}, date="2025-03-03")
    found = average([last, short, first]).nextRegen
    assert found is not None
    assert (found.low_km, found.high_km) == (420, 470), "what was driven since is taken off"
    overdue = log("2025-03-04", 15.5, **{"fap.last10Regen_km": 700, "fap.lastRegen_km": 900})
    found = average([overdue, first]).nextRegen
    assert found is not None
    assert (found.low_km, found.high_km) == (0, 0)
    assert average([analysis()]).nextRegen is None


@pytest.mark.parametrize(
    "nonsense",
    [
        None, 7, "text", [], {"analysis": None}, {"analysis": "x"}, {}, {"overall": None}, {"overall": {"date": 5}},
        {"overall": {"duration": []}, "fap": 3, "regens": "no", "fapRegen": [], "fuelConsumption": {"bySpeedRange": 1}},
        {"regens": [None, 5, {"outcome": 7, "interval_km": "x"}, {"outcome": []}], "quality": {"profile": 8}},
        {"driving": {"revs": {"avg": float("nan"), "min": float("inf"), "max": True}}},
        {"overall": {"duration": {"overall_sec": 10**400}, "distance_km": -(10**30)}, "regens_total": 10**15},
        {"fuelConsumption": {"overall": {"total_l": 9e11}, "bySpeedRange": {"5-15_l100km": 9e11, "_5-15_km": 5e-324}}},
        {"sootRate_gl100km": 5e-324, "fap": {"soot": {"end_gl": -9e11}}, "regens": [{"soot_start_gl": 9e11}]},
    ],
)  # fmt: skip
def test_nonsense_changes_nothing_about_the_rest(nonsense: Any) -> None:
    good = analysis(
        {
            "overall.duration": seconds(100),
            "driving.revs.avg": 1500,
            "driving.revs.min": 700,
            "driving.revs.max": 3000,
        }
    )
    found = average([nonsense, good, nonsense])
    assert (found.driving.revs.avg, found.driving.revs.min, found.driving.revs.max) == (1500, 700, 3000)
    assert found.overall.duration.overall_sec == 100
    assert found.overall.distance_km is None


def test_nothing_gives_nothing() -> None:
    found = average([])
    assert found.overall.logs == 0
    assert found.overall.distance_km is None
    assert found.fapRegen is None
    assert found.trends == {}
    assert (found.health.verdict, found.health.findings) == ("unknown", [])
