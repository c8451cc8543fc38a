"""The decision table, row by row."""

import pytest

from connector.answer import MAX_RESETS, Answer, Outcome, after_resets, outcome_of, retry_delay_sec


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (range(200, 300), Outcome.DONE),
        ([429, 503], Outcome.HOLD),
        ([404, 500, 501, 502, 504, 505, 599], Outcome.FAILED),
        ([*range(400, 404), *range(405, 429), *range(430, 500)], Outcome.DEAD),
        ([100, 301, 302, 304, 307, 308], Outcome.FAILED),
    ],
)
def test_each_status_has_its_verdict(statuses: list[int], outcome: Outcome) -> None:
    assert {outcome_of(status) for status in statuses} == {outcome}


def test_broken_connections_count_only_when_they_go_on() -> None:
    broken = Answer(Outcome.RESET, "broken")
    assert after_resets(broken, MAX_RESETS) == broken
    counted = after_resets(broken, MAX_RESETS + 1)
    assert counted.outcome is Outcome.FAILED
    assert counted.reason == "broken, 4 times in a row"


def test_other_answers_do_not_care_about_earlier_broken_connections() -> None:
    answer = Answer(Outcome.HOLD, "busy")
    assert after_resets(answer, 100) is answer


def test_each_retry_waits_longer_and_all_of_them_less_than_the_deduplication_window() -> None:
    delays = [retry_delay_sec(tries, 1) for tries in range(1, 5)]
    assert delays == [1, 3, 9, 27]
