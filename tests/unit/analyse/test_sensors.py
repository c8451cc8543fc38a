"""Sensors are judged before the filter: what is dead is named, and nothing is called good by it."""

from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.limits import Code
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.sensors import rank_correlation, spread
from tests.unit.analyse.handmade import Cells, analysis

CASES = Path(__file__).parents[4] / "shared" / "cases"
ROWS = 720
REVS = [1000.0, 1500.0, 2000.0, 2500.0]
OFTEN = 45
"""Rows the engine keeps each of these speeds."""


def wave(*values: float, rows: int = ROWS) -> list[float]:
    """Return the values in turn, each kept for a while."""
    return list(islice(cycle([value for value in values for _ in range(OFTEN)]), rows))


def drive(**columns: Cells) -> dict[str, Cells]:
    """Twelve minutes of an engine that works, with a filter that follows it, and what the test changes."""
    base: dict[str, Cells] = {
        "Revs": wave(*REVS), "Speed": [50] * ROWS, "FAPtemp": wave(180, 200, 220, 240),
        "AirFlow": wave(500, 520, 540, 560),
        "InjFlow": [15] * ROWS, "FAPpressure": wave(20, 32, 45, 58),
    }  # fmt: skip
    return base | columns


def codes(columns: dict[str, Cells], **how: Any) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in analysis(columns, **how)["health"]["findings"]}


def verdict(columns: dict[str, Cells]) -> str:
    return analysis(columns)["health"]["verdict"]  # type: ignore[no-any-return]


def test_a_pressure_that_follows_the_flow_is_believed() -> None:
    found = codes(drive())
    assert found[Code.PRESSURE_NOT_FOLLOWING_FLOW]["severity"] == "good"
    assert found[Code.PRESSURE_NOT_FOLLOWING_FLOW]["value"] == 1.0
    assert found[Code.PRESSURE_NOT_FOLLOWING_FLOW]["evidence"]["rows"] == ROWS
    assert Code.SENSOR_STUCK not in found
    assert verdict(drive()) == "good"


@pytest.mark.parametrize(
    "pressure",
    [
        [0] * ROWS, [30] * ROWS, wave(30, 30.1, 30.1, 30), wave(45, 20, 58, 32),
        wave(20, 32, 45, 58)[:100] + [7] * (ROWS - 100),
    ],
)  # fmt: skip
def test_a_pressure_that_does_not_follow_is_a_finding_and_judges_nothing(pressure: list[float]) -> None:
    found = analysis(drive(FAPpressure=pressure))
    findings = {one["code"]: one for one in found["health"]["findings"]}
    assert findings[Code.PRESSURE_NOT_FOLLOWING_FLOW]["severity"] == "act"
    assert "cannot be judged until the pressure sensor works" in findings[Code.PRESSURE_NOT_FOLLOWING_FLOW]["advice"]
    assert found["health"]["verdict"] == "act"
    assert found["health"]["urgency"] == "workshop_soon"
    assert found["fap"]["pressure"] == found["fap"]["pressure_idle"] == dict.fromkeys(found["fap"]["pressure"])
    assert found["restriction"]["kv"] is None
    resting = {Code.IDLE_PRESSURE, Code.MAX_PRESSURE, Code.RESTRICTION_LOW, Code.RESTRICTION_HIGH}
    assert not resting & findings.keys()


def test_what_does_not_need_the_sensor_stays() -> None:
    healthy, dead = analysis(drive()), analysis(drive(FAPpressure=[0] * ROWS))
    for one in (healthy, dead):
        for driven in one["drives"]:
            del driven["fingerprint"]  # of the rows as they were read
    for section in ("overall", "driving", "engine", "fuelConsumption", "drives", "quality"):
        assert dead[section] == healthy[section]
    assert dead["fap"]["temp"] == healthy["fap"]["temp"]


def mixed(share_of_noise: int) -> list[float]:
    """Return a pressure that follows the flow, except in so many of 100 rows, where it falls as the flow rises."""
    rises, falls = wave(20, 32, 45, 58), wave(58, 45, 32, 20)
    return [falls[row] if row * 37 % 100 < share_of_noise else rises[row] for row in range(ROWS)]


