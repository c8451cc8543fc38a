"""The average to the letter: every leaf, rounding, border and sentence that a single hand-made case can settle."""

from typing import Any

import pytest

from faplog.contracts import catalogue
from faplog.contracts.findings import TrendFinding
from faplog.contracts.limits import Code
from functions.average.core import average
from functions.average.core.reading import slim
from tests.unit.average.analyses import Json, analysis, regen, seconds


def plain(model: Any) -> Json:
    dumped: Json = model.model_dump(mode="json", by_alias=True)
    return dumped


def test_a_point_of_the_trends() -> None:
    log = analysis(
        {
            "restriction": {"kv": 0.291, "kv_afterRegen": 0.195},
            "fap": {
                "pressure_idle": {"avg_mbar": 7.3},
                "additive": {"remain_ml": 744.5},
                "deposits": {"percentage_perc": 12.0},
                "life": {"life_km": 10_000, "left_km": 90_000},
            },
            "engine": {"oilDilution_perc": 2, "battery": {"beforeDrive_v": 12.31}},
            "fuelConsumption.overall.avg_l100km": 6.54,
        },
        sootRate_gl100km=1.93,
        regens=[regen(interval_km=612)],
    )
    found = average([{"analysisId": "first", "analysis": log}])
    assert [plain(point) for point in found.trends["DCM62v2"]] == [
        {
            "date": "2025-03-14",
            "analysisId": "first",
            "sootRate_gl100km": 1.93,
            "kv": 0.291,
            "kv_afterRegen": 0.195,
            "pressure_idle_mbar": 7.3,
            "interval_km": 612,
            "outcome": "complete",
            "l100km": 6.54,
            "oilDilution_perc": 2,
            "additive_ml": 744.5,
            "battery_before_v": 12.31,
            "ash_perc": 12.0,
            "filter_life_left_km": 90_000,
            "filter_km": 10_000,
        }
    ]


POOLED: Json = {
    "previousRegen_km": 688, "duration_sec": 834, "distance_km": 11.5,
    "speed": {"min_kmh": 3, "max_kmh": 91, "avg_kmh": 48}, "fapTemp": {"min_c": 199, "max_c": 655, "avg_c": 543},
    "fapPressure": {"min_mbar": 1.5, "max_mbar": 101.5, "avg_mbar": 33.2},
    "revs": {"min": 750, "max": 2800, "avg": 1501},
    "fapSoot": {"start_gl": 15.12, "end_gl": 1.34},
    "fuelConsumption": {"regen_l100km": 9.87, "nonRegen_l100km": 6.54},
}  # fmt: skip


def test_one_regeneration_known_only_as_a_whole_is_what_it_is() -> None:
    found = average([analysis({"overall.distance_km": 50.0, "fapRegen": POOLED})])
    assert found.fapRegen
    assert plain(found.fapRegen) == POOLED | {"numberOfRegens": 1, "previousRegen_km": 688.0, "duration_sec": 834.0}
    assert plain(found.regens) == {"complete": 0, "aborted": 0, "unknown": 1, "intervals_km": [688]}


def test_means_over_regenerations_to_their_decimals() -> None:
    listed = [
        regen(interval_km=100 + n, duration_sec=200 + n, distance_km=5 + n / 10, soot_start_gl=15 + n, soot_end_gl=n,
              avg_speed_kmh=40 + n, temp_avg_c=500 + n, temp_max_c=600.6 + n)
        for n in (0, 0, 1)
    ]  # fmt: skip
    found = average([analysis(regens=listed, fapRegen=POOLED)]).fapRegen
    assert found
    assert (found.previousRegen_km, found.duration_sec, found.distance_km) == (100.3, 200.3, 5.0)
    assert (found.speed.avg_kmh, found.fapTemp.avg_c, found.fapTemp.max_c) == (40, 500, 655)
    assert (found.fapSoot.start_gl, found.fapSoot.end_gl) == (15.33, 0.33)
    hotter = average([analysis(regens=[regen(temp_max_c=660.6)], fapRegen=POOLED)]).fapRegen
    assert hotter
    assert (hotter.fapTemp.max_c, hotter.fapTemp.avg_c, hotter.speed.avg_kmh) == (661, 543, 48)


def test_regenerations_that_ended_unseen_count_too() -> None:
    listed = [regen(outcome="unknown"), regen(outcome="whatever"), regen(outcome=7), regen(outcome="aborted")]
    found = average([analysis(regens=listed)])
    assert plain(found.regens) == {"complete": 0, "aborted": 1, "unknown": 3, "intervals_km": []}
    assert found.fapRegen
    assert found.fapRegen.numberOfRegens == 4


