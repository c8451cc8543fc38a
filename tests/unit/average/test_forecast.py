"""Forecasts on hand-made histories: which readings count, and when limits are reached."""

from datetime import date, timedelta
from typing import Any

import pytest

from faplog.contracts.forecasts import Forecast, Forecasts
from functions.average.core import average
from functions.average.core.forecast import Span, km_per_day, km_to, read_odometer, widened
from functions.average.core.slopes import Slope
from tests.unit.average.analyses import Json, analysis

FIRST = date(2025, 1, 1)
PATHS = {
    "km": "fap.life.life_km",
    "additive": "fap.additive.remain_ml",
    "ash": "fap.deposits.percentage_perc",
    "oil": "engine.oilDilution_perc",
    "kv": "restriction.kv",
    "driven": "overall.distance_km",
    "soot": "fap.soot.start_gl",
}


def history(*logs: dict[str, Any], every_days: int = 7) -> list[Json]:
    """Return a log a week with the given figures."""
    return [
        analysis(
            {PATHS[name]: value for name, value in log.items()},
            date=(FIRST + timedelta(days=number * every_days)).isoformat(),
        )
        for number, log in enumerate(logs)
    ]


def course(name: str, *values: float | None, step_km: int = 1000, start_km: int = 20_000) -> list[Json]:
    """Return a history of one figure, its logs so many km apart."""
    return history(*({"km": start_km + number * step_km, name: value} for number, value in enumerate(values)))


def forecasts(logs: list[Json], *notes: Json) -> Forecasts:
    found = average(logs, notes).forecast
    assert found is not None
    return found


def additive(logs: list[Json], *notes: Json) -> Forecast | None:
    return forecasts(logs, *notes).additive


def note(kind: str, on: str, km: int | None = None) -> Json:
    return {"kind": kind, "onDate": on, "km": km}


FALLING = course("additive", 500, 490, 480, 470, 460, 450)


def test_an_additive_that_falls_evenly() -> None:
    found = additive(FALLING)
    assert found is not None
    assert (found.code, found.value, found.unit) == ("additive_remaining", 450, "ml")
    assert (found.per_1000km, found.per_1000km_low, found.per_1000km_high) == (-10, -12, -8), "at least 20 % either way"
    assert (found.count, found.km, found.from_, found.to) == (6, 5000, "2025-01-01", "2025-02-05")
    assert (found.basis, found.since) == ("all_logs", None)
    assert found.watch is not None
    assert found.act is not None
    # 150 ml at 12 and at 8 ml per 1,000 km, and one ml (100 km) either way
    assert (found.watch.limit, found.watch.km_low, found.watch.km_high) == (300, 12_400, 18_850)
    # from 2025-02-05 on, at 1,000 km a week and at least 20 % more or less: 72 and 165 days
    assert (found.watch.date_low, found.watch.date_high) == ("2025-04-18", "2025-07-20")
    assert (found.act.limit, found.act.km_low, found.act.km_high) == (100, 29_066, 43_850)
    assert found.text == (
        "Additive left: 450 ml, 10 ml less per 1,000 km. "
        "300 ml in 12,400 to 18,850 km (2025-04-18 to 2025-07-20). "
        "100 ml in 29,066 to 43,850 km (2025-07-24 to 2026-02-24)."
    )


def test_what_is_beyond_its_limit_has_reached_it() -> None:
    found = additive(course("additive", 340, 320, 310, 305, 300))
    assert found is not None
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (0, 0)
    assert (found.watch.date_low, found.watch.date_high) == ("2025-01-29", "2025-01-29")
    assert found.act is not None
    assert found.act.km_low > 0
    assert "300 ml has been reached. 100 ml in " in found.text


def test_what_has_been_reached_stays_so_whatever_was_driven_since_and_whichever_way_it_goes() -> None:
    later = analysis({"overall.distance_km": 500}, date="2025-02-06")
    for logs in (course("additive", 340, 320, 310, 305, 300), course("additive", 250, 250, 250, 250, 250)):
        found = additive([*logs, later])
        assert found is not None
        assert found.watch is not None
        assert (found.watch.km_low, found.watch.km_high, found.watch.date_low) == (0, 0, "2025-02-06")


