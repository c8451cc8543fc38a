"""The verdict: each row of the table of limits on a log that just reaches it, and what the words say."""

from typing import Any

import pytest

from faplog.contracts.catalogue import NoteCode
from faplog.contracts.limits import LIMITS, Bad, Code, Confidence, Severity, worst
from functions.analyse.core.restriction import GAS_CONSTANT, REFERENCE_K, STANDARD_MBAR
from tests.unit.analyse.handmade import Cells, analysis

ROWS = 700
OVER_MANY_LOGS = {Code.INTERVAL_DROP, Code.RESTRICTION_RISE, Code.REGENS_ABORTED_SHARE}
OF_SENSORS = {
    Code.PRESSURE_NOT_FOLLOWING_FLOW, Code.PRESSURE_UNREADABLE, Code.SENSOR_UNREADABLE, Code.SENSOR_STUCK,
    Code.COLD_START_MISMATCH,
}  # fmt: skip
"""Tried in test_sensors.py."""


def log(**columns: Cells) -> dict[str, Cells]:
    """700 s at idle with a healthy filter, and what the test changes."""
    base: dict[str, Cells] = {"Revs": [800] * ROWS, "Speed": [0] * ROWS, "FAPpressure": [6] * ROWS}
    return base | columns


def flat(value: float) -> Cells:
    return [value] * ROWS


def stopped(pressure: float) -> dict[str, Cells]:
    return log(Revs=[800] * 400 + [0] * 300, FAPpressure=[6] * 400 + [pressure] * 300)


def regenerating(minutes: float) -> dict[str, Cells]:
    rows = round(minutes * 60)
    return {name: [values[0]] * 3000 for name, values in log().items()} | {"REGEN": [1] * rows + [0] * (3000 - rows)}


def aborted(times: int) -> dict[str, Cells]:
    rows = 1000 * times
    flag = ([1] * 100 + [0] * 900) * times
    return {name: [values[0]] * rows for name, values in log().items()} | {"REGEN": flag, "LastRegen": [500] * rows}


def battery(volts: float) -> dict[str, Cells]:
    return log(Revs=[0] * 20 + [800] * 680, Battery=[volts] * 21 + [14.2] * 679)


def warm(first: float, others: float) -> dict[str, Cells]:
    names = [f"Inj.{number}FlowCorr" for number in (2, 3, 4)]
    return log(OilTemp=flat(90), **{"Inj.1FlowCorr": flat(first)}, **dict.fromkeys(names, flat(others)))


def boost(error: float) -> dict[str, Cells]:
    return log(TurboInstr=flat(1500), Turbopress=flat(1500 + error))


def egr(position: float, demand: float) -> dict[str, Cells]:
    return log(EGRpos=flat(position), EGRposInstr=flat(demand))


def resisting(kv: float) -> dict[str, Cells]:
    """Return a steady engine whose filter resists by `kv`: 100 m³/h at 200 °C, and the pressure for that."""
    kelvin = REFERENCE_K
    air = 100 * 100 * STANDARD_MBAR / (3600 * GAS_CONSTANT * kelvin) * 30e6 / 1500
    pressure = kv * 100
    per_stroke = air * (STANDARD_MBAR + pressure) / STANDARD_MBAR
    return log(
        Revs=flat(1500), Speed=flat(60), FAPtemp=flat(200), AirFlow=flat(per_stroke), InjFlow=flat(0),
        FAPpressure=flat(pressure),
    )  # fmt: skip


def coolant(highest: float, rise: float) -> dict[str, Cells]:
    """21 minutes of running; the coolant ends at its highest, that much above its value ten minutes before."""
    rows = 1300
    columns = {name: [values[0]] * rows for name, values in log().items()}
    return columns | {"Coolant": [20] * 100 + [highest - rise] * (rows - 200) + [highest] * 100}


