"""Every figure by its definition, on logs small enough to reckon by hand."""

import math
from typing import Any

import numpy as np
import pytest

from functions.analyse.core import stats
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.quality import sampling_sec
from tests.unit.analyse.handmade import analysis, clean_log, csv_log


def test_states_are_told_by_the_row_at_the_end_of_a_step() -> None:
    found = analysis({"Revs": [0, 800, 800, 2000, 0], "Speed": [0, 0, 0, 40, 0]}, t=[0, 1, 3, 7, 8])
    assert found["overall"]["duration"] == {
        "overall_sec": 8,
        "engineOn_sec": 7,
        "engineOff_sec": 1,
        "idle_sec": 3,
        "driving_sec": 4,
    }


def test_a_gap_belongs_to_no_duration_and_no_distance() -> None:
    found = analysis({"Speed": [36, 36, 36, 36], "Revs": [1500] * 4}, t=[0, 10, 21, 31])
    assert found["overall"]["duration"]["overall_sec"] == 20
    assert found["overall"]["distance_km"] == 0.2
    assert (found["quality"]["gaps"], found["quality"]["gap_sec"]) == (1, 11)
    assert found["drives_total"] == 1


@pytest.mark.parametrize(("pause", "drives"), [(299, 1), (300, 2)])
def test_a_pause_of_five_minutes_ends_a_drive(pause: float, drives: int) -> None:
    assert analysis({"Speed": [10, 10, 10]}, t=[0, 1, 1 + pause])["drives_total"] == drives