def test_the_limits_of_the_correlation() -> None:
    values = {share: codes(drive(FAPpressure=mixed(share)))[Code.PRESSURE_NOT_FOLLOWING_FLOW] for share in range(101)}
    for found in values.values():
        assert found["severity"] == ("act" if found["value"] < 0.4 else "watch" if found["value"] < 0.5 else "good")
        swapped = found["value"] < -0.3
        assert ("they are swapped" in (found["advice"] or "")) == swapped
    assert {-0.3, 0.4} & {round(found["value"], 1) for found in values.values()}
    loose = next(share for share, found in values.items() if found["severity"] == "watch")
    assert analysis(drive(FAPpressure=mixed(loose)))["fap"]["pressure"]["max_mbar"] == 58, "it is still believed"
    assert values[100]["value"] == -1.0


@pytest.mark.parametrize(("rows", "checked"), [(199, False), (200, True)])
def test_a_correlation_needs_two_hundred_rows(rows: int, checked: bool) -> None:
    columns = {name: cells[:rows] for name, cells in drive(FAPpressure=[0] * ROWS).items()}
    assert (Code.PRESSURE_NOT_FOLLOWING_FLOW in codes(columns)) == checked


def flow_of(low: float, high: float) -> dict[str, Cells]:
    """Return two air flows in turn, at 1500 rpm and 200 °C; the pressure stands still."""
    return drive(
        Revs=[1500] * ROWS, FAPtemp=[200] * ROWS, InjFlow=[0] * ROWS, AirFlow=wave(low, high), FAPpressure=[20] * ROWS
    )


def test_a_correlation_needs_a_flow_that_changes() -> None:
    per_m3h = 100 * 1033 / (3600 * 287 * 473) * 30e6 / 1500
    assert Code.PRESSURE_NOT_FOLLOWING_FLOW not in codes(flow_of(100 * per_m3h, 129 * per_m3h))
    assert Code.PRESSURE_NOT_FOLLOWING_FLOW in codes(flow_of(100 * per_m3h, 131 * per_m3h))


def test_rows_with_the_engine_off_and_regenerations_do_not_count() -> None:
    wrong = wave(58, 45, 32, 20)[:400] + wave(20, 32, 45, 58)[400:]
    flag = [1] * 100 + [0] * 620  # and the 300 s after it
    found = codes(drive(FAPpressure=wrong, REGEN=flag))
    assert found[Code.PRESSURE_NOT_FOLLOWING_FLOW]["value"] == 1.0
    assert found[Code.PRESSURE_NOT_FOLLOWING_FLOW]["evidence"]["rows"] <= 320


def test_a_filter_temperature_that_was_never_read_does_not_hide_a_dead_sensor() -> None:
    found = codes(drive(FAPtemp=[None] * ROWS, FAPpressure=[0] * ROWS))
    assert found[Code.PRESSURE_NOT_FOLLOWING_FLOW]["severity"] == "act"


def test_without_air_flow_a_pressure_that_stands_still_is_noticed_by_the_revs() -> None:
    assert verdict(drive(AirFlow=[None] * ROWS, FAPpressure=[0] * ROWS)) == "act"
    assert Code.PRESSURE_NOT_FOLLOWING_FLOW not in codes(drive(AirFlow=[None] * ROWS))
    idle = drive(AirFlow=[None] * ROWS, FAPpressure=[6] * ROWS, Revs=[800] * ROWS)
    assert Code.PRESSURE_NOT_FOLLOWING_FLOW not in codes(idle)


def unreadable(cells: int, word: float = 65280) -> dict[str, Cells]:
    """Return a log in which so many of 700 rows hold no usable pressure."""
    columns: dict[str, Cells] = {"Revs": [800] * 700, "Speed": [0] * 700}
    return columns | {"FAPpressure": [word if row * 9 % 700 < cells else 6 + row % 3 for row in range(700)]}


@pytest.mark.parametrize("word", [65280, -500, 5000])
@pytest.mark.parametrize(
    ("cells", "severity"),
    [(0, None), (1, "good"), (31, "good"), (32, "watch"), (171, "watch"), (172, "act"), (700, "act")],
)  # fmt: skip
def test_readings_without_a_usable_value(cells: int, severity: str | None, word: float) -> None:
    found = codes(unreadable(cells, word)).get(Code.PRESSURE_UNREADABLE)
    assert (found and found["severity"]) == severity
    assert verdict(unreadable(cells, word)) == ("good" if severity is None else severity)
    if found:
        assert found["value"] == round(cells / 7)
        assert found["evidence"]["rows"] == cells