REACHED: list[tuple[Code, dict[str, Cells], Severity]] = [
    (Code.RESTRICTION_LOW, resisting(0.039), Severity.ACT),
    (Code.RESTRICTION_LOW, resisting(0.040), Severity.GOOD),
    (Code.RESTRICTION_LOW, resisting(-0.1), Severity.ACT),
    (Code.RESTRICTION_HIGH, resisting(0.040), Severity.GOOD),
    (Code.RESTRICTION_HIGH, resisting(0.499), Severity.GOOD),
    (Code.RESTRICTION_HIGH, resisting(0.5), Severity.WATCH),
    (Code.RESTRICTION_HIGH, resisting(0.999), Severity.WATCH),
    (Code.RESTRICTION_HIGH, resisting(1.0), Severity.ACT),
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(24.9)), Severity.GOOD),
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(25)), Severity.WATCH),
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(59.9)), Severity.WATCH),
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(60)), Severity.ACT),
    (Code.NEVER_WARM, coolant(74, 2), Severity.WATCH),
    (Code.NEVER_WARM, coolant(75, 0), Severity.GOOD),
    (Code.NEVER_WARM, coolant(75, 30), Severity.GOOD),
    (Code.ASH_SHARE, log(FAPcinder=flat(79)), Severity.GOOD),
    (Code.ASH_SHARE, log(FAPcinder=flat(80)), Severity.WATCH),
    (Code.ASH_SHARE, log(FAPcinder=flat(150)), Severity.WATCH),
    (Code.MAX_PRESSURE, log(Speed=flat(90), FAPpressure=flat(299)), Severity.GOOD),
    (Code.MAX_PRESSURE, log(Speed=flat(90), FAPpressure=flat(300)), Severity.WATCH),
    (Code.MAX_PRESSURE, log(Speed=flat(90), FAPpressure=flat(400)), Severity.ACT),
    (Code.PRESSURE_ENGINE_OFF, stopped(5), Severity.GOOD),
    (Code.PRESSURE_ENGINE_OFF, stopped(5.5), Severity.WATCH),
    (Code.PRESSURE_ENGINE_OFF, stopped(10.5), Severity.ACT),
    (Code.COOLANT_MAX, log(Coolant=flat(102)), Severity.GOOD),
    (Code.COOLANT_MAX, log(Coolant=flat(103)), Severity.WATCH),
    (Code.COOLANT_MAX, log(Coolant=flat(110)), Severity.ACT),
    (Code.OIL_MAX, log(OilTemp=flat(114)), Severity.GOOD),
    (Code.OIL_MAX, log(OilTemp=flat(115)), Severity.WATCH),
    (Code.OIL_MAX, log(OilTemp=flat(125)), Severity.ACT),
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(301)), Severity.GOOD),
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(300)), Severity.WATCH),
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(101)), Severity.WATCH),
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(100)), Severity.ACT),
    (Code.REGEN_INTERVAL, log(Avg10regen=flat(301)), Severity.GOOD),
    (Code.REGEN_INTERVAL, log(Avg10regen=flat(300)), Severity.WATCH),
    (Code.REGEN_INTERVAL, log(Avg10regen=flat(150)), Severity.ACT),
    (Code.REGEN_DURATION, regenerating(25), Severity.GOOD),
    (Code.REGEN_DURATION, regenerating(25.2), Severity.WATCH),
    (Code.REGEN_DURATION, regenerating(35), Severity.WATCH),
    (Code.REGEN_DURATION, regenerating(35.2), Severity.ACT),
    (Code.REGENS_ABORTED, aborted(1), Severity.WATCH),
    (Code.REGENS_ABORTED, aborted(2), Severity.WATCH),
    (Code.REGENS_ABORTED, aborted(3), Severity.ACT),
    (Code.OIL_DILUTION, log(OilDilution=flat(4)), Severity.GOOD),
    (Code.OIL_DILUTION, log(OilDilution=flat(5)), Severity.WATCH),
    (Code.OIL_DILUTION, log(OilDilution=flat(7)), Severity.ACT),
    (Code.FILTER_LIFE_LEFT, {**log(FAPlifeLeft=flat(50_001)), "FAP life": flat(20_000)}, Severity.GOOD),
    (Code.FILTER_LIFE_LEFT, {**log(FAPlifeLeft=flat(50_000)), "FAP life": flat(20_000)}, Severity.WATCH),
    (Code.FILTER_LIFE_LEFT, {**log(FAPlifeLeft=flat(0)), "FAP life": flat(20_000)}, Severity.WATCH),
    (Code.BATTERY_BEFORE_START, battery(12.0), Severity.GOOD),
    (Code.BATTERY_BEFORE_START, battery(11.9), Severity.WATCH),
    (Code.BATTERY_BEFORE_START, battery(11.5), Severity.ACT),
    (Code.CHARGING_VOLTAGE, log(Battery=flat(13.2)), Severity.GOOD),
    (Code.CHARGING_VOLTAGE, log(Battery=flat(13.1)), Severity.WATCH),
    (Code.CHARGING_VOLTAGE, log(Battery=flat(15.1)), Severity.WATCH),
    (Code.CHARGING_VOLTAGE, log(Battery=flat(12.7)), Severity.ACT),
    (Code.CHARGING_VOLTAGE, log(Battery=flat(15.4)), Severity.ACT),
    (Code.INJECTOR_CORRECTION, warm(1.10, 1.01), Severity.GOOD),
    (Code.INJECTOR_CORRECTION, warm(1.11, 1.01), Severity.WATCH),
    (Code.INJECTOR_CORRECTION, warm(0.79, 1.01), Severity.ACT),
    (Code.INJECTOR_MEAN, warm(1.05, 1.05), Severity.GOOD),
    (Code.INJECTOR_MEAN, warm(0.94, 0.94), Severity.WATCH),
    (Code.INJECTOR_MEAN, warm(1.11, 1.11), Severity.ACT),
    (Code.RAIL_PRESSURE_IDLE, log(FuelPress=flat(315), FuelPressInstr=flat(300)), Severity.GOOD),
    (Code.RAIL_PRESSURE_IDLE, log(FuelPress=flat(200), FuelPressInstr=flat(300)), Severity.WATCH),
    (Code.BOOST_ERROR, boost(-150), Severity.GOOD),
    (Code.BOOST_ERROR, boost(-151), Severity.WATCH),
    (Code.BOOST_ERROR, boost(151), Severity.WATCH),
    (Code.EGR_ERROR, egr(10, 0), Severity.GOOD),
    (Code.EGR_ERROR, egr(11, 0), Severity.WATCH),
    (Code.EGR_ERROR, egr(20, 30), Severity.GOOD),
    (Code.EGR_ERROR, egr(19, 30), Severity.WATCH),
    (Code.EGR_ERROR, egr(0, 100), Severity.WATCH),
    (Code.FAULT_CODES, log(Errors=flat(0)), Severity.GOOD),
    (Code.FAULT_CODES, log(Errors=flat(3)), Severity.WATCH),
]