def test_an_engine_turns_from_the_first_revolution() -> None:
    found = analysis({"Revs": [0, 1], "Speed": [0, 0]})["overall"]["duration"]
    assert (found["engineOn_sec"], found["engineOff_sec"], found["idle_sec"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("column", "unknown"),
    [("Revs", {"engineOn_sec", "engineOff_sec", "idle_sec"}), ("Speed", {"idle_sec", "driving_sec"})],
)
def test_a_column_without_a_value_is_as_good_as_missing(column: str, unknown: set[str]) -> None:
    found = analysis({"Revs": [800] * 3, "Speed": [0] * 3, column: [None] * 3})["overall"]["duration"]
    assert {name for name, value in found.items() if value is None} == unknown


def test_a_drive_of_one_row_is_no_distance() -> None:
    drives = analysis({"Speed": [36, 36, 36]}, t=[0, 10, 400])["drives"]
    assert [drive["distance_km"] for drive in drives] == [0.1, 0.0]
    drives = analysis({"Speed": [36, 36, None]}, t=[0, 10, 400])["drives"]
    assert [drive["distance_km"] for drive in drives] == [0.1, None]


def test_a_sum_is_of_what_is_known() -> None:
    steps = np.array([1.0, np.nan, 2.0, 4.0])
    assert stats.total(steps) == 7
    assert stats.total(steps, np.array([True, True, True, False])) == 3
    assert stats.total(steps, np.array([False, True, False, False])) is None


def test_distance_is_the_trapezoid_of_speed() -> None:
    assert analysis({"Speed": [0, 72, 0]}, t=[0, 10, 20])["overall"]["distance_km"] == 0.2


def test_a_step_with_a_void_speed_is_not_integrated() -> None:
    found = analysis({"Speed": [36, None, 36, 36]}, t=[0, 10, 20, 30])
    assert found["overall"]["distance_km"] == 0.1
    assert found["overall"]["duration"]["driving_sec"] == 20


def test_means_are_weighted_by_time() -> None:
    found = analysis({"Speed": [0, 10, 40]}, t=[0, 1, 4])
    assert found["driving"]["speed"] == {"min_kmh": 0, "max_kmh": 40, "avg_kmh": 32}  # (1·10 + 3·40) / 4


def test_without_any_weight_the_mean_is_plain() -> None:
    assert analysis({"Speed": [10, 40]}, t=[0, 500])["driving"]["speed"]["avg_kmh"] == 25


def test_revs_while_driving() -> None:
    found = analysis({"Revs": [800, 800, 2000, 3000], "Speed": [0, 0, 50, 50]})
    assert found["driving"]["revs"] == {"min": 800, "max": 3000, "avg": 1933, "avgDriving": 2500}


def test_the_pedal_counts_within_its_travel_and_its_mean_while_pressed() -> None:
    found = analysis({"AccelPedalPos": [0, 0, 20, 40, 105, -3]})
    assert found["driving"]["acceleration"] == {"max_perc": 40, "avg_perc": 30}


def test_the_pedal_reaches_from_0_to_100() -> None:
    assert analysis({"AccelPedalPos": [0, 0, 0]})["driving"]["acceleration"] == {"max_perc": 0, "avg_perc": None}
    assert analysis({"AccelPedalPos": [0, 100]})["driving"]["acceleration"] == {"max_perc": 100, "avg_perc": 100}
    assert analysis({"AccelPedalPos": [0, 40, 101]})["driving"]["acceleration"] == {"max_perc": 40, "avg_perc": 40}


def test_fuel_is_two_injections_a_revolution() -> None:
    found = analysis({"InjFlow": [10] * 11, "Revs": [3000] * 11, "Speed": [72] * 11})
    litres = 10 * 3000 / 60 * 2 * 10 / 1e6 / 0.8375
    assert found["fuelConsumption"]["overall"] == {
        "total_l": round(litres, 2),
        "avg_l100km": round(litres / 0.2 * 100, 2),
    }


def test_stale_injection_of_a_stopped_engine_is_no_fuel() -> None:
    found = analysis({"InjFlow": [6] * 11, "Revs": [0] * 11, "Speed": [0] * 11})
    assert found["fuelConsumption"]["overall"] == {"total_l": 0.0, "avg_l100km": None}


def test_speed_ranges_count_a_step_at_its_end_and_leave_regenerations_out() -> None:
    columns: dict[str, list[Any]] = {
        "Speed": [10, 10, 20, 20, 196, 250, 3],
        "InjFlow": [10] * 7,
        "Revs": [1200] * 7,
        "REGEN": [0, 0, 0, 1, 0, 0, 0],
    }
    ranges = analysis(columns, t=[0, 10, 20, 30, 40, 50, 60])["fuelConsumption"]["bySpeedRange"]
    kilometres = {name: value for name, value in ranges.items() if name.endswith("_km")}
    assert kilometres == {"_5-15_km": 0.03, "_15-25_km": 0.04, "_195-200_km": 0.3, "_200+_km": 0.62}
    litres = 10 * 1200 / 60 * 2 * 10 / 1e6 / 0.8375
    assert ranges["5-15_l100km"] == round(litres / (100 / 3600) * 100, 2)
    assert set(ranges) == set(kilometres) | {name[1:].replace("_km", "_l100km") for name in kilometres}


def test_a_speed_range_begins_at_its_lower_edge() -> None:
    columns = {"Speed": [5] * 11, "InjFlow": [10] * 11, "Revs": [1200] * 11}
    assert analysis(columns)["fuelConsumption"]["bySpeedRange"]["_5-15_km"] == 0.01  # 13.9 m
    assert analysis({**columns, "Speed": [4.9] * 11})["fuelConsumption"]["bySpeedRange"] == {}


@pytest.mark.parametrize(("kmh", "listed"), [(18.0, True), (17.9, False)])
def test_under_five_metres_there_is_no_consumption(kmh: float, listed: bool) -> None:
    found = analysis({"Speed": [kmh] * 2, "InjFlow": [10] * 2, "Revs": [1200] * 2})["fuelConsumption"]
    assert (found["overall"]["avg_l100km"] is not None) == listed
    assert (found["bySpeedRange"] != {}) == listed


def test_consumption_counts_only_where_distance_and_fuel_are_known() -> None:
    columns: dict[str, list[Any]] = {
        "Speed": [72] * 10 + [None] * 5 + [72] * 10, "Revs": [1500] * 25,
        "InjFlow": [10] * 20 + [None] * 5,
    }  # fmt: skip
    found = analysis(columns)["fuelConsumption"]
    assert found["overall"]["total_l"] == 0.01  # 19 s · 500 mg: 9.5 g
    # of each step 20 m and 500 mg, wherever both are known
    assert found["overall"]["avg_l100km"] == 2.99
    assert found["bySpeedRange"] == {"65-75_l100km": 2.99, "_65-75_km": 0.26}  # 9 + 4 steps


def test_each_drive_has_its_own_figures() -> None:
    columns: dict[str, list[Any]] = {
        "Speed": [72] * 22, "Revs": [1500] * 22, "InjFlow": [10] * 11 + [20] * 11,
        "FAPsoot": [8.0] * 11 + [9.0] * 10 + [9.5], "REGEN": [0] * 11 + [1] * 11,
    }  # fmt: skip
    times = [row + (300.0 if row >= 11 else 0.0) for row in range(22)]
    first, second = analysis(columns, t=times)["drives"]
    assert (first["start"][11:], first["end"][11:]) == ("08:00:00", "08:00:10")
    assert (second["start"][11:], second["end"][11:]) == ("08:05:11", "08:05:21")
    assert (first["duration_sec"], second["duration_sec"]) == (10, 10)
    assert (first["l100km"], second["l100km"]) == (2.99, 5.97)
    assert (first["soot_start_gl"], first["soot_end_gl"]) == (8.0, 8.0)
    assert (second["soot_start_gl"], second["soot_end_gl"]) == (9.0, 9.5)
    assert (first["regen"], second["regen"]) == (False, True)


def test_battery_before_each_drives_first_start() -> None:
    columns: dict[str, list[Any]] = {
        "Revs": [0, 0, 800, 0, 800, 0, 900],
        "Battery": [12.0, 12.4, 14.0, 11.0, 14.4, 12.6, 14.2],
    }
    battery = analysis(columns, t=[0, 1, 2, 3, 4, 1000, 1001])["engine"]["battery"]
    assert battery["beforeDrive_v"] == 12.4  # the first rows weigh nothing; the stop in between does not count
    assert battery["engineRunning_v"] == 14.2


def test_oil_is_judged_by_the_median_while_the_engine_runs() -> None:
    columns = {"Revs": [0, 800, 800, 800, 800], "OilCarbon": [8, 8, 1, 1, 1], "OilDilution": [0, 2, 2, 3, 30]}
    engine = analysis(columns)["engine"]
    assert (engine["oilCarbonate_perc"], engine["oilDilution_perc"]) == (1, 2)


def test_errors_are_the_most_seen_at_once() -> None:
    assert analysis({"Errors": [0, 2, 1]})["engine"]["errors"] == 2


def test_injectors_are_judged_from_eighty_degrees_on() -> None:
    found = analysis(IDLE | {"OilTemp": [80] * 6, "Inj.1FlowCorr": [1.1] * 6})
    assert found["engine"]["injector"]["injector1"] == 1.1


IDLE: dict[str, list[Any]] = {"Speed": [0] * 6, "Revs": [800] * 6, "OilTemp": [90] * 6, "REGEN": [0] * 6}


def test_injectors_at_warm_idle_while_active() -> None:
    columns = IDLE | {
        "Inj.1FlowCorr": [1.00, 1.02, 1.04, 1.00, 0.00, 1.06],
        "Inj.2FlowCorr": [1.00, 0.92, 0.94, 1.00, 0.81, 0.96],
    }
    assert analysis(columns)["engine"]["injector"] == {
        "injector1": 1.04,
        "injector2": 0.94,
        "injector3": None,
        "injector4": None,
        "average": 0.99,
    }


@pytest.mark.parametrize(
    "spoilt", [{"OilTemp": [79] * 6}, {"Revs": [1000] * 6}, {"Revs": [0] * 6}, {"Speed": [1] * 6}, {"REGEN": [1] * 6}]
)
def test_injectors_are_not_judged_otherwise(spoilt: dict[str, list[Any]]) -> None:
    columns = IDLE | {"Inj.1FlowCorr": [1.1] * 6} | spoilt
    assert analysis(columns)["engine"]["injector"]["injector1"] is None


def test_injectors_by_the_coolant_where_oil_is_unknown() -> None:
    columns = {name: values for name, values in IDLE.items() if name != "OilTemp"}
    found = analysis(columns | {"Coolant": [85] * 6, "Inj.1FlowCorr": [1.1] * 6})
    assert found["engine"]["injector"]["injector1"] == 1.1


def test_injectors_centred_on_zero_are_never_inactive() -> None:
    found = analysis(IDLE | {"Inj.1FlowCorr": [-0.4, 0.0, 0.0, 0.4, 0.4, 0.4], "Inj.2FlowCorr": [1.0] * 6})
    assert (found["engine"]["injector"]["injector1"], found["engine"]["injector"]["injector2"]) == (0.24, 1.0)
    assert {finding["code"] for finding in found["health"]["findings"]}.isdisjoint({"injector_correction"})


def test_rail_pressure_at_idle_is_actual_less_demand() -> None:
    columns = {"Speed": [0, 0, 0, 50], "Revs": [0, 800, 999, 800], "FuelPress": [9, 310, 295, 900]}
    found = analysis(columns | {"FuelPressInstr": [300, 300, 300, 300]})
    assert found["engine"]["fuelPressure"]["avg_diff_idle_bar"] == 2.5


def test_rail_pressure_and_boost_are_weighted_by_time() -> None:
    columns = {"Speed": [0] * 3, "Revs": [800] * 3, "FuelPress": [310, 310, 302], "FuelPressInstr": [300] * 3}
    found = analysis({**columns, "Turbopress": [1500, 1510, 1502], "TurboInstr": [1500] * 3}, t=[0, 1, 4])["engine"]
    assert found["fuelPressure"]["avg_diff_idle_bar"] == 4.0  # (1 · 10 + 3 · 2) / 4
    assert found["boost"]["avg_diff_mbar"] == 4.0


def test_boost_counts_where_asked_for_or_there() -> None:
    columns = {"TurboInstr": [1000, 1000, 1300, 1000, 1500], "Turbopress": [900, 950, 1200, 1250, 1400]}
    found = analysis(columns | {"REGEN": [0, 0, 0, 0, 1]})
    assert found["engine"]["boost"]["avg_diff_mbar"] == 75.0  # (−100 + 250) / 2


def test_filter_pressure_with_the_engine_on_and_at_idle() -> None:
    columns = {"Revs": [0, 800, 900, 1000, 2000], "Speed": [0, 0, 0, 0, 60], "FAPpressure": [1, 6, 8, 10, 40]}
    fap = analysis(columns)["fap"]
    assert fap["pressure"] == {"min_mbar": 6.0, "max_mbar": 40.0, "avg_mbar": 16.0}
    assert fap["pressure_idle"] == {"min_mbar": 6.0, "max_mbar": 8.0, "avg_mbar": 7.0}


def test_counters_show_their_last_value() -> None:
    columns: dict[str, list[Any]] = {
        "LastRegen": [None, 700, 701, None], "Avg10regen": [None, 785, 785, 785], "FAP life": [None, None, 10765, None],
        "FAPlifeLeft": [147460] * 4, "FAPAdditiveVol": [1260] * 4, "FAPAdditiveRemain": [756] * 4,
        "FAPdeposits": [3] * 4, "FAPcinder": [2] * 4, "FAPsoot": [None, 8.11, 8.2, None],
    }  # fmt: skip
    fap = analysis(columns)["fap"]
    assert (fap["lastRegen_km"], fap["last10Regen_km"]) == (701, 785)
    assert fap["life"] == {"life_km": 10765, "left_km": 147460}
    assert fap["additive"] == {"vol_ml": 1260.0, "remain_ml": 756.0}
    assert (fap["deposits"]["weight_gram"], fap["deposits"]["percentage_perc"]) == (3.0, 2.0)
    assert fap["soot"] == {"start_gl": 8.11, "end_gl": 8.2, "diff_gl": 0.09}


def warming(first: float, minutes: int) -> dict[str, list[Any]]:
    """Ten seconds of ignition, then a degree every 10 s."""
    rows = minutes * 6
    temperatures = [None, *(min(first + row, 90) for row in range(rows))]
    return {"Revs": [0, *[1500] * rows], "Coolant": temperatures, "OilTemp": temperatures, "InjFlow": [5] * (rows + 1)}


def test_warming_up_from_a_cold_start() -> None:
    columns = warming(10, 15)
    found = analysis(columns, t=[row * 10 for row in range(len(columns["Revs"]))])
    assert found["engine"]["engineWarmup"] == {"coolant_sec": 700, "oil_sec": 700}
    litres = 5 * 1500 / 60 * 2 * 600 / 1e6 / 0.8375
    assert found["warmup"] == {"to70_sec": 600, "to70_l": round(litres, 2)}
    assert found["drives"][0]["coldStart"] is True


def test_fuel_to_warm_up_is_what_was_burnt_from_start_to_target() -> None:
    columns = {"Revs": [0, 0, 1500, 1500, 1500, 1500], "InjFlow": [0, 0, 20, 40, 20, 80]}
    found = analysis({**columns, "Coolant": [20, 20, 30, 50, 70, 80]}, t=[0, 10, 20, 30, 40, 50])["warmup"]
    # (20 + 40) / 2 + (40 + 20) / 2 mg · 50 strokes a second · 10 s = 30 g, 0.0358 l
    assert found == {"to70_sec": 20, "to70_l": 0.04}
    columns = {name: [value * (2 if name == "InjFlow" else 1) for value in cells] for name, cells in columns.items()}
    found = analysis({**columns, "Coolant": [20, 20, 30, 50, 70, 80]}, t=[0, 10, 20, 30, 40, 50])["warmup"]
    assert found["to70_l"] == 0.07  # 60 g


@pytest.mark.parametrize(("first", "cold"), [(39.9, True), (40, False)])
def test_a_start_below_forty_degrees_is_cold(first: float, cold: bool) -> None:
    found = analysis({"Revs": [0, 800, 800], "Coolant": [None, first, 90], "OilTemp": [20, 100, 100]})
    assert found["drives"][0]["coldStart"] is cold  # by the coolant, where it is known
    assert found["engine"]["engineWarmup"]["coolant_sec"] == (1 if cold else None)
    assert found["engine"]["engineWarmup"]["oil_sec"] is None


@pytest.mark.parametrize(("seconds", "expected"), [(3600, 3600), (3601, None)])
def test_warming_up_within_one_hour(seconds: int, expected: int | None) -> None:
    rows = seconds // 10 + 1
    times = [*[row * 10.0 for row in range(rows)], float(seconds)][: rows + (seconds % 10 > 0)]
    temperatures = [*[20] * (len(times) - 1), 80]
    found = analysis({"Revs": [800] * len(times), "Coolant": temperatures}, t=times)
    assert found["engine"]["engineWarmup"]["coolant_sec"] == expected


def test_the_first_cold_start_that_reached_the_target_counts() -> None:
    columns = {
        "Revs": [0, 800, 800, 800, 0, 800, 800, 800],
        "Coolant": [20, 20, 60, 60, 15, 15, 70, 81],
    }
    found = analysis(columns, t=[0, 1, 5, 9, 400, 401, 404, 408])
    assert found["engine"]["engineWarmup"]["coolant_sec"] == 7
    assert [drive["coldStart"] for drive in found["drives"]] == [True, True]


def test_the_hour_begins_with_the_start() -> None:
    found = analysis({"Revs": [0, 0, 800, 800], "Coolant": [20, 20, 20, 80]}, t=[0, 3000, 3001, 3250])
    assert found["engine"]["engineWarmup"]["coolant_sec"] == 249


def test_without_an_engine_start_a_cold_start_is_unknown() -> None:
    found = analysis({"Revs": [0, 0], "Coolant": [10, 10]})
    assert found["drives"][0]["coldStart"] is None
    found = analysis({"Revs": [0, 800, 800], "Coolant": [10, None, None]})
    assert found["drives"][0]["coldStart"] is None


def test_no_warming_up_from_a_warm_start_or_over_an_hour() -> None:
    warm = warming(40, 15)
    found = analysis(warm, t=[row * 10 for row in range(len(warm["Revs"]))])
    assert found["engine"]["engineWarmup"]["coolant_sec"] is None
    assert found["drives"][0]["coldStart"] is False
    slow = warming(10, 15)
    found = analysis(slow, t=[row * 60 for row in range(len(slow["Revs"]))])
    assert found["engine"]["engineWarmup"]["coolant_sec"] is None


def test_warming_up_ends_with_the_drive() -> None:
    columns = warming(10, 15)
    times = [row * 10 + (600 if row > 30 else 0) for row in range(len(columns["Revs"]))]
    found = analysis(columns, t=times)
    assert found["drives_total"] == 2
    assert found["engine"]["engineWarmup"]["coolant_sec"] is None


def test_cold_start_by_the_oil_where_coolant_is_unknown() -> None:
    found = analysis({"Revs": [0, 800, 800], "OilTemp": [None, None, 12]})
    assert found["drives"][0]["coldStart"] is True


FLOW: dict[str, list[Any]] = {
    "Revs": [2000] * 50, "AirFlow": [500] * 50, "InjFlow": [20] * 50, "FAPtemp": [250] * 50,
    "FAPpressure": [40] * 50, "AtmosphPress": [None] * 5 + [990] * 45, "FAPsoot": [10] * 50,
}  # fmt: skip


def kv(ambient: float) -> float:
    mass = (500 + 20) * 1e-6 * 2000 / 30
    flow = 3600 * mass * 287 * (250 + 273) / (100 * (ambient + 40))
    return float(40 / flow / ((250 + 273) / 473) ** 0.7)


def test_restriction_is_pressure_over_flow_at_200_degrees() -> None:
    assert analysis(FLOW)["restriction"] == {"kv": round(kv(990), 3), "n": 41, "kv_afterRegen": None, "n_after": 0}
    assert analysis({**FLOW, "AtmosphPress": [None] * 50})["restriction"]["kv"] == round(kv(1013), 3)


@pytest.mark.parametrize(
    ("column", "value"), [("Revs", 2200), ("Revs", None), ("AirFlow", 650), ("AirFlow", None), ("Revs", 0)]
)
def test_restriction_needs_ten_steady_rows(column: str, value: float | None) -> None:
    cells = list(FLOW[column])
    cells[20] = value
    found = analysis({**FLOW, column: cells})["restriction"]
    assert found["n"] == 31  # rows 20 to 29 have it within their last ten


def test_restriction_by_the_atmosphere_last_known() -> None:
    first_only = analysis({**FLOW, "AtmosphPress": [990] + [None] * 49})
    assert first_only["restriction"]["kv"] == round(kv(990), 3)


def test_restriction_of_a_filter_nearly_blocked() -> None:
    columns = {"Revs": [800] * 50, "AirFlow": [90] * 50, "InjFlow": [10] * 50, "FAPtemp": [700] * 50}
    found = analysis({**columns, "FAPpressure": [400] * 50, "AtmosphPress": [990] * 50})["restriction"]
    # m = 100 mg · 800 / 30 = 2.6667 g/s, Q = 19.2879 m³/h, k = 20.738, (973 / 473)^0.7 = 1.65666
    assert (found["kv"], found["n"]) == (12.518, 41)


@pytest.mark.parametrize(("column", "low", "high"), [("Revs", 1920, 2080), ("AirFlow", 450, 550)])
def test_restriction_needs_a_swing_below_the_share(column: str, low: float, high: float) -> None:
    assert analysis({**FLOW, column: [low, high] * 25})["restriction"]["n"] == 0  # 8 % and 20 % of the mean
    assert analysis({**FLOW, column: [low + 1, high] * 25})["restriction"]["n"] == 41


def test_restriction_starts_anew_with_each_drive() -> None:
    times = [row + (300.0 if row >= 25 else 0.0) for row in range(50)]
    assert analysis(FLOW, t=times)["restriction"]["n"] == 32
    times = [row + (200.0 if row >= 25 else 0.0) for row in range(50)]
    assert analysis(FLOW, t=times)["restriction"]["n"] == 41


@pytest.mark.parametrize("column", ["FAPpressure", "FAPtemp", "AirFlow", "InjFlow", "Revs"])
def test_restriction_is_null_without_what_it_is_made_of(column: str) -> None:
    assert analysis({**FLOW, column: [None] * 50})["restriction"]["n"] == 0


@pytest.mark.parametrize(("rows", "expected"), [(38, None), (39, round(kv(990), 3))])
def test_restriction_is_a_median_of_thirty_rows_at_least(rows: int, expected: float | None) -> None:
    columns = {name: values[:rows] for name, values in FLOW.items()}
    assert analysis(columns)["restriction"]["kv"] == expected


def test_restriction_before_the_first_regeneration_and_well_after_the_last() -> None:
    rows = 500
    columns = {name: [values[-1]] * rows for name, values in FLOW.items()}
    columns["REGEN"] = [0] * 100 + [1] * 50 + [0] * 350
    columns["FAPpressure"] = [40] * 100 + [80] * 350 + [20] * 50
    found = analysis(columns)["restriction"]
    assert (found["n"], found["n_after"]) == (91, 50)  # the flag fell at row 149; 300 s later is row 449
    assert found["kv"] == round(kv(990), 3)
    assert found["kv_afterRegen"] == pytest.approx(kv(990) / 2, rel=0.03)


def test_soot_per_100_km_outside_regenerations_and_what_follows() -> None:
    rows = 1400
    soot = [10 + row * 0.001 for row in range(600)] + [5.0] * 400 + [5 + row * 0.001 for row in range(400)]
    columns: dict[str, list[Any]] = {"Speed": [72] * rows, "FAPsoot": soot}
    columns["REGEN"] = [0] * 600 + [1] * 100 + [0] * 700
    found = analysis(columns)
    assert found["sootRate_gl100km"] == pytest.approx(0.001 / 0.02 * 100, rel=0.01)
    assert analysis({"Speed": [72] * 249, "FAPsoot": [10] * 249})["sootRate_gl100km"] is None  # 4.96 km
    assert analysis({"Speed": [72] * 252, "FAPsoot": [10] * 252})["sootRate_gl100km"] == 0


def test_soot_that_came_while_nothing_was_logged_is_not_counted() -> None:
    columns = {"Speed": [72] * 600, "FAPsoot": [10] * 300 + [14] * 300}
    for pause in (60, 1000):
        times = [row + (pause if row >= 300 else 0) for row in range(600)]
        assert analysis(columns, t=times)["sootRate_gl100km"] == 0


def test_the_next_regeneration_is_a_range_over_what_is_known() -> None:
    rows = 1400
    soot = [14 + row * 0.001 for row in range(601)] + [5.0] * 399 + [5 + row * 0.001 for row in range(400)]
    columns: dict[str, list[Any]] = {"Speed": [72] * rows, "FAPsoot": soot, "LastRegen": [10] * rows}
    columns["REGEN"] = [0] * 600 + [1] * 100 + [0] * 700
    columns["Avg10regen"] = [500] * rows
    coming = analysis(columns)["nextRegen"]
    assert coming["basis"] == ["own rate", "ecu mean interval"]
    assert coming["high_km"] == 490
    assert coming["low_km"] == pytest.approx((14.6 - 5.4) / 5 * 100, abs=2)
    assert analysis({"LastRegen": [600], "Avg10regen": [500]})["nextRegen"] == {
        "low_km": 0,
        "high_km": 0,
        "basis": ["ecu mean interval"],
    }
    assert analysis({"LastRegen": [600]})["nextRegen"] is None


def test_drives_are_told_apart() -> None:
    columns: dict[str, list[Any]] = {
        "Speed": [36] * 4, "Revs": [1500] * 4, "InjFlow": [10] * 4, "FAPsoot": [8.0, 8.1, None, 8.3],
        "REGEN": [0, 0, 1, 1],
    }  # fmt: skip
    first, second = analysis(columns, t=[0, 10, 1000, 1010])["drives"]
    litres = 10 * 1500 / 60 * 2 * 10 / 1e6 / 0.8375
    assert first.pop("fingerprint")["rows"] == 2
    assert first == {
        "start": "2025-02-03T08:00:00", "end": "2025-02-03T08:00:10", "duration_sec": 10, "distance_km": 0.1,
        "fuel_l": round(litres, 2), "l100km": round(litres * 1000, 2), "soot_start_gl": 8.0, "soot_end_gl": 8.1,
        "coldStart": None, "regen": False,
    }  # fmt: skip
    assert (second["regen"], second["soot_start_gl"], second["start"]) == (True, 8.3, "2025-02-03T08:16:40")


def test_lists_are_capped_and_what_is_cut_is_counted() -> None:
    rows = 1202
    columns = {"Speed": [10] * rows, "REGEN": [row % 2 for row in range(rows)]}
    found = analyse(read(csv_log(columns, t=[row // 2 * 310 % 86400 for row in range(rows)])))
    assert found["regens_total"] == 601
    assert len(found["regens"]) == 500
    apart = analyse(read(b"".join(csv_log({"Speed": [1]}, date=f"2025.{1 + n // 28:02}.{1 + n % 28:02}", start=600 * h)
                                  for n in range(200) for h in range(3))))  # fmt: skip
    assert apart["drives_total"] == 600
    assert len(apart["drives"]) == 500


def test_the_last_regenerations_are_judged_even_where_the_list_is_cut() -> None:
    rows = 1202
    columns = {"Speed": [10] * rows, "Revs": [1500] * rows, "REGEN": [row % 2 for row in range(rows)]}
    assert analysis(columns)["regens_total"] == 601


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 1, 2, 30], 1.0),
        ([0, 1, 2, 3, 7], 1.0),  # the median, not the mean
        ([0, 0, *range(1, 10)], 1.0),  # a tenth of the steps is 0: the clock is fine enough
        ([0, 0, 1, 1, 2, 2], 0.4),
        ([0], None),
    ],
)
def test_sampling(times: list[float], expected: float | None) -> None:
    assert sampling_sec(clean_log({"Speed": [1] * len(times)}, t=times)) == expected


def test_nothing_in_an_analysis_is_not_a_number() -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [number for one in value.values() for number in numbers(one)]
        if isinstance(value, list):
            return [number for one in value for number in numbers(one)]
        return [value] if isinstance(value, float) else []

    assert all(math.isfinite(number) for number in numbers(analysis(FLOW)))
