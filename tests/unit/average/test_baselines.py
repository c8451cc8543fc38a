"""Maintenance notes: from when on a figure is judged."""

from datetime import date
from typing import Any

import pytest

from faplog.contracts.forecasts import Baseline
from faplog.contracts.limits import Code
from faplog.contracts.notes import Kind, Note
from functions.average.core import average
from functions.average.core.baselines import baselines, is_after, read_notes
from tests.unit.average.analyses import Json, analysis, regen
from tests.unit.average.test_health import history, own


def note(kind: str, on: str, km: int | None = None) -> Json:
    return {"kind": kind, "onDate": on, "km": km}


def findings(logs: list[Json], *notes: Json) -> dict[str, tuple[float, int]]:
    """Return the value of each finding, and over how many logs."""
    return {one.code: (one.value, one.evidence.logs) for one in average(logs, notes).health.findings}


def values(path: str, *given: float) -> list[Json]:
    return [{path: value} for value in given]


def intervals(*given: float) -> list[Json]:
    return [{"regens": [regen(interval_km=km)]} for km in given]


BURNED_OUT: list[Json] = [
    {"restriction.kv_afterRegen": kv, "regens": [regen()]} for kv in (0.2, 0.3, 0.4, 0.2, 0.2, 0.2)
]
CASES: list[tuple[Code, str, list[Json], tuple[float, int], tuple[float, int] | None]] = [
    (Code.OIL_DILUTION, "oil_changed", values("engine.oilDilution_perc", 7, 8, 8, 1, 2, 1), (2, 5), (1, 3)),
    (
        Code.IDLE_PRESSURE,
        "filter_cleaned",
        values("fap.pressure_idle.avg_mbar", 70, 60, 50, 40, 30, 20),
        (40, 5),
        (30, 3),
    ),
    (Code.ADDITIVE_REMAINING, "additive_refilled", values("fap.additive.remain_ml", 90, 89, 88, 87), (87, 1), (87, 1)),
    (Code.ASH_SHARE, "filter_replaced", values("fap.deposits.percentage_perc", 90, 90, 90), (90, 1), None),
    (Code.RESTRICTION_RISE, "filter_replaced", BURNED_OUT, (0, 6), (0, 3)),
    (Code.REGEN_INTERVAL, "egr", intervals(200, 200, 200, 800, 800), (440, 5), (800, 2)),
    (Code.REGEN_INTERVAL, "software", intervals(200, 200, 200, 800), (350, 4), None),
    (
        Code.BATTERY_BEFORE_START,
        "filter_cleaned",
        values("engine.battery.beforeDrive_v", *[12.2] * 6),
        (12.2, 5),
        (12.2, 5),
    ),
]


@pytest.mark.parametrize(("code", "kind", "days", "without", "with_note"), CASES)
def test_a_finding_is_judged_from_the_last_note_that_resets_it(
    code: Code, kind: str, days: list[Json], without: tuple[float, int], with_note: tuple[float, int] | None
) -> None:
    logs = history(*days)
    assert findings(logs)[code] == without
    assert findings(logs, note(kind, "2025-03-04")).get(code) == with_note
    assert findings(logs, note("other", "2025-03-04"))[code] == without


def test_a_note_resets_regenerations_with_their_logs() -> None:
    logs = history(*({"regens": [regen(outcome="aborted"), regen(interval_km=500)]} for _ in range(4)))
    assert average(logs, [note("filter_cleaned", "2025-03-03")]).regens.intervals_km == [500] * 4, "the sums stay whole"
    assert findings(logs, note("filter_cleaned", "2025-03-03"))[Code.REGEN_INTERVAL] == (500, 2)


