"""The words of the findings: complete, written once, and never a sentence for a severity that cannot occur."""

import pytest

from faplog.contracts import catalogue
from faplog.contracts.catalogue import Urgency
from faplog.contracts.limits import LIMITS, Code, Severity


@pytest.mark.parametrize("code", Code)
def test_a_code_has_words_for_exactly_the_severities_it_can_have(code: Code) -> None:
    possible = LIMITS[code].severities()
    entry = catalogue.words(code)
    assert entry.title
    assert "{value}" in entry.seen
    assert bool(entry.watch) == (Severity.WATCH in possible)
    assert bool(entry.act) == (Severity.ACT in possible)
    assert (entry.urgency is not None) == (Severity.ACT in possible)
    assert catalogue.advice(code, Severity.GOOD) is None
    assert catalogue.advice(code, Severity.WATCH) == (entry.watch or None)
    assert catalogue.advice(code, Severity.ACT) == (entry.act or None)


@pytest.mark.parametrize("code", Code)
def test_only_act_says_whether_one_may_drive_on(code: Code) -> None:
    assert catalogue.urgency(code, Severity.WATCH) is None
    assert catalogue.urgency(code, Severity.ACT) is catalogue.words(code).urgency


def test_only_an_overheating_engine_says_stop() -> None:
    stops = {code for code in Code if catalogue.words(code).urgency is Urgency.STOP_NOW}
    assert stops == {Code.COOLANT_MAX, Code.OIL_MAX}


def test_the_most_urgent() -> None:
    assert catalogue.most_urgent([]) is None
    assert catalogue.most_urgent([None, None]) is None
    for less, more in zip(Urgency, list(Urgency)[1:], strict=False):
        assert catalogue.most_urgent([more, None, less]) is more
    assert list(catalogue.URGENCIES) == list(Urgency)


def test_every_table_of_words_is_complete() -> None:
    assert set(catalogue.WORDS) == set(Code)
    assert set(catalogue.VERDICTS) == set(catalogue.MEANINGS) == set(Severity)


def test_the_sentences_to_translate_are_all_of_them() -> None:
    found = list(catalogue.sentences())
    assert all(found)
    for entry in catalogue.WORDS.values():
        for sentence in (entry.title, entry.seen, entry.watch, entry.act, entry.part):
            assert not sentence or sentence in found


@pytest.mark.parametrize(
    ("code", "severity", "value", "said"),
    [
        (Code.MAX_PRESSURE, Severity.GOOD, 92.0,
         "Under load the back pressure of the filter rose to 92 mbar (today). This is fine; the limit is 300 mbar or "
         "more. Medium confidence."),
        (Code.PRESSURE_ENGINE_OFF, Severity.WATCH, 5.5, "The limit is above 5 mbar."),
        (Code.PRESSURE_ENGINE_OFF, Severity.ACT, 10.5, "The limit is above 10 mbar."),
        (Code.FILTER_LIFE_LEFT, Severity.WATCH, 43_210, "extrapolates 43,210 km of life"),
        (Code.FILTER_LIFE_LEFT, Severity.WATCH, 43_210,
         "The limit is 50,000 km or less. Low confidence: an indication, not a diagnosis."),
        (Code.BATTERY_BEFORE_START, Severity.WATCH, 11.9, "The limit is below 12 V."),
        (Code.CHARGING_VOLTAGE, Severity.WATCH, 13.1, "was 13.1 V (today). The limit is outside 13.2 to 15 V."),
        (Code.CHARGING_VOLTAGE, Severity.ACT, 12.7, "The limit is outside 12.8 to 15.3 V."),
        (Code.RAIL_PRESSURE_IDLE, Severity.WATCH, -100, "was -100 bar off its target (today)"),
        (Code.FAULT_CODES, Severity.WATCH, 3,
         "Fault codes stored in the ECU: 3 (today). The limit is 1 or more. High confidence."),
    ],
)  # fmt: skip
def test_what_a_finding_says(code: Code, severity: Severity, value: float, said: str) -> None:
    assert said in catalogue.text(code, severity, value, "today")
