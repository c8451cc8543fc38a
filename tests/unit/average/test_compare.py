"""Before and after: values as in the average, better or worse by one catalogue, and what changed most first."""

from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.comparison import (
    COMPARED,
    MIN_LOGS,
    Better,
    Comparison,
    ComparisonCall,
    FigureCompared,
    Judgement,
    Value,
)
from faplog.contracts.limits import LIMITS
from functions.average.core import average
from functions.average.core.compare import Sample, compare_around, compare_logs, usual_scatter
from functions.average.core.figures import mean_at
from tests.unit.average.analyses import Json, analysis, regen

CLEANED: Final = {"kind": "filter_cleaned", "onDate": "2025-03-10"}
IDLE: Final = "fap.pressure_idle.avg_mbar"
LITRES: Final = "fuelConsumption.overall.total_l"


def item(number: int, day: int, at: Json, **more: Any) -> Json:
    """Return an element of an `average.request`: a log of a day of March."""
    states = {f"overall.duration.{name}": 600 for name in ("overall_sec", "engineOn_sec", "idle_sec", "driving_sec")}
    made = analysis(states | at, date=None if day == 0 else f"2025-03-{day:02}", **more)
    return {"analysisId": f"00000000-0000-4000-8000-{number:012}", "analysis": made}


def period(path: str, before: list[Any], after: list[Any], **more: Any) -> list[Json]:
    """Return logs of a car: these values before 10 March, and those from then on."""
    early = [item(number, 1 + number % 9, {path: value}, **more) for number, value in enumerate(before)]
    return early + [item(100 + number, 10 + number % 20, {path: value}, **more) for number, value in enumerate(after)]


def figure(comparison: Comparison, key: str) -> FigureCompared:
    """Return a figure of a comparison."""
    return next(one for one in comparison.figures if one.key == key)


def judged(path: str, before: list[Any], after: list[Any], key: str = "") -> FigureCompared:
    """Return a figure around the cleaned filter."""
    return figure(compare_around(period(path, before, after), CLEANED), key or path)


def test_a_cleaned_filter_is_better() -> None:
    found = judged(IDLE, [30, 31, 29, 30], [12, 11, 13])
    assert (found.before, found.after, found.change) == (30, 12, -18)
    assert (found.better, found.judgement, found.unit) == (Better.LOWER, Judgement.BETTER, "mbar")
    assert judged(IDLE, [12, 11, 13], [30, 31, 29, 30]).judgement is Judgement.WORSE


def test_values_are_those_of_the_average_over_the_same_logs() -> None:
    """Weighted by distance or time, as everywhere: not a mean of means."""
    logs = [
        item(n, day, {"overall.distance_km": km, LITRES: litres, IDLE: 20 + n, "overall.duration.idle_sec": 60 * n + 1})
        for n, (day, km, litres) in enumerate(
            [(1, 2, 0.4), (3, 80, 4), (8, 30, 2), (11, 5, 0.6), (12, 90, 4), (14, 7, 1)]
        )
    ]
    found = compare_around(logs, CLEANED)
    for side, part in (("before", logs[:3]), ("after", logs[3:])):
        whole = average(part)
        assert (
            getattr(figure(found, "fuelConsumption.overall.avg_l100km"), side)
            == whole.fuelConsumption.overall.avg_l100km
        )
        assert getattr(figure(found, IDLE), side) == whole.fap.pressure_idle.avg_mbar
        assert getattr(found, side).distance_km == whole.overall.distance_km
    assert figure(found, "fuelConsumption.overall.avg_l100km").before == round((0.4 + 4 + 2) / 112 * 100, 2)


def test_a_side_without_a_value_is_null_and_judged_by_nothing() -> None:
    found = judged(IDLE, [30, 31, 29], [None, None, None])
    assert (found.before, found.after, found.change, found.size) == (30, None, None, None)
    assert found.judgement is Judgement.NEITHER
    assert [one.key for one in compare_around(period("fap.x", [1, 1, 1], [1, 1, 1]), CLEANED).figures] == []


def test_a_change_within_the_usual_scatter_is_none() -> None:
    assert judged(IDLE, [20, 40, 25, 35], [22, 38, 24, 37]).judgement is Judgement.SIMILAR
    assert judged("fap.pressure.avg_mbar", [20, 40, 25], [80, 81, 82]).judgement is Judgement.NEITHER
    # hundreds of logs make a small difference certain, but no larger
    assert judged(IDLE, [20.0, 20.4] * 100, [20.5, 20.9] * 100).judgement is Judgement.SIMILAR