@pytest.mark.parametrize(
    ("values", "step_km", "known"),
    [
        ((500, 490, 480, 470), 1000, False),
        ((500, 490, 480, 470, 460), 1000, True),
        ((500, 490, 480, 470, 460), 75, True),
        ((500, 490, 480, 470, 460), 74, False),
        ((500, None, 480, 470, 460), 1000, False),
        ((500, 490, -1, 470, 460), 1000, False),
    ],
)
def test_five_readings_and_300_km_are_needed(values: tuple[float | None, ...], step_km: int, known: bool) -> None:
    assert (additive(course("additive", *values, step_km=step_km)) is not None) is known


def test_without_the_odometer_there_is_no_forecast() -> None:
    assert additive(history(*({"additive": 500 - number} for number in range(9)))) is None
    assert additive([]) is None if average([]).forecast else True
    assert average([]).forecast is None
    assert forecasts(history({})) == Forecasts(additive=None, ash=None, oil_dilution=None, restriction=None)


def test_a_constant_value_reaches_nothing() -> None:
    found = additive(course("additive", 500, 500, 500, 500, 500))
    assert found is not None
    assert (found.watch, found.act, found.per_1000km) == (None, None, 0)
    assert found.text == "Additive left: 500 ml, not changing."


def test_a_value_that_gets_better_reaches_nothing() -> None:
    found = forecasts(course("kv", 0.4, 0.38, 0.36, 0.34, 0.32)).restriction
    assert found is not None
    assert (found.watch, found.act) == (None, None)
    assert found.text == "Filter restriction: 0.36 mbar·h/m³, 0.02 mbar·h/m³ less per 1,000 km."


def test_ash_rises_to_its_limits() -> None:
    found = forecasts(course("ash", 50, 51, 52, 53, 54, 55)).ash
    assert found is not None
    assert (found.code, found.value, found.per_1000km) == ("ash_share", 55, 1)
    assert found.watch is not None
    assert found.act is not None
    assert (found.watch.limit, found.act.limit) == (80, 100)
    # 25 % at 1.2 and 0.8 % per 1,000 km, and one per cent (1,000 km) either way
    assert (found.watch.km_low, found.watch.km_high) == (19_833, 32_250)


def test_the_stand_between_two_steps_is_what_the_moment_may_be_off() -> None:
    found = additive(course("additive", 500, 500, 500, 460, 460, 460, 420, 420, 420, 380, 380, 380))
    assert found is not None
    assert found.watch is not None
    assert found.watch.km_high is not None
    # 80 ml to go; a step every 3,000 km, of which 2,000 were seen to be even
    fastest, slowest = -found.per_1000km_low / 1000, -found.per_1000km_high / 1000
    assert found.watch.km_low == pytest.approx(80 / fastest - 2000, abs=2)
    assert found.watch.km_high == pytest.approx(80 / slowest + 2000, abs=2)


def test_oil_and_restriction_are_the_median_of_the_last_five() -> None:
    oil = forecasts(course("oil", 1, 1, 2, 2, 3, 2, 3, 3, 4, 3)).oil_dilution
    assert oil is not None
    assert (oil.code, oil.value) == ("oil_dilution", 3)
    filter_ = forecasts(course("kv", 0.20, 0.22, 0.24, 0.26, 0.28, 0.30, 0.10)).restriction
    assert filter_ is not None
    assert (filter_.code, filter_.value) == ("restriction_high", 0.26)
    assert filter_.watch is not None
    assert filter_.watch.limit == 0.5


def test_soot_between_two_regenerations_is_no_way_to_the_limit() -> None:
    soot = [3.0, 4.5, 6.0, 7.5, 9.0, 10.5]
    filling = history(*({"km": 20_000 + 60 * at, "kv": 0.18 + 0.0075 * gl, "soot": gl} for at, gl in enumerate(soot)))
    found = forecasts(filling).restriction
    assert found is not None
    assert (found.per_1000km, found.watch, found.act) == (0, None, None)


def test_a_refill_without_a_note_is_seen() -> None:
    refilled = course("additive", 120, 110, 100, 1000, 990, 980, 970, 960)
    found = additive(refilled)
    assert found is not None
    assert (found.basis, found.since, found.count, found.value) == ("since_reset", "2025-01-22", 5, 960)
    assert found.per_1000km == -10
    assert additive(refilled[:-1]) is None, "four readings since"


@pytest.mark.parametrize(("rise", "count"), [(49, 10), (50, 5)])
def test_a_refill_is_50_ml_at_least(rise: int, count: int) -> None:
    before = [500 - 2 * number for number in range(5)]
    after = [before[-1] + rise - 2 * number for number in range(5)]
    found = additive(course("additive", *before, *after))
    assert found is not None
    assert found.count == count