def finding(code: Code, columns: dict[str, Cells]) -> dict[str, Any]:
    findings = {one["code"]: one for one in analysis(columns)["health"]["findings"]}
    return findings[code]  # type: ignore[no-any-return]


def rests_on(found: dict[str, Any]) -> tuple[int, str, str]:
    """Return how many rows a finding rests on, and the times of the first and the last."""
    evidence = found["evidence"]
    return evidence["rows"], evidence["from"][11:], evidence["to"][11:]


@pytest.mark.parametrize(("code", "columns", "severity"), REACHED)
def test_a_limit_that_is_reached(code: Code, columns: dict[str, Cells], severity: Severity) -> None:
    found = finding(code, columns)
    assert found["severity"] == severity
    assert found["limit"] == LIMITS[code].to_dict()
    assert (found["advice"] is None) == (severity is Severity.GOOD)
    assert found["evidence"]["rows"] >= 1
    assert found["evidence"]["from"] <= found["evidence"]["to"]


def test_every_row_of_the_table_is_tried() -> None:
    assert {code for code, _, _ in REACHED} | OVER_MANY_LOGS | OF_SENSORS == set(Code) == set(LIMITS)
    reached: dict[Code, set[Severity]] = {}
    for code, _, severity in REACHED:
        reached.setdefault(code, set()).add(severity)
    for code, severities in reached.items():
        assert severities >= LIMITS[code].severities() - {Severity.GOOD}, code


def test_the_words_say_what_when_against_what_and_how_sure() -> None:
    found = finding(Code.OIL_DILUTION, log(OilDilution=flat(5)))
    assert found["text"] == (
        "According to the ECU the oil contains 5 % of fuel (08:00:00 to 08:11:39). The limit is 5 % or more. "
        "Medium confidence."
    )
    assert "at injector 1 (" in finding(Code.INJECTOR_CORRECTION, warm(1.2, 1.0))["text"]


def test_the_verdict_carries_the_most_urgent_of_its_findings() -> None:
    def urgency(columns: dict[str, Cells]) -> str | None:
        health = analysis(columns)["health"]
        each = {one["code"]: one["urgency"] for one in health["findings"]}
        assert health["urgency"] in each.values() or health["urgency"] is None
        return health["urgency"]  # type: ignore[no-any-return]

    assert urgency(log(Coolant=flat(109))) is None
    assert urgency(log(Coolant=flat(110))) == "stop_now"
    assert urgency(log(OilDilution=flat(7))) == "workshop_gently"
    assert urgency(battery(11.5) | {"OilDilution": flat(7)}) == "workshop_gently"
    assert urgency(battery(11.5)) == "plan"
    assert urgency(battery(11.5) | {"OilTemp": flat(125)}) == "stop_now"


def test_the_evidence_is_the_rows_it_was_taken_from() -> None:
    pressure = [*[6] * 100, *[350] * 3, *[6] * 597]
    found = finding(Code.MAX_PRESSURE, log(FAPpressure=pressure, Speed=flat(90)))
    assert rests_on(found) == (3, "08:01:40", "08:01:42")
    assert found["evidence"]["from"].startswith("2025-02-03T")


def verdict(columns: dict[str, Cells], **how: Any) -> str:
    return analysis(columns, **how)["health"]["verdict"]  # type: ignore[no-any-return]


def test_the_verdict_is_the_worst_finding() -> None:
    assert verdict(log(Errors=flat(0))) == "good"
    assert verdict(log(Errors=flat(1))) == "watch"
    assert verdict(log(Errors=flat(1), Coolant=flat(111))) == "act"


def test_unknown_when_too_little_was_seen() -> None:
    assert verdict({name: cells[:300] for name, cells in log().items()}) == "unknown"  # 299 s
    assert verdict({name: cells[:301] for name, cells in log().items()}) == "good"
    assert verdict(log(FAPpressure=[None] * ROWS)) == "unknown"
    assert verdict({"Speed": [50] * 1000, "FAPpressure": [6] * 1000}) == "unknown"


def test_low_confidence_never_says_act() -> None:
    for limit in LIMITS.values():
        if limit.confidence is Confidence.LOW:
            assert {limit.judge(value) for value in (-1e9, 0.0, 1e9)} <= {Severity.GOOD, Severity.WATCH}


def test_act_lies_beyond_watch_and_good_between() -> None:
    for limit in LIMITS.values():
        low, high = limit.scale
        assert low < high
        if isinstance(limit.watch, tuple):
            assert limit.bad is Bad.OUTSIDE
            assert limit.judge(sum(limit.watch) / 2) is Severity.GOOD
            if isinstance(limit.act, tuple):
                assert limit.act[0] < limit.watch[0] < limit.watch[1] < limit.act[1]
        elif isinstance(limit.act, float | int) and limit.act != limit.watch:
            beyond = limit.act > limit.watch
            assert beyond == (limit.bad in {Bad.AT_OR_ABOVE, Bad.ABOVE})