@pytest.mark.parametrize(
    ("path", "key", "before", "after", "expected"),
    [
        ("restriction.kv", "kv", 0.45, 0.2, Judgement.BETTER),
        ("restriction.kv", "kv", 0.45, 0.01, Judgement.WORSE),  # nothing holds the gas back: no filter
        ("restriction.kv", "kv", 0.01, 0.2, Judgement.BETTER),
        ("engine.battery.engineRunning_v", "", 14.0, 14.6, Judgement.NEITHER),  # both as they should be
        ("engine.battery.engineRunning_v", "", 14.0, 12.5, Judgement.WORSE),
        ("engine.battery.engineRunning_v", "", 15.6, 14.0, Judgement.BETTER),
        ("engine.injector.injector1", "", 1.25, 1.0, Judgement.BETTER),
        ("engine.injector.injector1", "", -1.25, 0.2, Judgement.NEITHER),  # centred on 0: there is no limit
        ("engine.oilDilution_perc", "oilDilution_perc", 7, 1, Judgement.BETTER),
        ("engine.battery.beforeDrive_v", "", 12.6, 11.5, Judgement.WORSE),
        ("sootRate_gl100km", "", 2.0, 1.0, Judgement.BETTER),
        ("fap.temp.avg_c", "", 200, 300, Judgement.NEITHER),
    ],
)
def test_each_figure_has_its_direction(path: str, key: str, before: float, after: float, expected: Judgement) -> None:
    found = judged(path, [before] * 4, [after] * 4, key)
    assert (found.before, found.after, found.judgement) == (before, after, expected)


def test_a_counter_is_read_next_to_the_work() -> None:
    """Additive falls all the time: the averages of the periods would say nothing about the refill."""
    found = judged("fap.additive.remain_ml", [900, 600, 150], [1200, 1000, 700], "additive_ml")
    assert (found.before, found.after, found.judgement, found.value) == (150, 1200, Judgement.BETTER, Value.NEAREST)
    assert judged("engine.errors", [0, 2, 2], [0, 0, 1], "errors").judgement is Judgement.BETTER


def test_regenerations_are_compared_one_by_one() -> None:
    def drives(*outcomes: str, km: int) -> list[list[Json]]:
        return [[regen(outcome=one, interval_km=km, duration_sec=600)] for one in outcomes]

    found = compare_around(
        period(
            "regens", drives("aborted", "aborted", "aborted", "complete", km=200), drives(*["complete"] * 4, km=700)
        ),
        CLEANED,
    )
    share, interval = figure(found, "regens_interrupted_perc"), figure(found, "fapRegen.previousRegen_km")
    assert (share.before, share.after) == (75, 0)
    assert (interval.before, interval.after) == (200, 700)
    assert interval.judgement is Judgement.BETTER


def test_what_changed_most_comes_first() -> None:
    logs = [
        item(n, day, {IDLE: 30 + n % 2 if day < 10 else 12 + n % 2, "engine.battery.beforeDrive_v": 12.5 - n % 2 / 10})
        for n, day in enumerate([1, 2, 3, 4, 10, 11, 12, 13])
    ]
    found = compare_around(logs, CLEANED).figures
    assert found[0].key == IDLE
    sizes = [one.size for one in found if one.size is not None]
    assert all(larger >= smaller for larger, smaller in pairwise(sizes))
    assert [one.size is None for one in found] == sorted(one.size is None for one in found)


@pytest.mark.parametrize("after", range(MIN_LOGS))
def test_too_few_logs_are_shown_but_not_judged(after: int) -> None:
    found = compare_around(period(IDLE, [30] * 5, [10] * after), CLEANED)
    assert not found.enough
    assert (found.before.logs, found.after.logs) == (5, after)
    assert {one.judgement for one in found.figures} == {Judgement.NEITHER}
    assert figure(found, IDLE).after == (10 if after else None)


def test_a_period_ends_at_the_next_note_of_its_kind() -> None:
    logs = [item(n, day, {IDLE: day}) for n, day in enumerate([1, 3, 5, 7, 9, 11, 13, 15])]
    notes = [
        {"kind": "filter_cleaned", "onDate": "2025-03-04"},
        CLEANED,
        {"kind": "oil_changed", "onDate": "2025-03-06"},
        {"kind": "filter_cleaned", "onDate": "2025-03-14", "km": None},
        "nonsense",
    ]
    found = compare_around(logs, CLEANED, notes)
    assert (found.before.from_, found.before.to, found.before.logs) == ("2025-03-05", "2025-03-09", 3)
    assert (found.after.from_, found.after.to, found.after.logs) == ("2025-03-11", "2025-03-13", 2)
    assert (found.kind, found.date) == ("filter_cleaned", "2025-03-10")