def test_ash_that_falls_is_a_cleaned_filter() -> None:
    found = forecasts(course("ash", 70, 72, 74, 2, 3, 4, 5, 6)).ash
    assert found is not None
    assert (found.basis, found.count, found.value) == ("since_reset", 5, 6)


def test_one_odd_reading_is_left_out() -> None:
    odd = course("additive", 500, 490, 480, 0, 460, 450)
    found = additive(odd)
    assert found is not None
    assert (found.count, found.per_1000km, found.basis) == (5, -10, "all_logs")
    odd = history(
        *({"km": km, "additive": 500 - km // 100} for km in (20_000, 21_000, 999_999, 22_000, 23_000, 24_000))
    )
    found = additive(odd)
    assert found is not None
    assert (found.count, found.km, found.value) == (5, 4000, 260)


def test_a_note_starts_anew_what_it_resets_and_nothing_else() -> None:
    logs = history(
        *({"km": 20_000 + 1000 * n, "additive": 500 - 10 * n, "ash": 50 + n, "oil": 2, "kv": 0.2} for n in range(12))
    )
    refilled = forecasts(logs, note("additive_refilled", "2025-02-12"))
    assert refilled.additive is not None
    assert (refilled.additive.basis, refilled.additive.since) == ("since_note", "2025-02-12")
    assert (refilled.additive.from_, refilled.additive.count) == ("2025-02-12", 6)
    for other in (refilled.ash, refilled.oil_dilution, refilled.restriction):
        assert other is not None
        assert (other.basis, other.since, other.count) == ("all_logs", None, 12)
    cleaned = forecasts(logs, note("filter_cleaned", "2025-02-12"), note("oil_changed", "2025-02-20"))
    for one, count in ((cleaned.ash, 6), (cleaned.restriction, 6), (cleaned.additive, 12)):
        assert one is not None
        assert one.count == count
    assert cleaned.oil_dilution is None, "four logs since"
    assert forecasts(logs, note("other", "2025-03-10")) == forecasts(logs)


def test_a_new_filter_begins_a_new_odometer() -> None:
    kms = [60_000, 61_000, 62_000, 100, 1100, 2100, 3100, 4100]
    rows = [{"km": km, "additive": 500 - 10 * n, "ash": 3, "kv": 0.2} for n, km in enumerate(kms)]
    found = forecasts(history(*rows))
    assert found.additive is not None
    assert (found.additive.basis, found.additive.count, found.additive.km) == ("all_logs", 8, 6000)
    assert found.ash is not None
    assert (found.ash.basis, found.ash.since, found.ash.count) == ("since_reset", "2025-01-22", 5)
    assert found.restriction is not None
    assert found.restriction.count == 5


@pytest.mark.parametrize(("fall", "count"), [(50, 6), (51, 0)])
def test_an_odometer_may_fall_a_little(fall: int, count: int) -> None:
    kms = [20_000, 21_000, 22_000, 22_000 - fall, 23_000, 24_000]
    found = forecasts(history(*({"km": km, "ash": 50 + n} for n, km in enumerate(kms)))).ash
    assert (found.count if found else 0) == count


def test_kilometres_driven_since_the_last_reading_are_taken_off() -> None:
    found = additive([*FALLING, analysis({"overall.distance_km": 250}, date="2025-02-06")])
    assert found is not None
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (12_150, 18_600)
    assert found.watch.date_low == "2025-04-17"
    later = analysis({PATHS["km"]: 25_900, "overall.distance_km": 100}, date="2025-02-06")
    found = additive([*FALLING, later])
    assert found is not None
    assert found.watch is not None
    assert found.watch.km_low == 11_500, "900 km by the odometer; what that log drove itself is in it"


def test_a_limit_that_was_passed_since_is_due_now() -> None:
    found = additive([*FALLING, analysis({"overall.distance_km": 19_000}, date="2025-02-06")])
    assert found is not None
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (0, 1), "due, but not read yet"
    assert "300 ml in 0 to 1 km (2025-02-06 to 2025-02-07). " in found.text


def test_only_the_profile_of_the_last_log_is_asked() -> None:
    other = analysis({PATHS["km"]: 90_000, PATHS["additive"]: 900}, date="2025-03-01", profile="HDI_SID807_BR2")
    assert additive([*FALLING, other]) is None
    before = analysis({PATHS["km"]: 90_000, PATHS["additive"]: 900}, date="2024-03-01", profile="HDI_SID807_BR2")
    assert additive([before, *FALLING]) == additive(FALLING)


def test_only_the_last_30000_km_count() -> None:
    early = [900.0 - 20 * number for number in range(10)]
    late = [early[-1] - 5 * number for number in range(1, 31)]
    found = additive(course("additive", *early, *late))
    assert found is not None
    assert (found.count, found.km) == (31, 30_000)
    assert found.per_1000km == -5


def test_what_has_been_reached_has_a_day_without_a_pace_too() -> None:
    rows = [{"km": 20_000 + 1000 * number, "additive": 300 - 10 * number} for number in range(5)]
    found = additive(history(*rows, every_days=3))
    assert found is not None
    assert found.watch is not None
    assert (found.watch.date_low, found.watch.date_high) == ("2025-01-13", "2025-01-13")


def test_ranges_end_at_200000_km() -> None:
    slow = additive(course("additive", 900, 897, 894, 891, 888))
    assert slow is not None
    # 588 ml at 3 ml per 1,000 km: 196,000 km, between 147,000 and more than 200,000
    assert slow.watch is not None
    assert (slow.watch.km_high, slow.watch.date_high) == (None, None)
    assert slow.watch.date_low is not None
    assert f"300 ml in {slow.watch.km_low:,} km at the earliest, {slow.watch.date_low}." in slow.text
    slower = additive(course("additive", 1200, 1199, 1198, 1197, 1196, step_km=4000))
    assert slower is not None
    assert (slower.watch, slower.act) == (None, None)


@pytest.mark.parametrize(("days", "known"), [(3, False), (4, True)])
def test_dates_need_two_weeks(days: int, known: bool) -> None:
    rows = [{"km": 20_000 + 1000 * number, "additive": 500 - 10 * number} for number in range(5)]
    found = additive(history(*rows, every_days=days))
    assert found is not None
    assert found.watch is not None
    assert (found.watch.date_low is not None, found.watch.date_high is not None) == (known, known)
    if not known:
        assert found.text.startswith("Additive left: 460 ml, 10 ml less per 1,000 km. 300 ml in 13,233 to 20,100 km. ")


def test_dates_go_by_the_last_year() -> None:
    busy = history(*({"km": 10_000 + 1000 * number} for number in range(20)))
    then = [
        analysis(
            {PATHS["km"]: 29_000 + 100 * number, PATHS["additive"]: 500 - number},
            date=(date(2027, 1, 1) + timedelta(days=30 * number)).isoformat(),
        )
        for number in range(8)
    ]
    found = additive([*busy, *then])
    assert found is not None
    assert found.act is not None
    assert found.act.date_low is not None
    assert date.fromisoformat(found.act.date_low) > date(2045, 1, 1), "at 100 km a month, not at 1,000 a week"


def test_a_date_that_is_none_dates_nothing() -> None:
    undated = [log | {"overall": {"date": {"date": "soon"}}} for log in FALLING]
    found = additive(undated)
    assert found is not None
    assert found.watch is not None
    assert (found.watch.date_low, found.watch.date_high) == (None, None)


def test_without_dates_the_sentence_has_none() -> None:
    undated = [log | {"overall": {"date": {}}} for log in course("additive", 900, 897, 894, 891, 888)]
    found = additive(undated)
    assert found is not None
    assert (found.from_, found.to) == (None, None)
    assert found.watch is not None
    assert found.text.endswith(f"300 ml in {found.watch.km_low:,} km at the earliest.")


def test_a_pace_that_may_be_none_gives_the_first_day_alone() -> None:
    rows = [{"km": 20_000 + 75 * number, "additive": 500 - 10 * number} for number in range(5)]
    found = additive(history(*rows, *({"km": 20_300} for _ in range(30))))
    assert found is not None
    assert found.watch is not None
    assert found.watch.km_high is not None
    assert (found.watch.date_low is not None, found.watch.date_high) == (True, None)
    assert f"300 ml in {found.watch.km_low:,} to {found.watch.km_high:,} km. " in found.text


def test_anything_from_now_to_never_is_no_forecast() -> None:
    found = additive(course("additive", 306, 306, 306, 306, 301, step_km=80))
    assert found is not None
    assert found.per_1000km < 0
    assert found.watch is None
    assert found.act is not None
    assert (found.act.km_high, found.act.km_low > 1) == (None, True)


def test_the_end_of_a_filter_leaves_nothing_to_forecast_its_ash_from() -> None:
    logs = [*course("ash", 50, 51, 52, 53, 54), analysis({PATHS["km"]: 10}, date="2025-03-01")]
    assert forecasts(logs).ash is None


def test_on_the_day_of_a_note_the_odometer_decides() -> None:
    for km, count in ((21_000, 5), (21_001, None)):
        found = additive(course("additive", 500, 490, 480, 470, 460, 450), note("additive_refilled", "2025-01-08", km))
        assert (found and found.count) == count


def test_two_weeks_to_the_day_are_enough_for_dates() -> None:
    rows = [{"km": 20_000 + 1000 * number, "additive": 500 - 10 * number} for number in range(8)]
    for logs, known in ((rows, True), (rows[:7], False)):
        found = additive(history(*logs, every_days=2))
        assert found is not None
        assert found.watch is not None
        assert (found.watch.date_low is not None) is known


def test_the_pace_of_a_car_that_stands() -> None:
    (points,) = average(history(*({"km": 20_000} for _ in range(5)))).trends.values()
    found = km_per_day(points, read_odometer(points))
    assert found == pytest.approx(Slope(0, -1 / 28, 1 / 28))


def test_what_lies_a_year_back_belongs_to_the_pace() -> None:
    days = ("2024-03-01", "2024-03-02", "2025-02-01", "2025-02-15", "2025-03-01", "2025-03-02")
    logs = [analysis({PATHS["km"]: 20_000 + number}, date=day) for number, day in enumerate(days)]
    (points,) = average(logs).trends.values()
    odometer = read_odometer(points)
    assert km_per_day(points, odometer) is not None, "365 days back"
    assert km_per_day(points[:2] + points[3:], read_odometer(points[:2] + points[3:])) is None


VARYING = [0.30, 0.32, 0.31, 0.34, 0.33, 0.36, 0.35, 0.38, 0.37, 0.40]


def test_what_varies_from_log_to_log_in_all_its_numbers() -> None:
    found = forecasts(course("kv", *VARYING)).restriction
    assert found is not None
    assert (found.value, found.unit, found.count) == (0.37, "mbar·h/m³", 10)
    assert (found.per_1000km, found.per_1000km_low, found.per_1000km_high) == (0.01, 0.0032, 0.0168)
    assert found.watch is not None
    assert (found.watch.limit, found.watch.km_low, found.watch.km_high) == (0.5, 7148, 40_945)
    assert " more per 1,000 km. 0.5 mbar·h/m³ in " in found.text


def test_an_additive_that_falls_by_refuellings_in_all_its_numbers() -> None:
    found = additive(course("additive", 600, 600, 580, 580, 580, 561, 560, 540, 541, 520, step_km=300))
    assert found is not None
    assert (found.per_1000km, found.per_1000km_low, found.per_1000km_high) == (-27.381, -46.5, -14.6111)
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (4131, 15_658)


def test_a_counter_is_off_by_a_step_and_by_no_noise() -> None:
    found = additive(course("additive", 500, 488, 481, 469, 461, 450))
    assert found is not None
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (12_883, 19_585)


def test_what_is_no_counter_does_not_stand_still() -> None:
    found = forecasts(course("kv", 0.30, 0.30, 0.30, 0.30, 0.31, 0.32, 0.33, 0.34)).restriction
    assert found is not None
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (16_746, 113_000)


def test_oil_that_thins_in_all_its_numbers() -> None:
    found = forecasts(course("oil", 1, 1, 1, 1, 2, 2, 2, 3, 3, 3)).oil_dilution
    assert found is not None
    assert (found.per_1000km, found.per_1000km_low, found.per_1000km_high) == (0.2857, 0.0672, 0.5111)
    assert found.watch is not None
    assert (found.watch.km_low, found.watch.km_high) == (0, 34_003)


def test_the_nearest_and_the_furthest_kilometre() -> None:
    towards = Slope(0.01, 0.008, 0.0125)
    assert km_to(100, towards, 1, 0) == pytest.approx(Span(7900, 12_600))
    assert km_to(100, towards, 1, 500) == pytest.approx(Span(7500, 13_000))
    assert km_to(100, Slope(0, -1, 1), 1, 0) is None
    opened = km_to(100, Slope(0.01, -0.001, 0.02), 1, 0)
    assert opened == (4900, float("inf"))


def test_a_range_is_widened_and_never_narrowed() -> None:
    assert widened(Slope(-10, -11, -7), 0.2) == Slope(-10, -12, -7)
    assert widened(Slope(10, 9, 11), 0.2) == Slope(10, 8, 12)
    assert widened(Slope(0, -1, 2), 0.2) == Slope(0, -1, 2)