def test_a_pressure_without_readings_differs_from_one_that_was_not_polled() -> None:
    assert verdict(unreadable(700)) == "act"
    assert verdict(unreadable(0) | {"FAPpressure": [None] * 700}) == "unknown"
    some = unreadable(100) | {"FAPpressure": [None if row % 2 else 6 for row in range(700)]}
    assert Code.PRESSURE_UNREADABLE not in codes(some)


def test_with_the_engine_off_a_sensor_may_sleep() -> None:
    columns = unreadable(0) | {"Revs": [800] * 400 + [0] * 300, "FAPpressure": [6] * 400 + [65280] * 300}
    assert Code.PRESSURE_UNREADABLE not in codes(columns)


NO_VALUE = {
    "Revs": 65535, "Speed": 255, "AirFlow": 65535, "InjFlow": 255, "FAPtemp": 25855, "Coolant": 205, "OilTemp": 255,
    "Battery": 25.5, "FuelPress": 65535, "Turbopress": 65535,
}  # fmt: skip
USUAL = {"Coolant": 85, "OilTemp": 90, "Battery": 14, "FuelPress": 300, "Turbopress": 1200}


def no_value(name: str, rows: int, of: int = 2000, word: float | None = None) -> dict[str, Cells]:
    """Return a drive whose last rows hold "no value" in one column."""
    columns: dict[str, Cells] = {column: list(islice(cycle(cells), of)) for column, cells in drive().items()}
    usual = list(columns.get(name, [USUAL.get(name)] * of))
    return columns | {name: usual[: of - rows] + [NO_VALUE[name] if word is None else word] * rows}


@pytest.mark.parametrize("name", NO_VALUE)
@pytest.mark.parametrize(("rows", "share"), [(189, None), (190, 10), (500, 25), (1600, 80)])
def test_a_signal_without_a_usable_value_is_named(name: str, rows: int, share: int | None) -> None:
    found = analysis(no_value(name, rows))["health"]
    codes = {one["code"]: one for one in found["findings"]}
    if share is None:
        assert codes.get(Code.SENSOR_UNREADABLE, {"severity": "good"})["severity"] == "good"
        return
    told = codes[Code.SENSOR_UNREADABLE]
    assert (told["severity"], told["value"]) == ("watch", share)
    assert told["which"] == [{"name": name, "value": share}]
    assert told["evidence"]["rows"] == rows
    assert f"had no usable value: {name} (" in told["text"]
    assert found["verdict"] == "watch"


@pytest.mark.parametrize("name", NO_VALUE)
def test_a_signal_that_never_had_a_value_is_never_called_good(name: str) -> None:
    for columns in (no_value(name, 2000), no_value(name, 2000, word=-999)):
        found = analysis(columns)["health"]
        assert {one["code"] for one in found["findings"]} >= {Code.SENSOR_UNREADABLE}
        assert found["verdict"] == ("unknown" if name == "Revs" else "watch")


@pytest.mark.parametrize(("rows", "believed"), [(480, True), (500, False)])
def test_a_sensor_that_is_unreadable_for_a_quarter_is_not_believed_at_all(rows: int, believed: bool) -> None:
    assert (analysis(no_value("Coolant", rows))["engine"]["coolantTemp"]["max_c"] is not None) == believed
    assert (analysis(no_value("FAPtemp", rows))["fap"]["temp"]["max_c"] is not None) == believed
    assert analysis(no_value("Speed", rows))["overall"]["distance_km"] is not None


@pytest.mark.parametrize(("rows", "told"), [(179, False), (180, True)])
def test_a_slow_channel_may_hold_one_bad_answer(rows: int, told: bool) -> None:
    assert (Code.SENSOR_UNREADABLE in codes(no_value("Coolant", rows, 700))) == told


def test_several_unreadable_signals_are_one_finding_the_worst_first() -> None:
    columns = no_value("Coolant", 600) | {"OilTemp": [205] * 2000, "Battery": [14] * 1990 + [25.5] * 10}
    found = codes(columns)[Code.SENSOR_UNREADABLE]
    assert [(one["name"], one["value"]) for one in found["which"]] == [("OilTemp", 100), ("Coolant", 30)]
    assert "Up to 100 % of the readings had no usable value: OilTemp, Coolant (" in found["text"]