def test_the_worst_of_nothing_is_unknown() -> None:
    assert worst([]) is Severity.UNKNOWN
    assert worst([Severity.GOOD, Severity.ACT, Severity.WATCH]) is Severity.ACT


def test_a_life_extrapolated_from_little_is_not_judged() -> None:
    columns = {**log(FAPlifeLeft=flat(100)), "FAP life": flat(9_999)}
    assert "filter_life_left" not in {one["code"] for one in analysis(columns)["health"]["findings"]}


@pytest.mark.parametrize(("rows", "told"), [(59, False), (60, True)])
def test_boost_is_judged_by_a_minute_of_it(rows: int, told: bool) -> None:
    demand = [1500] * rows + [1000] * (ROWS - rows)
    assert (Code.BOOST_ERROR in codes(log(TurboInstr=demand, Turbopress=flat(1000)))) == told
    assert Code.BOOST_ERROR not in codes(log(TurboInstr=demand))


def test_charging_is_a_mean_over_ten_minutes_not_a_moment() -> None:
    found = finding(Code.CHARGING_VOLTAGE, log(Battery=[12.0] * 30 + [14.4] * 670))
    assert found["severity"] == "good"
    short = {name: cells[:599] for name, cells in log(Battery=flat(11.0)).items()}
    assert "charging_voltage" not in {one["code"] for one in analysis(short)["health"]["findings"]}


def test_a_moment_is_said_as_one_time() -> None:
    found = finding(Code.COOLANT_MAX, log(Coolant=[90] * 699 + [105]))
    assert "The coolant reached 105 °C (at 08:11:39)." in found["text"]


def test_the_longest_regeneration_is_judged_whichever_it_is() -> None:
    for flag in ([1] * 400 + [0] * 100 + [1] * 100 + [0] * 100, [1] * 100 + [0] * 100 + [1] * 400 + [0] * 100):
        found = finding(Code.REGEN_DURATION, log(REGEN=flag))
        assert found["evidence"]["rows"] == 400
        assert found["value"] in {6.7, 6.6}  # 400 s, or 399 s where the first row is the log's first


def test_a_complete_regeneration_is_none_aborted() -> None:
    reset = [500] * 300 + [0] * 400
    found = finding(Code.REGENS_ABORTED, log(REGEN=[0] * 100 + [1] * 100 + [0] * 500, LastRegen=reset))
    assert (found["value"], found["severity"]) == (0, "good")
    assert rests_on(found) == (100, "08:01:40", "08:03:19")


def test_an_unknown_outcome_is_not_judged() -> None:
    columns = log(REGEN=[0] * 100 + [1] * 100 + [0] * 500)
    assert "regens_aborted" not in {one["code"] for one in analysis(columns)["health"]["findings"]}


def test_without_a_tank_no_additive_is_judged() -> None:
    def codes(**columns: Cells) -> set[str]:
        return {one["code"] for one in analysis(log(**columns))["health"]["findings"]}

    assert "additive_remaining" not in codes(FAPAdditiveVol=flat(0), FAPAdditiveRemain=flat(0))
    assert "additive_remaining" in codes(FAPAdditiveVol=flat(1), FAPAdditiveRemain=flat(0))
    assert "additive_remaining" in codes(FAPAdditiveRemain=flat(0))


@pytest.mark.parametrize(("seconds", "told"), [(9, False), (10, True)])
def test_pressure_with_the_engine_off_for_ten_seconds(seconds: int, told: bool) -> None:
    # the first row the engine stands still begins the stretch
    columns = log(Revs=[800] * (699 - seconds) + [0] * (seconds + 1), FAPpressure=flat(4))
    findings = {one["code"]: one for one in analysis(columns)["health"]["findings"]}
    assert ("pressure_engine_off" in findings) == told
    if told:
        assert findings["pressure_engine_off"]["evidence"]["rows"] == 1


def test_an_engine_is_not_off_while_the_car_moves() -> None:
    """With a dead `Revs` the pressure of a drive is not that of an engine that stands still."""
    columns = log(Revs=flat(0), Speed=flat(50), FAPpressure=flat(40))
    assert "pressure_engine_off" not in {one["code"] for one in analysis(columns)["health"]["findings"]}


@pytest.mark.parametrize("name", ["Coolant", "OilTemp"])
@pytest.mark.parametrize("spike", [[127], [127, 127], [105, 127], [0, 150]])
def test_a_misread_temperature_does_not_say_stop(name: str, spike: list[float]) -> None:
    for place in (3, 300, ROWS - 3 - len(spike)):
        cells: Cells = [90] * place + spike + [90] * (ROWS - place - len(spike))
        found = analysis(log(**{name: cells}))
        assert found["health"]["verdict"] == "good"
        assert found["engine"]["coolantTemp" if name == "Coolant" else "oilTemp"]["max_c"] == 90
        assert found["quality"]["voided"] == {name: {"sentinel": 0, "implausible": len(spike)}}


@pytest.mark.parametrize(
    "cells", [[90] * 694 + [103, 106, 112, 112, 110, 105], [90] * 300 + [127] * 3 + [90] * 397, [90] * 699 + [127]]
)
def test_a_hot_engine_is_no_misreading(cells: Cells) -> None:
    assert analysis(log(Coolant=cells))["health"]["verdict"] == "act"