@pytest.mark.parametrize(("total", "unknown"), [(0, 1), (1, 1), (3, 3), (100_000, 100_000), (100_001, 1)])
def test_what_was_cut_off_a_list_ended_unknown(total: int, unknown: int) -> None:
    found = average([analysis(regens=[regen(outcome="unknown")], regens_total=total)]).regens
    assert found.unknown == unknown


def test_consumption_in_regenerations_of_logs_that_tell_it() -> None:
    silent = analysis({"fapRegen": {"distance_km": None, "fuelConsumption": {"regen_l100km": 99}}})
    whole = analysis(
        {"fapRegen": {"distance_km": 10, "fuelConsumption": {"regen_l100km": 9.876, "nonRegen_l100km": 5}}}
    )
    found = average([silent, whole]).fapRegen
    assert found
    assert (found.fuelConsumption.regen_l100km, found.fuelConsumption.nonRegen_l100km) == (9.88, None)


def test_consumption_to_the_hundredth() -> None:
    assert average([]).fuelConsumption.overall.total_l is None
    logs = [
        analysis({"fuelConsumption.overall.total_l": litres, "overall.distance_km": 10.0}) for litres in (0.123, 0.456)
    ]
    found = average(logs).fuelConsumption.overall
    assert (found.total_l, found.avg_l100km) == (0.58, 2.9)
    ranges = [{"5-15_l100km": rate, "_5-15_km": 1.0} for rate in (7.0, 7.0, 8.0)]
    by_speed = average([analysis({"fuelConsumption.bySpeedRange": each}) for each in ranges]).fuelConsumption
    assert by_speed.bySpeedRange == {"5-15_l100km": 7.33}


def forecast(*logs: Json) -> tuple[Any, Any, list[str]] | None:
    found = average(list(logs)).nextRegen
    return None if found is None else (found.low_km, found.high_km, list(found.basis))


def test_the_forecast_needs_both_halves_of_a_basis() -> None:
    trigger, rate = regen(soot_start_gl=15.0), {"sootRate_gl100km": 2.0, "fap.soot.end_gl": 5.0}
    assert forecast(analysis(rate)) is None
    assert forecast(analysis({"fap.soot.end_gl": 5.0}, regens=[trigger])) is None
    assert forecast(analysis(rate, regens=[trigger])) == (500, 500, ["own trigger and rate"])
    assert forecast(analysis({"fap.last10Regen_km": 700})) is None
    assert forecast(analysis({"fap.lastRegen_km": 100})) is None
    assert forecast(analysis({"fap": {"last10Regen_km": 700, "lastRegen_km": 100}})) == (
        600, 600, ["ecu mean interval"],
    )  # fmt: skip


@pytest.mark.parametrize(("rate", "km"), [(0.1, 10_000), (0.09, None)])
def test_a_filter_that_hardly_fills_tells_no_rate(rate: float, km: int | None) -> None:
    log = analysis({"sootRate_gl100km": rate, "fap.soot.end_gl": 5.0}, regens=[regen(soot_start_gl=15.0)])
    assert forecast(log) == (km and (km, km, ["own trigger and rate"]))


def test_the_forecast_goes_by_the_last_log_that_tells() -> None:
    def log(day: int, mean: int | None, since: int, km: float) -> Json:
        counters = {"last10Regen_km": mean, "lastRegen_km": since}
        return analysis({"fap": counters, "overall.distance_km": km}, date=f"2025-03-0{day}")

    assert forecast(log(1, 700, 100, 50), log(2, 800, 300, 20), log(3, None, 1, 30)) == (
        470, 470, ["ecu mean interval"],
    )  # fmt: skip


def history(*days: Json) -> dict[str, TrendFinding]:
    logs = [analysis(day, date=f"2025-{1 + n // 28:02d}-{1 + n % 28:02d}") for n, day in enumerate(days)]
    return {finding.code: finding for finding in average(logs).health.findings}


def intervals(*km: float) -> list[Json]:
    return [{"regens": [regen(interval_km=value)]} for value in km]


def test_the_mean_interval_is_of_the_last_ten() -> None:
    found = history(*intervals(9000, *[500] * 9, 600))[Code.REGEN_INTERVAL]
    assert (found.value, found.evidence.logs) == (510, 10)
    assert found.text == (
        "The last regenerations were 510 km apart on average (over 10 logs). This is fine; the limit is 300 km or "
        "less. Medium confidence."
    )