def test_what_the_newest_log_said_ends_with_the_note_that_resets_it() -> None:
    logs = history({}, own("act", ("injector_correction", "act", 1.3), ("coolant_max", "act", 112)))
    assert set(findings(logs)) == {Code.INJECTOR_CORRECTION, Code.COOLANT_MAX}
    assert set(findings(logs, note("injectors", "2025-03-02"))) == {Code.INJECTOR_CORRECTION, Code.COOLANT_MAX}
    assert set(findings(logs, note("injectors", "2025-03-03"))) == {Code.COOLANT_MAX}
    assert average(logs, [note("injectors", "2025-03-03")]).health.urgency == "stop_now"


def test_on_the_day_of_the_work_the_odometer_decides_for_carried_findings_too() -> None:
    entry = own("act", ("injector_correction", "act", 1.3))
    logs = history(entry | {"fap.life.life_km": 50_000})
    assert set(findings(logs, note("injectors", "2025-03-01", 50_000))) == {Code.INJECTOR_CORRECTION}
    assert findings(logs, note("injectors", "2025-03-01", 50_001)) == {}


def test_the_last_note_is_told_as_the_baseline() -> None:
    found = average([analysis()], [note("oil_changed", "2025-02-01", 900), note("oil_changed", "2024-02-01")]).baseline
    assert {code: one.model_dump() for code, one in found.items()} == {
        Code.OIL_DILUTION: {"kind": "oil_changed", "date": "2025-02-01", "km": 900}
    }
    assert average([analysis()]).baseline == {}


def test_notes_are_sorted_by_day_and_on_one_day_by_the_odometer() -> None:
    given = [
        note("filter_replaced", "2025-02-01", 900),
        note("filter_cleaned", "2025-02-01", 0),
        note("filter_cleaned", "2024-02-01"),
        note("filter_cleaned", "2025-02-01"),
        note("egr", "2025-02-01"),
    ]
    ordered = read_notes(given)
    assert [(one.kind, one.date, one.km) for one in ordered] == [
        ("filter_cleaned", "2024-02-01", None), ("egr", "2025-02-01", None), ("filter_cleaned", "2025-02-01", None),
        ("filter_cleaned", "2025-02-01", 0), ("filter_replaced", "2025-02-01", 900),
    ]  # fmt: skip
    assert read_notes(reversed(given)) == ordered
    found = baselines(ordered)
    assert found[Code.ASH_SHARE].kind is Kind.FILTER_REPLACED
    assert list(found) == sorted(found)
    assert read_notes([Note(kind=Kind.EGR, on_date=date(2025, 1, 1))]) == read_notes([note("egr", "2025-01-01")])


def test_what_is_no_note_and_what_is_not_done_is_left_out() -> None:
    good = note("egr", "2025-01-01")
    reminder = {"kind": "egr", "km": 90_000}
    assert read_notes([7, {}, reminder, good]) == read_notes([good])
    for until, left in ((date(2025, 1, 1), [good]), (date(2024, 12, 31), [])):
        assert read_notes([reminder, good], until) == read_notes(left)


@pytest.mark.parametrize(
    ("kind", "note_km", "day", "km", "after"),
    [
        ("oil_changed", None, "2025-03-13", 1, False), ("oil_changed", None, "2025-03-14", 1, True),
        ("oil_changed", None, "2025-03-15", 1, True), ("oil_changed", None, None, 1, False),
        ("oil_changed", 500, "2025-03-14", 499, False), ("oil_changed", 500, "2025-03-14", 500, True),
        ("oil_changed", 500, "2025-03-14", None, True), ("oil_changed", 500, "2025-03-15", 499, True),
        ("oil_changed", 500, "2025-03-13", 501, False), ("filter_replaced", 500, "2025-03-14", 3, True),
        ("filter_cleaned", 500, "2025-03-14", 3, False),
    ],
)  # fmt: skip
def test_a_log_before_and_after_the_work(kind: str, note_km: int | None, day: str | None, km: Any, after: bool) -> None:
    done = Baseline(kind=Kind(kind), date="2025-03-14", km=note_km)
    assert is_after(done, day, km) is after
