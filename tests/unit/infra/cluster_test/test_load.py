"""What counts as failed, as a gap and as lost."""

import pytest

from infra.cluster_test.load import Sample, endless_logs, judge, lost


def upload(began: float, status: int | None = 202, seconds: float = 0.1, log_id: str | None = None) -> Sample:
    error = "" if status else "ConnectError"
    return Sample("upload", began, began + seconds, status, error, log_id)


def test_everything_accepted() -> None:
    found = judge([upload(0.5), upload(1.0), upload(1.5)], 0, 2)
    assert (found.requests, found.failed) == (3, {})
    assert found.longest_gap_sec == pytest.approx(0.6)
    assert found.words() == "3 requests, 0 failed, longest gap 0.6 s"


def test_failures_are_counted_by_reason() -> None:
    found = judge([upload(0, 503), upload(1, 503), upload(2, None), upload(3)], 0, 4)
    assert found.failed == {"503": 2, "ConnectError": 1}
    assert found.failures == 3
    assert found.longest_gap_sec == pytest.approx(3.1)
    assert "3 failed (2× 503, 1× ConnectError)" in found.words()


def test_a_gap_counts_from_the_beginning_and_to_the_end() -> None:
    assert judge([upload(1)], 0, 10).longest_gap_sec == pytest.approx(8.9)
    assert judge([], 0, 10).longest_gap_sec == 10


def test_a_slow_answer_is_a_gap_too() -> None:
    assert judge([upload(0), upload(1, seconds=5), upload(2, seconds=4.5)], 0, 7).longest_gap_sec == pytest.approx(5.9)


def test_only_requests_of_the_time_count() -> None:
    assert judge([upload(0, 503), upload(5), upload(11, 503)], 1, 10).failures == 0


def test_a_page_is_answered_by_200() -> None:
    assert Sample("page", 0, 1, 200).accepted
    assert not Sample("page", 0, 1, 202).accepted
    assert not upload(0, 200).accepted


def test_lost_is_what_was_accepted_and_is_not_a_success() -> None:
    samples = [upload(number, log_id=str(number)) for number in range(4)]
    samples += [upload(4, 503), upload(5, None)]
    assert lost(samples, {"0": "Success", "1": "Failed", "2": "Processing"}) == ["1", "2", "3"]
    assert lost(samples, dict.fromkeys("0123", "Success")) == []


def test_a_log_that_was_sent_twice_is_lost_once() -> None:
    assert lost([upload(0, log_id="a"), upload(1, log_id="a")], {}) == ["a"]


def test_logs_under_load_all_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cluster_test.load.DIFFERENT", 2)
    logs = endless_logs()
    assert len({next(logs)[1] for _ in range(6)}) == 6