@pytest.mark.parametrize(
    ("km", "value"), [((400, 400, 200, 200, 200), None), ((400, 400, 400, 200, 200, 200), 33.33), ((400,) * 6, 0)]
)
def test_a_drop_is_told_from_six_intervals_on(km: tuple[float, ...], value: float | None) -> None:
    found = history(*intervals(*km)).get(Code.INTERVAL_DROP)
    assert (found and found.value) == value


def after_regen(*values: float) -> list[Json]:
    return [{"restriction.kv_afterRegen": kv, "regens": [regen()]} for kv in values]


@pytest.mark.parametrize(
    ("values", "rise"),
    [
        ((0.20, 0.22, 0.24), 20.0),  # a line of 0.02 from 0.20 on
        ((0.20, 0.20, 0.26, 0.26), 38.96),  # slopes 0, 0.03, 0.02, 0.06, 0.03, 0: 0.025; the line begins at 0.1925
        ((0.20, 0.21, 0.50, 0.23), 15.0),  # one odd value
    ],
)
def test_the_rise_of_the_restriction_by_theil_and_sen(values: tuple[float, ...], rise: float) -> None:
    found = history(*after_regen(*values))[Code.RESTRICTION_RISE]
    assert found.evidence.logs == len(values)
    assert found.value == pytest.approx(rise, abs=0.01)


def test_aborted_ones_up_to_the_last() -> None:
    def days(outcomes: str) -> list[Json]:
        names = {"a": "aborted", "c": "complete"}
        return [{"regens": [regen(outcome=names[letter])]} for letter in outcomes]

    found = history(*days("acaa"))[Code.REGENS_ABORTED]
    assert (found.value, found.evidence.logs, found.evidence.from_) == (2, 2, "2025-01-03")
    found = history(*days("aac"))[Code.REGENS_ABORTED]
    assert (found.value, found.evidence.logs, found.evidence.from_) == (0, 1, "2025-01-03")


def test_a_finding_of_logs_without_a_date_has_no_dates() -> None:
    log: Json = {"overall": {}, "engine": {"oilDilution_perc": 5}}
    (found,) = average([log]).health.findings
    assert (found.evidence.from_, found.evidence.to, found.evidence.logs) == (None, None, 1)


@pytest.mark.parametrize(("engine_on", "verdict"), [(300, "good"), (299, "unknown")])
def test_a_verdict_needs_five_minutes(engine_on: int, verdict: str) -> None:
    log = analysis({"overall.duration": seconds(400, engineOn_sec=engine_on), "fap.pressure.max_mbar": 50})
    assert average([log]).health.verdict == verdict


@pytest.mark.parametrize(
    ("days", "code", "text"),
    [
        ([{"engine.oilDilution_perc": 5}], Code.OIL_DILUTION,
         "According to the ECU the oil contains 5 % of fuel (in one log). The limit is 5 % or more. "
         "Medium confidence."),
        ([{"engine.oilDilution_perc": 7}] * 3, Code.OIL_DILUTION,
         "According to the ECU the oil contains 7 % of fuel (the median of the last 3 logs). The limit is 7 % or more. "
         "Medium confidence."),
        ([{"regens": [regen(interval_km=500), regen(interval_km=510)]}], Code.REGEN_INTERVAL,
         "The last regenerations were 505 km apart on average (over one log). This is fine; the limit is 300 km or "
         "less. Medium confidence."),
    ],
)  # fmt: skip
def test_a_finding_in_words(days: list[Json], code: Code, text: str) -> None:
    assert history(*days)[code].text == text


@pytest.mark.parametrize("value", [4, 5, 7])
def test_over_many_logs_the_advice_is_that_of_one(value: int) -> None:
    found = history({"engine.oilDilution_perc": value})[Code.OIL_DILUTION]
    assert found.severity == {4: "good", 5: "watch", 7: "act"}[value]
    assert found.advice == catalogue.advice(Code.OIL_DILUTION, found.severity)
    assert found.urgency == (catalogue.Urgency.WORKSHOP_GENTLY if value == 7 else None)
    assert average([analysis({"engine.oilDilution_perc": value})]).health.urgency == found.urgency


