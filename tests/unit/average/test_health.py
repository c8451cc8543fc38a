"""What many logs say together: each rule on a hand-made history."""

from typing import Any

import pytest

from faplog.contracts.findings import TrendFinding
from faplog.contracts.limits import Code
from functions.average.core import average
from tests.unit.average.analyses import Json, analysis, regen


def history(*days: Json, profile: str = "DCM62v2") -> list[Json]:
    """Return a log a day, each with the given values at dotted paths."""
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
        (Code.IDLE_PRESSURE, "fap.pressure_idle.avg_mbar", [99, 30, 31, 9, 32, 30], "watch"),
        (Code.IDLE_PRESSURE, "fap.pressure_idle.avg_mbar", [11, 90, 12], "good"),
        (Code.OIL_DILUTION, "engine.oilDilution_perc", [2, 8, 8], "act"),
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


@pytest.mark.parametrize(
    ("values", "value", "severity"),
    [
        ([744, 740, 301], 301, "good"), ([744, 740, 300], 300, "watch"), ([744, 740, 100], 100, "act"),
        ([90, 85, 1200], 1200, "good"), ([744, 200, None], 200, "watch"), ([744, -1], 744, "good"),
        ([744, 10_001], 744, "good"), ([744, 0], 0, "act"),
    ],
)  # fmt: skip
def test_the_state_of_the_additive_is_its_newest_credible_value(
    values: list[float | None], value: float, severity: str
) -> None:
    found = findings(history(*({"fap.additive.remain_ml": one} for one in values)))[Code.ADDITIVE_REMAINING]
    assert (found.value, found.severity, found.evidence.logs) == (value, severity, 1)
    assert f"(in the log of {found.evidence.to})" in found.text


def test_without_a_tank_or_with_more_than_it_holds_no_additive_is_credible() -> None:
    def additive(volume: float | None, left: float) -> float | None:
        found = findings(history({"fap.additive": {"vol_ml": volume, "remain_ml": left}})).get(Code.ADDITIVE_REMAINING)
        return None if found is None else found.value

    assert additive(0, 0) is None
    assert additive(1260, 1260) == 1260
    assert additive(1260, 1261) is None
    assert additive(None, 1261) == 1261


@pytest.mark.parametrize(
    ("values", "value", "severity"),
    [
        ([10, 79], 79, "good"), ([10, 80], 80, "watch"), ([10, 200], 200, "watch"), ([10, 201], 10, "good"),
        ([-1], None, None),
    ],
)  # fmt: skip
def test_the_ash_is_its_newest_credible_value(values: list[float], value: float | None, severity: str | None) -> None:
    found = findings(history(*({"fap.deposits.percentage_perc": one} for one in values))).get(Code.ASH_SHARE)
    assert (found and found.value, found and found.severity) == (value, severity)


@pytest.mark.parametrize(
    ("life", "left", "severity"),
    [
        (10_000, 50_000, "watch"), (10_000, 50_001, "good"), (9_999, 100, None), (None, 100, None),
        (20_000, 1_000_001, None),
    ],
)  # fmt: skip
def test_the_life_left_is_its_newest_credible_value(life: int | None, left: int, severity: str | None) -> None:
    found = findings(history({"fap.life": {"life_km": life, "left_km": left}})).get(Code.FILTER_LIFE_LEFT)
    assert (found and found.severity) == severity


@pytest.mark.parametrize(
    ("outcomes", "share", "severity"),
    [
        ("ccccccaac", 22.22, "good"), ("cccacacac", 33.33, "watch"), ("aaacaaccc", 55.56, "watch"),
        ("aaacaacac", 66.67, "act"), ("aaaaaaaaaccccccccc", 0, "good"), ("aacccc", 33.33, "watch"),
        ("aaaaa", None, None),
        ("auacucucuc", 33.33, "watch"), ("acacacacacacacacacacacac", 44.44, "watch"),
    ],
)  # fmt: skip
def test_the_share_of_interrupted_regenerations(outcomes: str, share: float | None, severity: str | None) -> None:
    names = {"a": "aborted", "c": "complete", "u": "unknown"}
    logs = history(*({"regens": [regen(outcome=names[letter])]} for letter in outcomes))
    found = findings(logs).get(Code.REGENS_ABORTED_SHARE)
    assert (found and found.value, found and found.severity) == (share, severity)