def test_a_gap_breaks_a_stretch() -> None:
    times = [float(row + (20 if row >= 694 else 0)) for row in range(ROWS)]
    columns = log(Revs=[800] * 685 + [0] * 15, FAPpressure=flat(4))  # nine seconds, a gap, six seconds
    assert "pressure_engine_off" not in {one["code"] for one in analysis(columns, t=times)["health"]["findings"]}


def test_charging_is_the_worst_ten_minutes_of_any_drive() -> None:
    volts = [14.0] * 600 + [13.0] * 700 + [15.0] * 700
    columns: dict[str, Cells] = {"Revs": [800] * 2000, "Speed": [0] * 2000, "FAPpressure": [6] * 2000, "Battery": volts}
    times = [float(row + (1000 if row >= 700 else 0)) for row in range(2000)]
    found = finding(Code.CHARGING_VOLTAGE, columns)
    assert found["value"] == 13.0
    assert rests_on(found) == (600, "08:10:00", "08:19:59")
    found = {one["code"]: one for one in analysis(columns, t=times)["health"]["findings"]}["charging_voltage"]
    assert found["value"] == 13.0
    assert rests_on(found) == (600, "08:28:21", "08:38:20")


def test_the_longest_row_of_aborted_ones_counts() -> None:
    parts: list[tuple[int, list[float]]] = [(2, [500, 510]), (1, [0]), (1, [20])]  # two aborted, one complete, one more
    flag: list[float] = []
    counter: list[float] = []
    for times, kilometres in parts:
        for km in kilometres[:times]:
            flag += [1] * 100 + [0] * 900
            counter += [km] * 1000
    counter[2000:2050] = [520] * 50  # the third is complete: the counter falls within it
    rows = len(flag)
    found = finding(
        Code.REGENS_ABORTED,
        {"Revs": [800] * rows, "Speed": [0] * rows, "FAPpressure": [6] * rows, "REGEN": flag, "LastRegen": counter},
    )
    assert (found["value"], found["evidence"]["rows"], found["evidence"]["from"][11:]) == (2, 200, "08:00:00")


@pytest.mark.parametrize(
    ("code", "column", "value"),
    [
        (Code.OIL_DILUTION, "OilDilution", 3), (Code.IDLE_PRESSURE, "FAPpressure", 7),
        (Code.MAX_PRESSURE, "FAPpressure", 7), (Code.CHARGING_VOLTAGE, "Battery", 14),
    ],
)  # fmt: skip
def test_a_finding_about_the_running_engine_rests_on_its_rows(code: Code, column: str, value: float) -> None:
    columns = log(Revs=[0] * 20 + [800] * 680) | {column: flat(value)}
    evidence = finding(code, columns)["evidence"]
    rows = 600 if code is Code.CHARGING_VOLTAGE else 680
    assert (evidence["rows"], evidence["from"]) == (rows, "2025-02-03T08:00:20")


def test_the_battery_before_the_start_rests_on_the_rows_before_it() -> None:
    assert rests_on(finding(Code.BATTERY_BEFORE_START, battery(12.0))) == (20, "08:00:00", "08:00:19")


def test_one_correction_is_enough_to_be_told() -> None:
    found = finding(Code.INJECTOR_CORRECTION, log(OilTemp=flat(80), **{"Inj.1FlowCorr": [None] * 699 + [1.2]}))
    assert (found["value"], found["evidence"]["rows"]) == (1.2, 1)


def test_the_rounded_value_is_what_is_judged() -> None:
    found = finding(Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(300.4)))
    assert (found["value"], type(found["value"]), found["severity"]) == (300, int, "watch")
    found = finding(Code.IDLE_PRESSURE, log(FAPpressure=flat(24.96)))
    assert (found["value"], found["severity"]) == (25.0, "watch")


def test_a_life_is_judged_from_ten_thousand_km_on() -> None:
    columns = {**log(FAPlifeLeft=flat(100)), "FAP life": flat(10_000)}
    assert finding(Code.FILTER_LIFE_LEFT, columns)["severity"] == "watch"


def test_ten_minutes_of_charging_in_any_drive_are_enough() -> None:
    rows = 10 + 601
    columns: dict[str, Cells] = {"Revs": [800] * rows, "Speed": [0] * rows, "Battery": [14] * rows}
    times = [float(row + (300 if row >= 10 else 0)) for row in range(rows)]
    codes = {one["code"] for one in analysis(columns, t=times)["health"]["findings"]}
    assert "charging_voltage" in codes


def codes(columns: dict[str, Cells], **how: Any) -> set[str]:
    return {one["code"] for one in analysis(columns, **how)["health"]["findings"]}


def test_a_filter_that_hardly_resists_is_not_called_good_by_its_low_pressure() -> None:
    found = codes(resisting(0.01))
    assert Code.RESTRICTION_LOW in found
    assert not {Code.IDLE_PRESSURE, Code.MAX_PRESSURE, Code.RESTRICTION_HIGH} & found
    assert {Code.MAX_PRESSURE, Code.RESTRICTION_HIGH} <= codes(resisting(0.1))