def test_on_the_day_of_the_work_the_counter_decides_and_no_date_is_nowhere() -> None:
    logs = [item(n, day, {"fap.life.life_km": km}) for n, (day, km) in enumerate([(10, 900), (10, 1100), (0, 500)])]
    found = compare_around(logs, CLEANED | {"km": 1000})
    assert (found.before.logs, found.after.logs) == (1, 1)


def test_a_note_without_a_date_separates_nothing() -> None:
    with pytest.raises(ValueError, match="not a note"):
        compare_around([], {"kind": "other", "km": 10})


def test_two_logs_are_judged_by_the_scatter_of_the_others() -> None:
    one, other = item(1, 1, {IDLE: 20}), item(2, 2, {IDLE: 28})
    calm = [item(10 + n, 3 + n, {IDLE: 20 + n % 2}) for n in range(6)]
    wild = [item(10 + n, 3 + n, {IDLE: 20 + 12 * (n % 2)}) for n in range(6)]
    ids = one["analysisId"], other["analysisId"]
    assert figure(compare_logs([one, other, *calm], *ids), IDLE).judgement is Judgement.WORSE
    assert figure(compare_logs([one, other, *wild], *ids), IDLE).judgement is Judgement.SIMILAR
    alone = figure(compare_logs([one, other], *ids), IDLE)
    assert alone.scatter is None
    assert alone.judgement is Judgement.SIMILAR  # less than a tenth of the gauge of 90 mbar
    assert compare_logs([one, other], *ids).enough
    assert compare_logs([one], *ids).after.logs == 0


def test_soot_of_two_control_units_is_not_judged() -> None:
    one = item(1, 1, {"sootRate_gl100km": 2.0, IDLE: 60})
    other = item(2, 2, {"sootRate_gl100km": 0.5, IDLE: 10}, profile="SID807")
    found = compare_logs([one, other], one["analysisId"], other["analysisId"])
    assert figure(found, "sootRate_gl100km").judgement is Judgement.NEITHER
    assert figure(found, IDLE).judgement is Judgement.BETTER
    assert (found.before.profile, found.after.profile) == ("DCM62v2", "SID807")


@given(st.floats(0, 80), st.floats(0, 80), st.lists(st.floats(0, 80), max_size=9))
def test_the_other_way_round_is_the_opposite(one: float, other: float, others: list[float]) -> None:
    logs = [item(1, 1, {IDLE: one}), item(2, 2, {IDLE: other})]
    logs += [item(10 + n, 3 + n, {IDLE: value}) for n, value in enumerate(others)]
    ids = [log["analysisId"] for log in logs[:2]]
    there, back = (figure(compare_logs(logs, *way), IDLE) for way in (ids, ids[::-1]))
    opposite = {Judgement.BETTER: Judgement.WORSE, Judgement.WORSE: Judgement.BETTER}
    assert back.judgement is opposite.get(there.judgement, there.judgement)
    assert (back.size, back.before, back.after) == (there.size, there.after, there.before)


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.none() | st.lists(st.integers()))))
def test_nonsense_is_left_out(items: list[Any]) -> None:
    found = compare_around([*items, None, 3, {"analysis": 7}], CLEANED)
    assert not found.enough


def test_the_scatter_is_within_the_sides() -> None:
    samples = [Sample(None, [(middle + off, 1.0) for off in (-1, 1, 0)]) for middle in (11, 51)]
    assert usual_scatter(samples) == pytest.approx(1.0)
    assert usual_scatter(samples[:1]) is None


def test_the_catalogue_names_what_the_average_has() -> None:
    """An average that no longer has a figure, or a mean without its weight, would be null without a word."""
    for key, one in COMPARED.items():
        assert one.code is None or one.direction is Better.NEITHER, f"{key}: the limits say what is better"
        assert one.code is None or one.code in LIMITS
        if one.value is Value.AVERAGE and key.startswith(("fap.", "engine.", "driving.")):
            assert mean_at(key.split(".")), key


def test_a_call_is_about_a_note_or_two_logs() -> None:
    two = {"before": "00000000-0000-4000-8000-000000000001", "after": "00000000-0000-4000-8000-000000000002"}
    ComparisonCall.model_validate({"analysis": [], "note": CLEANED})
    ComparisonCall.model_validate({"analysis": [], **two})
    for wrong in ({}, {"note": CLEANED, **two}, {"note": {"kind": "other", "km": 3}}, {"before": two["before"]}):
        with pytest.raises(ValueError, match=r"compared|separates"):
            ComparisonCall.model_validate({"analysis": [], **wrong})