def test_logs_of_a_day_lie_by_their_start_and_without_a_date_first() -> None:
    def log(date: str | None, start: str | None, dilution: int) -> Json:
        return {"overall": {"date": {"date": date, "start": start}}, "engine": {"oilDilution_perc": dilution}}

    given = [log("2025-03-02", "09:00:00", 3), log("2025-03-02", "08:00:00", 2), log(None, None, 1)]
    points = average(given).trends["unknown"]
    assert [point.oilDilution_perc for point in points] == [1, 2, 3]


def test_of_two_logs_of_one_moment_the_order_given_does_not_matter() -> None:
    logs = [analysis({"engine.oilDilution_perc": value}) for value in (4, 2, 3)]
    assert average(logs).trends == average(logs[::-1]).trends
    points = average([{"analysisId": name, "analysis": analysis()} for name in "bca"]).trends["DCM62v2"]
    assert [point.analysisId for point in points] == ["a", "b", "c"]


def test_what_is_no_analysis_is_left_out() -> None:
    bare = {"overall": {"distance_km": 5.0}}
    assert average([bare]).overall.logs == 1
    assert average([bare | {"analysis": None}, {"analysis": 5}, {"fap": {}}, 7]).overall.logs == 0


def test_text_with_a_nul_is_no_text() -> None:
    log = analysis(date="2025\x0003", profile="D\x00C")
    found = average([{"analysisId": "a\x00", "analysis": log}]).trends
    ((profile, (point,)),) = found.items()
    assert (profile, point.date, point.analysisId) == ("unknown", None, None)


def test_slim_keeps_what_an_average_reads() -> None:
    whole = analysis({"drives": [1, 2], "sootRate_gl100km": 1.9, "quality.gaps": 3})
    kept = {"overall": whole["overall"], "sootRate_gl100km": 1.9, "quality": {"profile": "DCM62v2"}}
    item = {"analysisId": "a", "logDate": "2025-03-14T00:00:00.000Z", "distance": 3, "analysis": whole}
    assert slim(item) == {"analysisId": "a", "logDate": "2025-03-14T00:00:00.000Z", "analysis": kept}
    assert slim(whole) == {"analysisId": None, "logDate": None, "analysis": kept}
    act, watch = {"code": "oil_max", "severity": "act", "value": 126}, {"code": "coolant_max", "severity": "watch"}
    judged = slim(whole | {"health": {"verdict": "act", "urgency": "stop_now", "findings": [watch, act, 7]}})
    assert judged["analysis"]["health"] == {"verdict": "act", "findings": [act]}
    for health in (None, {}, {"findings": act}):
        assert slim(whole | {"health": health})["analysis"]["health"] == {"verdict": None, "findings": []}
    assert slim({"analysis": 5}) is None
    assert slim([whole]) is None
    assert slim({}) == {"analysisId": None, "logDate": None, "analysis": {"quality": {"profile": None}}}


def test_regenerations_known_only_as_wholes_count_alike_however_long() -> None:
    short, long = (
        analysis(
            {
                "fapRegen": {
                    "duration_sec": sec, "previousRegen_km": sec, "speed": {"avg_kmh": kmh}, "fapTemp": {"avg_c": temp},
                }
            },
            date=f"2025-03-0{sec // 100}",
        )
        for sec, kmh, temp in ((100, 40, 500), (300, 60, 600))
    )  # fmt: skip
    found = average([long, short])
    assert found.fapRegen
    assert (found.fapRegen.speed.avg_kmh, found.fapRegen.fapTemp.avg_c) == (50, 550)
    points = found.trends["DCM62v2"]
    assert [(point.outcome, point.interval_km) for point in points] == [("unknown", 100), ("unknown", 300)]


def test_the_start_goes_before_the_id() -> None:
    def item(name: str, start: str) -> Json:
        return {"analysisId": name, "analysis": {"overall": {"date": {"date": "2025-03-02", "start": start}}}}

    points = average([item("a", "09:00:00"), item("b", "08:00:00")]).trends["unknown"]
    assert [point.analysisId for point in points] == ["b", "a"]


def test_injectors_are_those_of_the_profile_that_ran_longest() -> None:
    logs = [
        analysis({"engine.injector.injector1": value, "overall.duration": seconds(100, **states)}, profile=profile)
        for profile, value, states in (
            ("A", 1.04, {"engineOn_sec": 90, "idle_sec": 10}),
            ("B", -0.2, {"engineOn_sec": 60, "idle_sec": 70}),
            ("B", -0.2, {"engineOn_sec": 60, "idle_sec": 70}),
        )
    ]
    assert average(logs).engine.injector.injector1 == -0.2