def test_a_log_that_begins_with_a_regeneration_is_judged_by_what_follows_it() -> None:
    flag = [1] * 100 + [0] * 600
    assert finding(Code.RESTRICTION_HIGH, resisting(0.7) | {"REGEN": flag})["value"] == 0.7
    both = resisting(0.7) | {"REGEN": [0] * 100 + [1] * 100 + [0] * 500}
    both["FAPpressure"] = [0.7 * 100] * 100 + [0.2 * 100] * 600
    assert finding(Code.RESTRICTION_HIGH, both)["value"] == pytest.approx(0.7, abs=0.01)


def test_without_what_the_flow_is_made_of_no_restriction_is_judged() -> None:
    for missing in ("FAPtemp", "AirFlow", "InjFlow", "FAPpressure"):
        columns = {name: cells for name, cells in resisting(0.7).items() if name != missing}
        assert not {Code.RESTRICTION_LOW, Code.RESTRICTION_HIGH} & codes(columns), missing


def test_the_highest_pressure_says_at_which_flow() -> None:
    found = finding(Code.MAX_PRESSURE, resisting(0.5))
    assert found["evidence"]["flow_m3h"] == 100
    assert ", at a flow of 100 m³/h)" in found["text"]
    assert finding(Code.MAX_PRESSURE, log())["evidence"]["flow_m3h"] is None
    assert finding(Code.IDLE_PRESSURE, log())["evidence"]["flow_m3h"] is None


@pytest.mark.parametrize(
    ("highest", "rise", "minutes", "told"),
    [(74, 2, 20, True), (74, 2, 19, False), (74, 3, 20, False), (74, 2.9, 20, True), (75, 3, 20, True)],
)
def test_an_engine_that_stays_cold_needs_twenty_minutes_and_a_coolant_that_no_longer_rises(
    highest: float, rise: float, minutes: int, told: bool
) -> None:
    rows = minutes * 60 + 1
    columns: dict[str, Cells] = {name: [values[0]] * rows for name, values in log().items()}
    columns["Coolant"] = [highest - rise] * (rows - 600) + [highest - rise + rise * row / 599 for row in range(600)]
    assert (Code.NEVER_WARM in codes(columns)) == told


@pytest.mark.parametrize(("typical", "told"), [(68, True), (68.9, True), (69, False)])
def test_a_coolant_that_the_load_takes_up_at_the_end_no_longer_rises(typical: float, told: bool) -> None:
    columns: dict[str, Cells] = {name: [values[0]] * 1300 for name, values in log().items()}
    columns["Coolant"] = [20] * 300 + [68] * 400 + [66] * 300 + [typical] * 240 + [73] * 60
    assert (Code.NEVER_WARM in codes(columns)) == told


@pytest.mark.parametrize(("last", "told"), [(2.9, True), (3, False)])
def test_a_coolant_that_goes_up_and_down_with_the_load_no_longer_rises(last: float, told: bool) -> None:
    """It is lower ten minutes before the end than it was before."""
    columns: dict[str, Cells] = {name: [values[0]] * 1300 for name, values in log().items()}
    columns["Coolant"] = [20] * 400 + [70] * 200 + [60] * 400 + [70 + last] * 300
    assert (Code.NEVER_WARM in codes(columns)) == told
    columns["Coolant"] = [20] * 400 + [65] * 300 + [70] * 300 + [65 + last] * 300
    assert (Code.NEVER_WARM in codes(columns)) == told