@pytest.mark.parametrize(
    ("values", "severity"),
    [((1.0, 1.095, 1.19), "good"), ((1.0, 1.1, 1.2), "watch"), ((1.0, 1.29, 1.58), "watch"), ((1.0, 1.3, 1.6), "act")],
)
def test_a_restriction_that_rises_far_says_act(values: tuple[float, ...], severity: str) -> None:
    logs = history(*({"restriction.kv_afterRegen": kv, "regens": [regen()]} for kv in values))
    found = findings(logs)[Code.RESTRICTION_RISE]
    assert found.severity == severity
    assert found.urgency == ("plan" if severity == "act" else None)


@pytest.mark.parametrize(("outcome", "kept"), [("complete", True), ("unknown", True), ("aborted", False)])
def test_after_an_interrupted_regeneration_there_is_no_clean_filter_to_plot(outcome: str, kept: bool) -> None:
    (log,) = history({"restriction": {"kv": 0.3, "kv_afterRegen": 0.2}, "regens": [regen(outcome=outcome)]})
    (point,) = average([log]).trends["DCM62v2"]
    assert (point.kv, point.kv_afterRegen) == (0.3, 0.2 if kept else None)


def own(verdict: str | None, *listed: Any) -> Json:
    """Return a log's own health: a verdict, and findings of (code, severity, value)."""
    names = ("code", "severity", "value")
    return {"health": {"verdict": verdict, "findings": [dict(zip(names, one, strict=True)) for one in listed]}}


HOT: Any = ("coolant_max", "act", 112)


def test_what_the_newest_log_says_at_act_is_carried_over_with_its_date() -> None:
    logs = history({"engine.oilDilution_perc": 2}, own("act", HOT, ("oil_max", "watch", 116)))
    found = findings(logs)
    hot = found[Code.COOLANT_MAX]
    assert (hot.severity, hot.value, hot.unit, hot.urgency) == ("act", 112, "°C", "stop_now")
    assert (hot.evidence.profile, hot.evidence.logs, hot.evidence.from_, hot.evidence.to) == (
        "DCM62v2", 1, "2025-03-02", "2025-03-02",
    )  # fmt: skip
    assert hot.text.startswith("The coolant reached 112 °C (in the log of 2025-03-02). The limit is 110 °C or more.")
    assert hot.advice is not None
    assert hot.advice.startswith("Stop and let the engine cool")
    assert Code.OIL_MAX not in found
    health = average(logs).health
    assert (health.verdict, health.urgency) == ("act", "stop_now")


def test_an_older_logs_act_is_not_the_state_of_the_car() -> None:
    for newest in ("good", "watch", "act"):
        assert Code.COOLANT_MAX not in findings(history(own("act", HOT), own(newest)))


def test_a_log_too_short_for_a_verdict_ends_nothing() -> None:
    logs = history(
        own("act", HOT), own("unknown", ("oil_max", "act", 126)), own("unknown", ("coolant_max", "act", 115))
    )
    found = findings(logs)
    assert (found[Code.COOLANT_MAX].value, found[Code.OIL_MAX].value) == (115, 126)
    assert found[Code.OIL_MAX].evidence.to == "2025-03-02"
    assert Code.COOLANT_MAX in findings(history(own("act", HOT), own(None)))