@pytest.mark.parametrize("name", ["Speed", "AirFlow", "InjFlow", "FAPtemp", "Coolant"])
def test_a_column_that_every_ecu_has_must_not_stay_empty(name: str) -> None:
    found = codes(drive(**{name: [None] * ROWS}))[Code.SENSOR_UNREADABLE]
    assert [(one["name"], one["value"]) for one in found["which"]] == [(name, 100)]
    missing = {column: cells for column, cells in drive().items() if column != name}
    assert Code.SENSOR_UNREADABLE not in codes(missing), "not in the file: the app does not ask for it"
    empty: Cells = [None] * ROWS
    short = {column: cells[:199] for column, cells in drive(**{name: empty}).items()}
    assert Code.SENSOR_UNREADABLE not in codes(short)
    off = drive(**{name: empty}) | {"Revs": [0] * ROWS}
    assert Code.SENSOR_UNREADABLE not in codes(off)


@pytest.mark.parametrize("name", ["OilTemp", "Battery", "FuelPress", "Turbopress", "EGRpos"])
def test_a_column_that_not_every_car_has_may_stay_empty(name: str) -> None:
    assert Code.SENSOR_UNREADABLE not in codes(drive(**{name: [None] * ROWS}))


def test_with_the_engine_off_no_signal_needs_a_value() -> None:
    columns = no_value("FAPtemp", 600) | {"Revs": wave(*REVS, rows=1400) + [0] * 600}
    assert Code.SENSOR_UNREADABLE not in codes(columns)


def cold(filter_c: float, oil: float, coolant: float, fuel: float, **columns: Cells) -> dict[str, Cells]:
    """Return a drive that begins with the ignition on for half a minute, at these temperatures."""

    def rising(first: float) -> list[float]:
        return [first] * 60 + [first + 1 + row * 0.1 for row in range(ROWS - 60)]

    found = drive(
        Revs=[0.0] * 30 + wave(*REVS)[30:], FAPpressure=[0.0] * 30 + wave(20, 32, 45, 58)[30:],
        FAPtemp=[filter_c] * 30 + wave(180, 200, 220, 240)[30:],
        OilTemp=rising(oil), Coolant=rising(coolant), FuelTemp=rising(fuel),
    )  # fmt: skip
    return found | columns


@pytest.mark.parametrize(
    ("temperatures", "which", "apart"),
    [
        ((6, 9, 8, 8), None, -2),
        ((38, 9, 8, 8), None, 30), ((39, 9, 8, 8), "FAPtemp", 31), ((-23, 9, 8, 8), "FAPtemp", -31),
        ((6, 39, 8, 8), "OilTemp", 31), ((6, -24, 8, 8), "OilTemp", -32), ((6, 9, -24, 8), "Coolant", -32),
        ((350, 30, 30, 35), "FAPtemp", 320),
    ],
)  # fmt: skip
def test_before_a_cold_start_all_temperatures_are_alike(
    temperatures: tuple[float, float, float, float], which: str | None, apart: float
) -> None:
    found = analysis(cold(*temperatures))
    told = {one["code"]: one for one in found["health"]["findings"]}[Code.COLD_START_MISMATCH]
    assert (told["value"], told["severity"]) == (apart, "good" if which is None else "watch")
    assert told["evidence"]["rows"] == 1
    if which:
        assert [one["name"] for one in told["which"]] == [which]
        assert f"off the others: {which} (" in told["text"]
        assert found["health"]["verdict"] == "watch"
    for name, figures in (("FAPtemp", found["fap"]["temp"]), ("OilTemp", found["engine"]["oilTemp"])):
        assert (figures["max_c"] is None) == (name == which)


@pytest.mark.parametrize(
    "columns",
    [
        cold(63, 33, 33, 19), cold(80, 22, 25, 14), cold(200, 40, 40, 40), cold(6, 9, 60, 8),  # a parking heater
        cold(200, 9, 8, 8, Revs=wave(*REVS)), cold(200, 9, 8, 8, FuelTemp=[None] * ROWS),
        cold(200, 9, 8, 8, FAPtemp=[None] * 30 + [200] * (ROWS - 30)), cold(200, 9, 8, 8, Revs=[0] * ROWS),
        cold(200, 9, 8, 8, Coolant=[None] * 91 + [8] * (ROWS - 91)),
    ],
)  # fmt: skip
def test_only_a_start_from_cold_that_was_seen_is_judged(columns: dict[str, Cells]) -> None:
    found = codes(columns).get(Code.COLD_START_MISMATCH)
    assert found is None or found["severity"] == "good"


