"""Results that come in one request: each is applied once, as if it had come alone."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from faplog.contracts.keys import log_key, series_key
from faplog.errors import Unavailable
from functions.api import db
from functions.api.analyses import results
from tests.integration.delivery import Rig, average_of, failure, get, success, uploaded
from tests.integration.people import Person, arrive


@pytest.fixture
def other(system: Rig) -> Person:
    person = arrive(system.app)
    person.log_in()
    return person


def status(person: Person, analysis_id: UUID) -> str:
    return str(get(person, f"/analyses/{analysis_id}")["status"])


def test_results_of_several_people_are_applied(system: Rig, person: Person, other: Person) -> None:
    mine, theirs = [uploaded(person) for _ in range(3)], [uploaded(other) for _ in range(2)]
    response = system.bring_together(
        "analysis.result",
        success(mine[0]),
        success(theirs[0]),
        failure(mine[1]),
        success(mine[2]),
        failure(theirs[1]),
    )
    assert response.status_code == 200, response.text
    assert [status(person, analysis_id) for analysis_id in mine] == ["Success", "Failed", "Success"]
    assert [status(other, analysis_id) for analysis_id in theirs] == ["Success", "Failed"]
    users = [message["data"]["userId"] for message in system.take("average.request")]
    assert {str(person.id), str(other.id)} == set(users)


def test_averages_are_asked_for_once(system: Rig, person: Person) -> None:
    ids = [uploaded(person) for _ in range(4)]
    assert system.bring_together("analysis.result", *map(success, ids)).status_code == 200
    requests = [message["data"] for message in system.take("average.request")]
    assert sorted(request["type"] for request in requests) == ["MONTHLY", "OVERALL", "YEARLY"]
    assert {len(request["analysis"]) for request in requests} == {4}


def test_a_result_that_comes_twice_counts_once(system: Rig, person: Person) -> None:
    analysis_id, second = uploaded(person), uploaded(person)
    system.put_series(analysis_id)
    late = success(analysis_id) | {"message": "It came later."}
    assert system.bring_together("analysis.result", success(analysis_id), late, success(second)).status_code == 200
    assert system.bring_together("analysis.result", late, success(second)).status_code == 200
    assert get(person, f"/analyses/{analysis_id}")["message"] == success(analysis_id)["message"]
    assert status(person, second) == "Success"
    assert series_key(analysis_id) in system.objects(), "it has a row, which has this series"


def test_results_of_unknown_logs_are_dropped_with_what_they_stored(system: Rig, person: Person) -> None:
    analysis_id, gone, also_gone = uploaded(person), uuid4(), uuid4()
    system.put_series(gone)
    together = [success(gone), success(analysis_id), success(also_gone)]
    assert system.bring_together("analysis.result", *together).status_code == 200
    assert status(person, analysis_id) == "Success"
    objects = system.objects()
    assert log_key(analysis_id) in objects
    assert series_key(gone) not in objects


@pytest.mark.parametrize(
    "change",
    [{"status": "Perhaps"}, {"analysis": {"nul": "a\x00b"}}, {"analysis": None}, {"analysisRef": "results/x"}],
    ids=["no result", "not storable", "without analysis", "of another"],
)
def test_a_batch_with_a_result_that_is_none_is_refused_and_the_others_can_come_again(
    system: Rig, person: Person, other: Person, change: dict[str, Any]
) -> None:
    good, bad, theirs = uploaded(person), uploaded(person), uploaded(other)
    response = system.bring_together("analysis.result", success(theirs), success(good), success(bad) | change)
    assert response.status_code == 400, response.text
    for analysis_id in (theirs, good):
        system.analysed(success(analysis_id))
    assert system.bring("analysis.result", success(bad) | change).status_code == 400
    assert (status(other, theirs), status(person, good), status(person, bad)) == ("Success", "Success", "Processing")
    system.analysed(failure(bad))
    users = {message["data"]["userId"] for message in system.take("average.request")}
    assert users == {str(person.id), str(other.id)}


def test_what_was_committed_has_its_effect_although_the_rest_fails(
    system: Rig, person: Person, other: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = uploaded(person), uploaded(other)
    lock_user = db.lock_user

    def lock(connection: db.Conn, user_id: UUID) -> bool:
        if user_id == other.id:
            raise Unavailable("the database did not answer")
        return lock_user(connection, user_id)

    with monkeypatch.context() as patch:
        patch.setattr(results, "lock_user", lock)
        assert system.bring_together("analysis.result", success(mine), success(theirs)).status_code == 503
    assert (status(person, mine), status(other, theirs)) == ("Success", "Processing")
    assert {message["data"]["userId"] for message in system.take("average.request")} == {str(person.id)}
    system.analysed(success(mine))
    system.analysed(success(theirs))
    assert {message["data"]["userId"] for message in system.take("average.request")} == {str(other.id)}


def test_averages_that_come_together_are_shown(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    requests = system.take("average.request")
    assert system.bring_together("average.result", *map(average_of, requests)).status_code == 200
    month = {"type": "MONTHLY", "year": 2025, "month": 2}
    shown = [get(person, "/average", **query) for query in ({}, {"type": "YEARLY", "year": 2025}, month)]
    assert [average["status"] for average in shown] == ["SUCCESS"] * len(requests)


def test_a_batch_needs_the_secret(api_app: Flask) -> None:
    headers = {"X-Topic": "analysis.result", "Content-Type": "application/x-ndjson", "X-Connector-Secret": "x" * 40}
    assert api_app.test_client().post("/", data=b"{}\n{}", headers=headers).status_code == 401
