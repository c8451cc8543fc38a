"""What many logs say together: each rule on a hand-made history."""

from typing import Any

import pytest

from faplog.contracts.findings import TrendFinding
from faplog.contracts.limits import Code
from functions.average.core import average
from tests.unit.average.analyses import Json, analysis, regen


def history(*days: Json, profile: str = "DCM62v2") -> list[Json]:
    """A log a day, each with the given values at dotted paths."""
    return [analysis(day, date=f"2025-03-{number:02d}", profile=profile) for number, day in enumerate(days, 1)]


def findings(logs: list[Json]) -> dict[str, TrendFinding]:
    return {finding.code: finding for finding in average(logs).health.findings}


def regens(*intervals: float) -> list[Json]:
    return history(*({"regens": [regen(interval_km=km)]} for km in intervals))


def test_the_interval_drops_against_the_owners_own_median() -> None:
    found = findings(regens(700, 720, 690, 710, 400, 420, 380))
    drop = found[Code.INTERVAL_DROP]
    assert (drop.severity, drop.value) == ("watch", 42.03)
    assert (drop.evidence.logs, drop.evidence.from_, drop.evidence.to) == (3, "2025-03-05", "2025-03-07")
    assert drop.advice
    assert findings(regens(700, 720, 690, 710, 600, 620, 640))[Code.INTERVAL_DROP].severity == "good"
    assert Code.INTERVAL_DROP not in findings(regens(700, 400, 400)), "three are no history"


@pytest.mark.parametrize(
    ("intervals", "severity"), [((400, 420), "good"), ((300, 280), "watch"), ((140, 150), "act"), ((100,), None)]
)
def test_the_mean_interval(intervals: tuple[float, ...], severity: str | None) -> None:
    found = findings(regens(*intervals)).get(Code.REGEN_INTERVAL)
    assert (found and found.severity) == severity


def test_the_restriction_after_complete_regenerations_rises() -> None:
    def logs(outcome: str, *values: float) -> list[Json]:
        return history(*({"restriction": {"kv_afterRegen": kv}, "regens": [regen(outcome=outcome)]} for kv in values))

    assert findings(logs("complete", 0.20, 0.22, 0.25))[Code.RESTRICTION_RISE].severity == "watch"
    assert findings(logs("complete", 0.20, 0.21, 0.21))[Code.RESTRICTION_RISE].severity == "good"
    odd = findings(logs("complete", 0.20, 0.20, 0.40, 0.20, 0.20))[Code.RESTRICTION_RISE]
    assert (odd.severity, odd.value) == ("good", 0), "one odd value is no rise"
    falling = findings(logs("complete", 0.4, 0.3, 0.2))[Code.RESTRICTION_RISE]
    assert (falling.severity, falling.value) == ("good", 0)
    assert Code.RESTRICTION_RISE not in findings(logs("complete", 0.2, 0.4))
    assert Code.RESTRICTION_RISE not in findings(logs("aborted", 0.2, 0.4, 0.6)), "soot is left after an aborted one"


@pytest.mark.parametrize(
    ("outcomes", "row", "severity"),
    [
        ("aaca", 1, "watch"), ("caaa", 3, "act"), ("aaac", 0, "good"), ("caua", 2, "watch"), ("aauc", 0, "good"),
        ("u", None, None),
    ],
)  # fmt: skip
def test_aborted_regenerations_in_a_row(outcomes: str, row: int | None, severity: str | None) -> None:
    names = {"a": "aborted", "c": "complete", "u": "unknown"}
    logs = history(*({"regens": [regen(outcome=names[letter])]} for letter in outcomes))
    found = findings(logs).get(Code.REGENS_ABORTED)
    assert (found and found.value, found and found.severity) == (row, severity)


@pytest.mark.parametrize(
    ("code", "path", "values", "severity"),
    [
        (Code.IDLE_PRESSURE, "fap.pressure_idle.avg_mbar", [99, 20, 21, 9, 22, 20], "watch"),
        (Code.IDLE_PRESSURE, "fap.pressure_idle.avg_mbar", [11, 90, 12], "good"),
        (Code.OIL_DILUTION, "engine.oilDilution_perc", [2, 8, 8], "act"),
        (Code.ADDITIVE_REMAINING, "fap.additive.remain_ml", [744, None, 200, 190], "watch"),
        (Code.BATTERY_BEFORE_START, "engine.battery.beforeDrive_v", [11.5, 11.4], "act"),
    ],
)
def test_the_state_is_the_median_of_the_last_logs(code: Code, path: str, values: list[Any], severity: str) -> None:
    assert findings(history(*({path: value} for value in values)))[code].severity == severity


def test_profiles_are_judged_apart() -> None:
    first = history({"engine.oilDilution_perc": 8})
    second = history({"engine.oilDilution_perc": 2}, profile="HDI_SID807_BR2")
    found = {finding.evidence.profile: finding.severity for finding in average([*first, *second]).health.findings}
    assert found == {"DCM62v2": "act", "HDI_SID807_BR2": "good"}


@pytest.mark.parametrize(
    ("engine_on", "pressure", "dilution", "verdict"),
    [
        (400, 50, 2, "good"), (299, 50, 2, "unknown"), (400, None, 2, "unknown"), (None, None, 6, "watch"),
        (400, 50, 7, "act"),
    ],
)  # fmt: skip
def test_the_verdict(engine_on: int | None, pressure: float | None, dilution: int, verdict: str) -> None:
    log = analysis(
        {
            "overall.duration.engineOn_sec": engine_on,
            "fap.pressure.max_mbar": pressure,
            "engine.oilDilution_perc": dilution,
        }
    )
    assert average([log]).health.verdict == verdict