def test_a_coolant_read_late_still_shows_the_cold_engine() -> None:
    late = cold(200, 9, 8, 8, Coolant=[None] * 90 + [8] * (ROWS - 90))
    assert codes(late)[Code.COLD_START_MISMATCH]["severity"] == "watch"


def test_of_several_cold_starts_the_worst_counts() -> None:
    first, second = cold(6, 9, 8, 8), cold(200, 9, 8, 8)
    both: dict[str, Cells] = {name: [*first[name], *second[name]] for name in first}
    times = [float(row + 20_000 * (row // ROWS)) for row in range(2 * ROWS)]
    found = codes(both, t=times)[Code.COLD_START_MISMATCH]
    assert (found["value"], found["evidence"]["from"][11:]) == (192, "13:45:20")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("FAPtemp", [200] * ROWS), ("FAPtemp", wave(200, 201, 202.9)), ("FAPtemp", wave(300, 320)[:80] + [250] * 640),
        ("AirFlow", [400] * ROWS), ("AirFlow", [0] * ROWS),
        ("Coolant", [15] * ROWS), ("Coolant", wave(15, 16, 17.9)), ("Coolant", [39] * ROWS),
        ("OilTemp", [-5] * ROWS), ("OilTemp", [15] * 620 + [80] * 100),
        ("OilTemp", wave(9, 14, rows=90) + [-40] * 630), ("Coolant", wave(50, 70, rows=90) + [20] * 630),
    ],
)  # fmt: skip
def test_a_sensor_that_stands_still_is_named_and_nothing_rests_on_it(name: str, cells: list[float]) -> None:
    found = analysis(drive(**{name: cells}))
    (stuck,) = (one for one in found["health"]["findings"] if one["code"] == Code.SENSOR_STUCK)
    assert (stuck["severity"], [one["name"] for one in stuck["which"]]) == ("watch", [name])
    assert stuck["value"] == stuck["which"][0]["value"] >= 10
    assert f"the engine was working: {name} (" in stuck["text"]
    figures = {
        "FAPtemp": found["fap"]["temp"],
        "Coolant": found["engine"]["coolantTemp"],
        "OilTemp": found["engine"]["oilTemp"],
    }
    if name in figures:
        assert set(figures[name].values()) == {None}
    if name in ("FAPtemp", "AirFlow"):
        assert found["restriction"] == {"kv": None, "n": 0, "kv_afterRegen": None, "n_after": 0}
    assert found["health"]["verdict"] == "watch"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("FAPtemp", wave(200, 203)), ("FAPtemp", [200] * 599 + [240] * 121), ("AirFlow", wave(400, 403)),
        ("Coolant", [40] * ROWS), ("Coolant", [90] * ROWS), ("Coolant", [15] * 360 + [18] * 360),
        ("OilTemp", [15] * 599 + [18] * 121), ("OilTemp", wave(9, 14, rows=90) + [40] * 630),
        ("OilTemp", [None] * ROWS), ("Battery", [14] * ROWS),
    ],
)  # fmt: skip
def test_a_sensor_that_moves_or_may_stand_still_is_not(name: str, cells: list[float]) -> None:
    assert Code.SENSOR_STUCK not in codes(drive(**{name: cells}))


def test_several_stuck_sensors_are_one_finding_the_longest_first() -> None:
    found = codes(drive(Coolant=[15] * 620 + [80] * 100, OilTemp=[15] * ROWS, FAPtemp=[200] * ROWS))[Code.SENSOR_STUCK]
    assert [one["name"] for one in found["which"]] == ["FAPtemp", "OilTemp", "Coolant"]
    assert "the engine was working: FAPtemp, OilTemp, Coolant (" in found["text"]


def test_a_sensor_may_stand_still_while_the_engine_does_nothing_new() -> None:
    idle: dict[str, Cells] = {"Revs": [800] * ROWS, "Speed": [0] * ROWS, "FAPpressure": [6] * ROWS}
    assert Code.SENSOR_STUCK not in codes(idle | {"FAPtemp": [150] * ROWS, "Coolant": [15] * ROWS})
    gentle = idle | {"Revs": wave(800, 999), "FAPtemp": [150] * ROWS}
    assert Code.SENSOR_STUCK not in codes(gentle)
    assert Code.SENSOR_STUCK in codes(idle | {"Revs": wave(800, 1000), "FAPtemp": [150] * ROWS})


