"""The verdict: each row of the table of limits on a log that just reaches it, and what the words say."""

from typing import Any

import pytest

from faplog.contracts.limits import LIMITS, Bad, Code, Confidence, Severity, worst
from tests.unit.analyse.handmade import Cells, analysis

ROWS = 700
OVER_MANY_LOGS = {Code.INTERVAL_DROP, Code.RESTRICTION_RISE}


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
    return {name: [values[0]] * 2000 for name, values in log().items()} | {"REGEN": [1] * rows + [0] * (2000 - rows)}


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


REACHED: list[tuple[Code, dict[str, Cells], Severity]] = [
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(14.9)), Severity.GOOD),
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(15)), Severity.WATCH),
    (Code.IDLE_PRESSURE, log(FAPpressure=flat(50)), Severity.ACT),
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
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(251)), Severity.GOOD),
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(250)), Severity.WATCH),
    (Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(100)), Severity.ACT),
    (Code.REGEN_INTERVAL, log(Avg10regen=flat(301)), Severity.GOOD),
    (Code.REGEN_INTERVAL, log(Avg10regen=flat(300)), Severity.WATCH),
    (Code.REGEN_INTERVAL, log(Avg10regen=flat(150)), Severity.ACT),
    (Code.REGEN_DURATION, regenerating(20), Severity.GOOD),
    (Code.REGEN_DURATION, regenerating(20.2), Severity.WATCH),
    (Code.REGEN_DURATION, regenerating(30.2), Severity.ACT),
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
    (Code.BOOST_ERROR, boost(-200), Severity.GOOD),
    (Code.BOOST_ERROR, boost(-900), Severity.WATCH),
    (Code.FAULT_CODES, log(Errors=flat(0)), Severity.GOOD),
    (Code.FAULT_CODES, log(Errors=flat(3)), Severity.WATCH),
]


def finding(code: Code, columns: dict[str, Cells]) -> dict[str, Any]:
    findings = {one["code"]: one for one in analysis(columns)["health"]["findings"]}
    return findings[code]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("code", "columns", "severity"), REACHED)
def test_a_limit_that_is_reached(code: Code, columns: dict[str, Cells], severity: Severity) -> None:
    found = finding(code, columns)
    assert found["severity"] == severity
    assert found["limit"] == LIMITS[code].to_dict()
    assert (found["advice"] is None) == (severity is Severity.GOOD)
    assert found["evidence"]["rows"] >= 1
    assert found["evidence"]["from"] <= found["evidence"]["to"]


def test_every_row_of_the_table_is_tried() -> None:
    assert {code for code, _, _ in REACHED} | OVER_MANY_LOGS == set(Code) == set(LIMITS)


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
    assert found["evidence"] == {"rows": 3, "from": "2025-02-03T08:01:40", "to": "2025-02-03T08:01:42"}


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
        elif isinstance(limit.act, float | int):
            beyond = limit.act > limit.watch
            assert beyond == (limit.bad in {Bad.AT_OR_ABOVE, Bad.ABOVE})


def test_the_worst_of_nothing_is_unknown() -> None:
    assert worst([]) is Severity.UNKNOWN
    assert worst([Severity.GOOD, Severity.ACT, Severity.WATCH]) is Severity.ACT


def test_a_life_extrapolated_from_little_is_not_judged() -> None:
    columns = {**log(FAPlifeLeft=flat(100)), "FAP life": flat(9_999)}
    assert "filter_life_left" not in {one["code"] for one in analysis(columns)["health"]["findings"]}


def test_boost_is_judged_only_where_asked_for_at_least_five_seconds() -> None:
    short = [1500 if row % 6 < 5 else 1000 for row in range(ROWS)]
    columns = log(TurboInstr=short, Turbopress=flat(1000))
    assert "boost_error" not in {one["code"] for one in analysis(columns)["health"]["findings"]}


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
    assert found["evidence"] == {"rows": 100, "from": "2025-02-03T08:01:40", "to": "2025-02-03T08:03:19"}


def test_of_what_became_of_it_nothing_is_said_where_nobody_knows() -> None:
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
    assert found["evidence"] == {"rows": 600, "from": "2025-02-03T08:10:00", "to": "2025-02-03T08:19:59"}
    found = {one["code"]: one for one in analysis(columns, t=times)["health"]["findings"]}["charging_voltage"]
    assert found["value"] == 13.0
    assert found["evidence"] == {"rows": 600, "from": "2025-02-03T08:28:21", "to": "2025-02-03T08:38:20"}


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
    evidence = finding(Code.BATTERY_BEFORE_START, battery(12.0))["evidence"]
    assert evidence == {"rows": 20, "from": "2025-02-03T08:00:00", "to": "2025-02-03T08:00:19"}


def test_one_correction_is_enough_to_be_told() -> None:
    found = finding(Code.INJECTOR_CORRECTION, log(OilTemp=flat(80), **{"Inj.1FlowCorr": [None] * 699 + [1.2]}))
    assert (found["value"], found["evidence"]["rows"]) == (1.2, 1)


def test_the_rounded_value_is_what_is_judged() -> None:
    found = finding(Code.ADDITIVE_REMAINING, log(FAPAdditiveRemain=flat(250.4)))
    assert (found["value"], type(found["value"]), found["severity"]) == (250, int, "watch")
    found = finding(Code.IDLE_PRESSURE, log(FAPpressure=flat(14.96)))
    assert (found["value"], found["severity"]) == (15.0, "watch")


def test_a_life_is_judged_from_ten_thousand_km_on() -> None:
    columns = {**log(FAPlifeLeft=flat(100)), "FAP life": flat(10_000)}
    assert finding(Code.FILTER_LIFE_LEFT, columns)["severity"] == "watch"


def test_ten_minutes_of_charging_in_any_drive_are_enough() -> None:
    rows = 10 + 601
    columns: dict[str, Cells] = {"Revs": [800] * rows, "Speed": [0] * rows, "Battery": [14] * rows}
    times = [float(row + (300 if row >= 10 else 0)) for row in range(rows)]
    codes = {one["code"] for one in analysis(columns, t=times)["health"]["findings"]}
    assert "charging_voltage" in codes
