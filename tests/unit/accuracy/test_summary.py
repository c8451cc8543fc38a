"""Shares, bars and the document, from hand-made cases."""

from collections import Counter
from dataclasses import replace

import pytest

from accuracy.cars import Case, Findings, Healthy
from accuracy.document import DOCUMENT, confusion_table, faults_table, files_table, filled, healthy_table, missed_list
from accuracy.files import DamagedFile
from accuracy.summary import alarms, files, percent, rows
from faplog.synthetic.faults import FAULTS, Degree


def case(seed: int = 0, **given: object) -> Case:
    fields: dict[str, object] = {
        "fault": "overheating",
        "degree": "clear",
        "seed": seed,
        "profile": "DCM62v2",
        "named_after": 1,
        "logs_followed": 10,
        "verdict": "watch",
        "findings": {"coolant_max": "watch"},
        "verdict_of_all": None,
    }
    return Case(**(fields | given))  # type: ignore[arg-type]


def car(*logs: Findings) -> Healthy:
    logs_and_verdicts = [("act" if "act" in one.values() else "watch" if one else "good", one) for one in logs]
    return Healthy(0, "DCM62v2", logs_and_verdicts, ("good", {}))


def test_98_of_100_meets_the_bar_and_97_does_not() -> None:
    for unnamed, missed in ((2, []), (3, ["named in 97 % of cars within ten logs"])):
        cases = [case(seed, named_after=None if seed < unnamed else 1) for seed in range(100)]
        (row,) = rows(cases)
        assert row.missed() == missed
        assert row.named_in_one == 1 - unnamed / 100


def test_one_that_is_called_good_misses_the_bar() -> None:
    (row,) = rows([case(), case(1, verdict="good", named_after=3)])
    assert row.missed() == ["called good in 1 of 2 cars"]
    assert (row.named_in_one, row.named_in_ten) == (0.5, 1.0)


@pytest.mark.parametrize("degree", ["slight"])
def test_a_slight_fault_has_no_bar(degree: Degree) -> None:
    (row,) = rows([case(degree=degree, named_after=None, verdict="good", logs_followed=1)])
    assert row.missed() == []
    assert row.named_in_ten is None, "it was not followed"


def test_a_history_is_good_where_its_average_is() -> None:
    history = case(fault="filter getting fuller", named_after=None, verdict_of_all="good", verdict="good", findings={})
    (row,) = rows([history])
    assert row.named_in_one is None
    assert row.missed() == ["named in 0 % of cars within ten logs", "called good in 1 of 1 cars"]


def test_what_no_rule_can_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAULTS, "overheating", replace(FAULTS["overheating"], codes=()))
    (row,) = rows([case(named_after=None, logs_followed=1)])
    assert row.missed() == ["no rule can name it"]


def test_false_alarms_are_counted_by_log_and_by_code() -> None:
    seen = alarms([car({}, {"idle_pressure": "watch", "boost_error": "watch"}), car({"idle_pressure": "act"}, {})])
    assert (seen.logs, seen.logs_at_watch, seen.logs_at_act) == (4, 1, 1)
    assert seen.watch == Counter(idle_pressure=1, boost_error=1)
    assert seen.act == Counter(idle_pressure=1)
    assert [sentence.split()[0] for sentence in seen.missed()] == ["250.0", "250.0"]


def test_two_false_alarms_per_1000_meet_the_bar() -> None:
    assert alarms([car(*([{"a": "watch"}] * 2 + [{}] * 998))]).missed() == []
    assert alarms([car(*([{"a": "watch"}] * 3 + [{}] * 997))]).missed() != []
    assert alarms([car(*([{"a": "act"}] + [{}] * 9999))]).missed() != []


def test_shares_that_round_to_all_are_not_written_as_all() -> None:
    assert [percent(share) for share in (None, 0.0, 0.975, 0.995, 1.0)] == ["–", "0 %", "98 %", "99.5 %", "100 %"]


def test_the_tables_say_what_was_seen() -> None:
    found = rows([case(), case(1, named_after=None, verdict="good", findings={"oil_max": "act"})])
    assert "| overheating | clear: 106 °C coolant | 50 % | 50 % | 1 | misses | coolant_max |" in faults_table(found)
    assert "| overheating | clear | oil_max 50 % |" in confusion_table(found)
    seen = alarms([car({"oil_max": "watch"}, {})])
    assert "| oil_max | 500.0 | 0.0 |" in healthy_table(seen)
    assert "**overheating, clear**: named in 50 % of cars" in missed_list(found, seen)
    assert missed_list([], alarms([car({})])) == "Nothing."
    damaged = [
        DamagedFile("block of NUL", "slight", 0, "wrong", "distance"),
        DamagedFile("block of NUL", "slight", 1, "right", ""),
    ]
    assert "| block of NUL | slight: 300 bytes | same | 50 % | 0 % | 50 % | distance |" in files_table(files(damaged))


def test_the_document_has_a_place_for_every_table() -> None:
    names = ("run", "town", "long", "faults", "confusion", "healthy", "files", "missed")
    text = filled(DOCUMENT.read_text("utf-8"), {name: f"here is {name}" for name in names})
    assert all(f"<!-- {name} -->\nhere is {name}\n<!-- end -->" in text for name in names)