@pytest.mark.parametrize(("rows", "told"), [(600, False), (601, True)])
def test_ten_minutes_of_running_in_one_drive(rows: int, told: bool) -> None:
    columns = {name: cells[:rows] for name, cells in drive(FAPtemp=[200] * ROWS).items()}
    assert (Code.SENSOR_STUCK in codes(columns)) == told
    off = columns | {"Revs": [0, *list(columns["Revs"])[1:]]}  # the first row's step is nothing
    assert (Code.SENSOR_STUCK in codes(off)) is False


def test_in_a_regeneration_the_filter_is_held_at_one_temperature() -> None:
    assert Code.SENSOR_STUCK not in codes(drive(FAPtemp=[550] * 700 + [300] * 20, REGEN=[1] * 700 + [0] * 20))


@pytest.mark.parametrize(
    ("name", "cells", "told"),
    [
        ("FAPtemp", [200] * ROWS, True), ("AirFlow", [0] * ROWS, True), ("Coolant", [15] * ROWS, True),
        ("OilTemp", wave(15, 16, 17.9), True), ("FAPtemp", [200] * 360 + [203] * 360, False),
        ("Coolant", [15] * 360 + [60] * 360, False), ("OilTemp", [80] * ROWS, False),
    ],
)  # fmt: skip
def test_a_sensor_that_stands_still_in_two_short_drives_is_stuck_too(name: str, cells: list[float], told: bool) -> None:
    times = [float(row + (400 if row >= 360 else 0)) for row in range(ROWS)]
    assert (Code.SENSOR_STUCK in codes(drive(**{name: cells}), t=times)) == told


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 40], 1.0),
        ([1, 2, 3, 4], [1, 8, 27, 1000], 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
        ([1, 1, 1], [1, 2, 3], 0.0),
        ([1, 2, 2, 3], [1, 2, 3, 4], 0.9486832980505138),
    ],
)
def test_rank_correlation(first: list[float], second: list[float], value: float) -> None:
    assert rank_correlation(np.array(first, float), np.array(second, float)) == pytest.approx(value)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=30))
def test_rank_correlation_is_symmetric_and_no_more_than_one(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(values, float) for values in zip(*pairs, strict=True))
    value = rank_correlation(first, second)
    assert value == pytest.approx(rank_correlation(second, first))
    assert abs(value) <= 1 + 1e-9
    assert value == pytest.approx(-rank_correlation(-first, second), abs=1e-9)


def test_the_spread_leaves_a_quarter_out_at_both_ends() -> None:
    assert spread(np.array([0.0, 1, 2, 3, 4])) == 2
    assert spread(np.array([np.nan, 5.0])) == 0
    assert spread(np.array([np.nan])) == 0
    assert spread(np.array([])) == 0


@pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not part of the repository: no {CASES}")
@pytest.mark.parametrize(
    ("case", "code", "advice"),
    [
        ("03_gutted", Code.RESTRICTION_LOW, "it is missing or broken"),
        ("03_sensor_zero", Code.PRESSURE_NOT_FOLLOWING_FLOW, "does not follow the exhaust flow"),
        ("03_hoses_swapped", Code.PRESSURE_NOT_FOLLOWING_FLOW, "they are swapped"),
    ],
)
def test_a_real_log_with_a_fault_put_into_it(case: str, code: Code, advice: str) -> None:
    (path,) = (CASES / case).glob("*.csv")
    health = analyse(read(path.read_bytes()))["health"]
    acts = [one for one in health["findings"] if one["severity"] == "act"]
    assert (health["verdict"], [one["code"] for one in acts]) == ("act", [code])
    assert advice in acts[0]["advice"]
    assert "cannot be judged until" in acts[0]["advice"]


@pytest.mark.parametrize("name", ["FAPtemp", "AirFlow"])
def test_on_an_even_road_too_no_sensor_may_stand_still(name: str) -> None:
    """Three quarters of the time at the same speed: the middle half of the revs says nothing."""
    even = [1000.0 if row % 8 == 0 else 2500.0 if row % 8 == 1 else 1600.0 for row in range(ROWS)]
    assert Code.SENSOR_STUCK in codes(drive(Revs=even, **{name: [200] * ROWS}))