@pytest.mark.parametrize(
    "entry",
    [
        7, None, {}, {"code": "coolant_max"}, {"code": "coolant_max", "severity": "act"},
        {"code": "coolant_max", "severity": "act", "value": "hot"}, {"code": "new", "severity": "act", "value": 1},
        {"code": ["coolant_max"], "severity": "act", "value": 112},
        {"code": "coolant_max", "severity": "ACT", "value": 112},
        {"code": "idle_pressure", "severity": "act", "value": 55},
        {"code": "coolant_max", "severity": "act", "value": 109},
    ],
)  # fmt: skip
def test_what_is_malformed_or_no_longer_an_act_is_not_carried_over(entry: Any) -> None:
    assert findings(history({"health": {"verdict": "act", "findings": [entry]}})) == {}
    assert findings(history({"health": {"verdict": "act", "findings": entry}})) == {}
    assert findings(history({"health": entry})) == {}


def test_an_act_over_many_logs_stays_and_a_milder_one_makes_way() -> None:
    def dilution(*perc: float) -> TrendFinding:
        days = [{"engine.oilDilution_perc": one} for one in perc]
        logs = history(*days, own("act", ("oil_dilution", "act", 8)))
        (found,) = (one for one in average(logs).health.findings if one.code is Code.OIL_DILUTION)
        return found

    assert (dilution(7, 7, 7).value, dilution(7, 7, 7).evidence.logs) == (7, 3)
    assert (dilution(2, 2, 2).value, dilution(2, 2, 2).severity) == (8, "act")
    other = [
        *history({"engine.oilDilution_perc": 2}, profile="HDI_SID807_BR2"),
        *history(own("act", ("oil_dilution", "act", 8))),
    ]
    found = {one.evidence.profile: one.severity for one in average(other).health.findings}
    assert found == {"HDI_SID807_BR2": "good", "DCM62v2": "act"}


def test_a_carried_finding_names_its_injectors() -> None:
    listed = [{"name": "3", "value": 1.3}, {"name": "1", "value": 0.7}, {"name": 4, "value": 1}, {"name": "2"}, 5]
    entry = {"code": "injector_correction", "severity": "act", "value": 1.3, "which": listed}
    found = findings(history({"health": {"verdict": "act", "findings": [entry]}}))[Code.INJECTOR_CORRECTION]
    assert [one.name for one in found.which] == ["3", "1"]
    assert "at injector 3 (in the log of 2025-03-01)" in found.text
    assert "Outside the limits: Injector 3: 1.3, Injector 1: 0.7." in found.text


def test_swapped_hoses_keep_their_words() -> None:
    found = findings(history(own("act", ("pressure_not_following_flow", "act", -0.84))))
    advice = found[Code.PRESSURE_NOT_FOLLOWING_FLOW].advice
    assert advice is not None
    assert "they are swapped" in advice


@pytest.mark.parametrize(("since", "due"), [(699, None), (700, 100), (800, 0)])
def test_a_regeneration_that_is_due_is_said(since: int, due: int | None) -> None:
    notes = average([analysis({"fap": {"last10Regen_km": 800, "lastRegen_km": since}})]).health.notes
    assert [note.value for note in notes] == ([] if due is None else [due])
    if due is not None:
        assert notes[0].text.startswith(
            "A regeneration is due in about 100 km" if due else "A regeneration is due at any"
        )


def test_what_is_near_a_limit_says_so() -> None:
    assert findings(history({"engine.oilDilution_perc": 4}))[Code.OIL_DILUTION].near is True
    assert findings(history({"engine.oilDilution_perc": 3}))[Code.OIL_DILUTION].near is False
    assert average([]).health.notes == []


def test_a_carried_finding_of_a_log_without_a_date_is_of_the_newest_log() -> None:
    found = findings([analysis(own("act", HOT), date=None)])
    assert "(in the newest log)" in found[Code.COOLANT_MAX].text
    assert (found[Code.COOLANT_MAX].evidence.from_, found[Code.COOLANT_MAX].evidence.to) == (None, None)


def test_no_regeneration_aborted_rests_on_the_newest_that_ended() -> None:
    days = [{"regens": [regen(outcome=outcome)]} for outcome in ("aborted", "complete", "complete", "unknown")]
    found = findings(history(*days))[Code.REGENS_ABORTED]
    assert (found.value, found.evidence.from_, found.evidence.to) == (0, "2025-03-03", "2025-03-03")