def test_of_several_drives_the_coldest_is_told() -> None:
    long = 1300
    columns: dict[str, Cells] = {name: [values[0]] * 3 * long for name, values in log().items()}
    columns["Coolant"] = [85] * long + [60] * long + [90] * long
    times = [float(row + 1000 * (row // long)) for row in range(3 * long)]
    found = {one["code"]: one for one in analysis(columns, t=times)["health"]["findings"]}[Code.NEVER_WARM]
    assert (found["value"], found["severity"]) == (60, "watch")
    assert rests_on(found) == (long, "08:38:20", "08:59:59")


def test_minutes_with_the_engine_off_do_not_warm_it() -> None:
    columns: dict[str, Cells] = {name: [values[0]] * 1300 for name, values in log().items()}
    columns |= {"Coolant": [50] * 1300, "Revs": [800] * 1100 + [0] * 200}
    assert Code.NEVER_WARM not in codes(columns)
    columns |= {"Coolant": [50] * 1100 + [90] * 200}
    assert Code.NEVER_WARM not in codes(columns)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((1.0, 1.05, 0.95, 1.0), ["2"]),
        ((1.11, 1.0, 0.85, 1.0), ["3", "1"]),
        ((1.0, 1.0, 1.0, 1.3), ["4"]),
        ((0.7, 1.11, 0.89, 1.3), ["1", "4", "2", "3"]),
    ],
)
def test_every_injector_outside_its_limits_is_named(values: tuple[float, ...], named: list[str]) -> None:
    cells = {f"Inj.{number}FlowCorr": flat(value) for number, value in enumerate(values, 1)}
    found = finding(Code.INJECTOR_CORRECTION, log(OilTemp=flat(90), **cells))
    assert [one["name"] for one in found["which"]] == named
    assert [one["value"] for one in found["which"]] == [values[int(name) - 1] for name in named]
    assert found["value"] == found["which"][0]["value"]
    assert f"at injector {named[0]} (" in found["text"]
    listed = ", ".join(f"Injector {name}: {values[int(name) - 1]:g}" for name in named)
    assert (f"Outside the limits: {listed}." in found["text"]) == (len(named) > 1)


def test_a_service_regeneration_may_be_long() -> None:
    rows = 3000
    columns: dict[str, Cells] = {
        "Revs": [2500] * rows, "Speed": [0] * rows, "FAPpressure": [6] * rows, "REGEN": [1] * 2400 + [0] * 600,
    }  # fmt: skip
    found = analysis(columns)
    assert [entry["service"] for entry in found["regens"]] == [True]
    assert Code.REGEN_DURATION not in {one["code"] for one in found["health"]["findings"]}
    for change in (
        {"Speed": [0] * 2000 + [1] + [0] * 999},
        {"Revs": [800] * 241 + [2500] * 2759},
        {"Speed": [None] * rows},
        {"Revs": [1499] * rows},
    ):
        found = analysis(columns | change)
        assert [entry["service"] for entry in found["regens"]] == [False]
        assert finding(Code.REGEN_DURATION, columns | change)["severity"] == "act"
    ramped = analysis(columns | {"Revs": [800] * 240 + [1500] * 2760})
    assert [entry["service"] for entry in ramped["regens"]] == [True]
    unread = analysis(columns | {"Revs": [None] * rows})
    assert [entry["service"] for entry in unread["regens"]] == [False]


@pytest.mark.parametrize(
    ("code", "value", "near"),
    [
        (Code.IDLE_PRESSURE, 23.7, False), (Code.IDLE_PRESSURE, 23.8, True), (Code.IDLE_PRESSURE, 25, False),
        (Code.COOLANT_MAX, 97, False), (Code.COOLANT_MAX, 98, True), (Code.COOLANT_MAX, 103, False),
        (Code.OIL_DILUTION, 3, False), (Code.OIL_DILUTION, 4, True), (Code.OIL_DILUTION, 5, False),
        (Code.PRESSURE_ENGINE_OFF, 3.9, False), (Code.PRESSURE_ENGINE_OFF, 4, True),
        (Code.PRESSURE_ENGINE_OFF, 5, True),
        (Code.ADDITIVE_REMAINING, 316, False), (Code.ADDITIVE_REMAINING, 315, True),
        (Code.BATTERY_BEFORE_START, 12.6, True), (Code.BATTERY_BEFORE_START, 12.61, False),
        (Code.RESTRICTION_HIGH, 0.474, False), (Code.RESTRICTION_HIGH, 0.475, True),
        (Code.RESTRICTION_LOW, 0.042, True), (Code.RESTRICTION_LOW, 0.043, False),
        (Code.CHARGING_VOLTAGE, 13.29, True), (Code.CHARGING_VOLTAGE, 13.3, False),
        (Code.CHARGING_VOLTAGE, 14.91, True),
        (Code.CHARGING_VOLTAGE, 14.9, False), (Code.CHARGING_VOLTAGE, 15.1, False),
        (Code.INJECTOR_CORRECTION, 1.09, True), (Code.INJECTOR_CORRECTION, 1.08, False),
        (Code.REGENS_ABORTED, 0, False), (Code.FAULT_CODES, 0, False),
    ],
)  # fmt: skip
def test_near_a_limit(code: Code, value: float, near: bool) -> None:
    assert LIMITS[code].near(value) == near


def test_what_is_near_a_limit_stays_good_and_says_so() -> None:
    found = finding(Code.OIL_DILUTION, log(OilDilution=flat(4)))
    assert (found["severity"], found["near"], found["advice"]) == ("good", True, None)
    assert "This is fine, but close to the limit; the limit is 5 % or more." in found["text"]
    found = finding(Code.OIL_DILUTION, log(OilDilution=flat(3)))
    assert found["near"] is False
    assert "This is fine; the limit is 5 % or more." in found["text"]


def notes(columns: dict[str, Cells]) -> dict[str, float]:
    found = analysis(columns)["health"]["notes"]
    for one in found:
        assert "{" not in one["text"]
        assert one["unit"] in one["text"] or not one["value"]
    return {one["code"]: one["value"] for one in found}


def test_a_log_of_a_cold_engine_says_so() -> None:
    assert notes(log(Coolant=flat(60))) == {NoteCode.ENGINE_NOT_WARM: 60}
    assert notes(log(Coolant=flat(61))) == {}
    assert notes(log()) == {}
    assert notes(log(Coolant=flat(20), Revs=flat(0))) == {}
    assert verdict(log(Coolant=flat(60))) == "good"


@pytest.mark.parametrize(("since", "due"), [(699, None), (700, 100), (799, 1), (800, 0), (900, 0)])
def test_a_regeneration_that_is_due_is_said_in_words(since: int, due: int | None) -> None:
    found = notes(log(Avg10regen=flat(800), LastRegen=flat(since)))
    assert found == ({} if due is None else {NoteCode.REGENERATION_DUE: due})
    if due is not None:
        (said,) = analysis(log(Avg10regen=flat(800), LastRegen=flat(since)))["health"]["notes"]
        assert said["text"].startswith(
            f"A regeneration is due in about {due} km" if due else "A regeneration is due at"
        )


@pytest.mark.parametrize(("seconds", "told"), [(59, False), (60, True)])
def test_the_pressure_at_idle_needs_a_minute_of_it(seconds: int, told: bool) -> None:
    # the first row stands for no time
    speed = [0] * (seconds + 1) + [50] * (699 - seconds)
    assert (Code.IDLE_PRESSURE in codes(log(Speed=speed, FAPpressure=flat(30)))) == told


def rail(error: list[float], idle: list[int]) -> dict[str, Cells]:
    return log(
        FuelPress=[300 + one for one in error], FuelPressInstr=flat(300), Speed=[0 if one else 50 for one in idle]
    )


def test_a_rail_pressure_that_is_off_only_while_the_revs_fall_is_none() -> None:
    falling = [1 if row % 20 < 10 else 0 for row in range(ROWS)]  # ten seconds of idle, ten of driving
    error = [-90.0 if row % 20 < 3 else 0.0 for row in range(ROWS)]
    found = finding(Code.RAIL_PRESSURE_IDLE, rail(error, falling))
    assert (found["value"], found["severity"]) == (0, "good")
    assert found["evidence"]["rows"] == 35 * 5
    lasting = finding(Code.RAIL_PRESSURE_IDLE, rail([-20.0] * ROWS, falling))
    assert (lasting["value"], lasting["severity"]) == (-20, "watch")


@pytest.mark.parametrize(("rows", "rests_on"), [(14, None), (15, 10), (100, 95)])
def test_a_rail_pressure_is_judged_by_settled_idle(rows: int, rests_on: int | None) -> None:
    """Here in one piece: its first five rows are not settled."""
    found = analysis(rail([20.0] * ROWS, [1] * rows + [0] * (ROWS - rows)))["health"]["findings"]
    (evidence,) = [one["evidence"]["rows"] for one in found if one["code"] == Code.RAIL_PRESSURE_IDLE] or [None]
    assert evidence == rests_on


@pytest.mark.parametrize(("pieces", "told"), [(7, False), (8, True)])
def test_without_settled_idle_thirty_rows_of_any_idle_will_do(pieces: int, told: bool) -> None:
    """Stop and go: the engine idles for four seconds at a time."""
    idle = [1 if row % 20 < 4 and row < 20 * pieces else 0 for row in range(ROWS)]
    assert (Code.RAIL_PRESSURE_IDLE in codes(rail([20.0] * ROWS, idle))) == told


def test_a_few_rows_of_falling_revs_do_not_hide_a_low_rail_pressure() -> None:
    """Their mean is near 0: the demand had already fallen when the pressure was read."""
    error = [252.0 if row % 40 < 2 else -28.0 for row in range(ROWS)]
    found = finding(Code.RAIL_PRESSURE_IDLE, rail(error, [1 if row % 40 < 20 else 0 for row in range(ROWS)]))
    assert (found["value"], found["severity"]) == (-28, "watch")


def test_the_larger_error_of_the_egr_valve_is_told() -> None:
    demand = [0] * 300 + [30] * 400
    stuck_open = finding(Code.EGR_ERROR, log(EGRpos=flat(40), EGRposInstr=demand))
    assert (stuck_open["value"], stuck_open["evidence"]["rows"]) == (40, 295)
    stuck_shut = finding(Code.EGR_ERROR, log(EGRpos=flat(0), EGRposInstr=demand))
    assert (stuck_shut["value"], stuck_shut["evidence"]["rows"]) == (-30, 395)


@pytest.mark.parametrize(("seconds", "told"), [(34, False), (35, True)])
def test_the_egr_valve_needs_thirty_rows_of_a_demand_that_lasts(seconds: int, told: bool) -> None:
    demand = [0] * seconds + [2] * (ROWS - seconds)  # 2 % asks for nothing
    assert (Code.EGR_ERROR in codes(log(EGRpos=flat(40), EGRposInstr=demand))) == told
    restless = [0, 0, 0, 0, 2] * (ROWS // 5)
    assert Code.EGR_ERROR not in codes(log(EGRpos=flat(40), EGRposInstr=restless))


def test_the_egr_valve_is_not_judged_while_it_follows_or_in_a_regeneration() -> None:
    late = [0.0 if row % 20 < 3 else 30.0 for row in range(ROWS)]
    demand = [30.0 if row % 20 < 17 else 0.0 for row in range(ROWS)]
    assert finding(Code.EGR_ERROR, log(EGRpos=late, EGRposInstr=demand))["value"] == 0
    assert Code.EGR_ERROR not in codes(log(EGRpos=flat(40), EGRposInstr=flat(0), REGEN=flat(1)))
    off = log(EGRpos=flat(40), EGRposInstr=flat(0), Revs=flat(0))
    assert Code.EGR_ERROR not in codes(off)
    assert Code.EGR_ERROR not in codes(log(EGRpos=flat(40)))


def test_a_boost_that_lags_where_the_demand_jumps_is_no_error() -> None:
    """Every twenty seconds the pressure follows three seconds late: first it is 500 mbar too low, then too high."""
    demand = [1500.0 if row % 20 < 8 else 1000.0 for row in range(ROWS)]
    late = [1500.0 if (row - 3) % 20 < 8 else 1000.0 for row in range(ROWS)]
    assert abs(finding(Code.BOOST_ERROR, log(TurboInstr=demand, Turbopress=late))["value"]) < 2
    leaking = [1000 + (one - 1000) * 0.4 for one in late]
    assert finding(Code.BOOST_ERROR, log(TurboInstr=demand, Turbopress=leaking))["severity"] == "watch"
