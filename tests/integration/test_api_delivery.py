"""Results applied once, however they come, and averages asked for when they are due."""

import hashlib
import io
import zipfile
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from faplog.blobs import Blobs
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.keys import log_key, result_key, series_key
from faplog.contracts.messages import MAX_INLINE_BYTES, AverageRequest
from faplog.errors import Unavailable
from tests.conftest import until
from tests.integration.delivery import (
    API,
    Rig,
    at_once,
    average_of,
    failure,
    get,
    some_log,
    success,
    upload,
    uploaded,
    zipped,
)
from tests.integration.people import Person


def dated(analysis_id: UUID, day: str, **more: Any) -> dict[str, Any]:
    return success(analysis_id, logDate=f"{day}T00:00:00.000Z", **more)


def test_a_result_is_shown(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    result = success(analysis_id, fapRegen=True)
    system.analysed(result)
    shown = get(person, f"/analyses/{analysis_id}")
    assert shown["status"] == "Success"
    assert shown["message"] == "Analysis completed successfully."
    assert shown["analysis"] == result["analysis"]
    assert shown["logDate"] == "2025-02-03T00:00:00.000Z"
    assert (shown["fapRegen"], shown["distance"]) == (True, 10.5)
    (listed,) = get(person, "/analyses")["data"]
    assert listed["verdict"] == "good"


@pytest.mark.parametrize(
    ("said", "code", "params"),
    [
        ({}, "COLUMN_MISSING", {"column": "Time"}),
        ({"code": "NO_ROWS", "params": None}, "NO_ROWS", {}),
        ({"code": "OF_A_LATER_RELEASE", "params": {"n": 3, "name": "x"}}, "OF_A_LATER_RELEASE", {"n": 3, "name": "x"}),
        ({"code": None, "params": None}, None, None),
    ],
)
def test_a_failure_is_shown_with_its_code(
    system: Rig, person: Person, said: dict[str, Any], code: str | None, params: dict[str, Any] | None
) -> None:
    """Also one of a later release, and one of a release that knew no codes."""
    content = some_log()
    analysis_id = uploaded(person, content)
    system.analysed(failure(analysis_id, **said))
    (listed,) = get(person, "/analyses")["data"]
    with zipfile.ZipFile(io.BytesIO(person.call("GET", f"{API}/account/export").data)) as archive:
        (kept,) = orjson.loads(archive.read("analyses.json"))
    for shown in (get(person, f"/analyses/{analysis_id}"), listed, kept):
        assert (shown["status"], shown["code"], shown["params"]) == ("Failed", code, params)
        assert shown["message"] == "Failed to read csv file: no rows."
    assert uploaded(person, content) == analysis_id
    again = get(person, f"/analyses/{analysis_id}")
    assert (again["status"], again["message"], again["code"], again["params"]) == ("Processing", None, None, None)


@pytest.mark.parametrize("second", [success, failure])
def test_a_result_counts_once(system: Rig, person: Person, second: Any) -> None:
    analysis_id = uploaded(person)
    system.put_series(analysis_id)
    system.analysed(success(analysis_id))
    asked = system.take("average.request")
    before = get(person, f"/analyses/{analysis_id}")
    system.analysed(second(analysis_id, analysis={"other": 1}))
    assert get(person, f"/analyses/{analysis_id}") == before
    assert len(asked) == 3
    assert system.take("average.request") == []
    assert system.blobs.get(series_key(analysis_id)) is not None


def test_a_result_of_an_unknown_log_is_dropped_with_what_it_stored(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.sql("DELETE FROM fap_analysis WHERE id = %s", analysis_id)
    system.put_series(analysis_id)
    system.blobs.put(result_key(analysis_id), b"{}")
    system.analysed(success(analysis_id, analysis=None, analysisRef=result_key(analysis_id)))
    system.analysed(success(uuid4()))
    gone = {series_key(analysis_id), result_key(analysis_id), log_key(analysis_id)}
    assert not gone & system.objects()
    assert get(person, "/analyses")["data"] == []


def test_an_old_attempt_is_as_good_as_a_new_one(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.sql("UPDATE fap_analysis SET attempt = 3 WHERE id = %s", analysis_id)
    system.analysed(success(analysis_id, attempt=1))
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"


def test_a_result_of_another_version_is_dropped(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.analysed(success(analysis_id, version=ANALYSIS_VERSION - 1))
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Processing"


def test_a_result_that_says_nothing_of_version_or_attempt_is_taken(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    bare = {key: value for key, value in success(analysis_id).items() if key not in ("attempt", "version")}
    system.analysed(bare | {"unknown": {"extra": 1}})
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"


def test_a_late_result_still_counts_after_a_time_out(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.sql("UPDATE fap_analysis SET status = 'Failed', timed_out = true WHERE id = %s", analysis_id)
    system.analysed(success(analysis_id))
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"


def test_a_large_result_comes_by_reference(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    analysis = success(analysis_id)["analysis"] | {"drives": ["x" * 1000] * 300}
    system.blobs.put(result_key(analysis_id), orjson.dumps(analysis))
    system.analysed(success(analysis_id, analysis=None, analysisRef=result_key(analysis_id)))
    assert get(person, f"/analyses/{analysis_id}")["analysis"] == analysis
    assert system.blobs.get(result_key(analysis_id)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"analysisId": "no id"},
        {"status": "Maybe"},
        {"analysis": [1]},
        {"analysisRef": "logs/../users"},
        {"analysisRef": "averages/x"},
        {"distance": "far"},
        {"logDate": "someday"},
        {"message": None},
        {"analysis": {"nul": "a\x00b"}},
        {"analysis": {}},
        {"analysis": None},
    ],
)
def test_a_result_that_is_none_is_refused(system: Rig, person: Person, change: dict[str, Any]) -> None:
    analysis_id = uploaded(person)
    response = system.bring("analysis.result", success(analysis_id) | change)
    assert response.status_code == 400
    assert response.get_json()["message"].endswith(".")
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Processing"


def test_messages_need_the_secret_and_a_topic(system: Rig) -> None:
    client = system.app.test_client(use_cookies=False)
    message = success(uuid4())
    assert client.post("/", json=message, headers={"X-Topic": "analysis.result"}).status_code == 401
    wrong = {"X-Topic": "analysis.result", "X-Connector-Secret": "x" * 40}
    assert client.post("/", json=message, headers=wrong).status_code == 401
    assert client.post("/", json=message).status_code == 401
    assert system.bring("analysis.request", message).status_code == 400


def test_averages_are_asked_for_once_all_logs_ended(system: Rig, person: Person) -> None:
    answer = upload(person, zipped({f"{n}.csv": some_log() for n in range(4)}), "a.zip").get_json()
    ids = [UUID(text) for text in answer["ids"]]
    days = ["2024-12-31", "2025-02-03", "2025-03-04"]
    for analysis_id, day in zip(ids, days, strict=False):
        system.analysed(dated(analysis_id, day))
        assert system.take("average.request") == []
    assert person.call("GET", f"{API}/average").status_code == 404
    system.analysed(failure(ids[3]))
    requests = system.take("average.request")
    periods = [(r["data"]["type"], r["data"].get("year"), r["data"].get("month")) for r in requests]
    assert sorted(periods, key=str) == [
        ("MONTHLY", 2024, 12),
        ("MONTHLY", 2025, 2),
        ("MONTHLY", 2025, 3),
        ("OVERALL", None, None),
        ("YEARLY", 2024, None),
        ("YEARLY", 2025, None),
    ]
    (overall,) = [r for r in requests if r["data"]["type"] == "OVERALL"]
    AverageRequest.model_validate(overall)
    assert overall["data"]["userId"] == str(person.id)
    assert overall["data"]["analysis"] == [
        {
            "analysisId": str(analysis_id),
            "logDate": f"{day}T00:00:00.000Z",
            "distance": 10.5,
            "fapRegen": False,
            "analysis": success(analysis_id)["analysis"],
        }
        for analysis_id, day in zip(ids, days, strict=False)
    ]
    digests = system.sql("SELECT digest FROM fap_analysis WHERE user_id = %s ORDER BY log_date, id", person.id)
    known = b"".join(row["digest"] for row in digests if row["digest"] and row["digest"])
    assert len(known) in (96, 128)
    assert overall["data"]["analysisSha"] == hashlib.sha256(known[:96]).hexdigest()


def test_an_average_is_shown_and_what_did_not_change_is_not_asked_for(system: Rig, person: Person) -> None:
    system.analysed(dated(uploaded(person), "2024-12-31"))
    for request in system.take("average.request"):
        system.averaged(average_of(request))
    (car,) = get(person, "/cars")["data"]
    assert get(person, "/average") == {
        "carId": car["id"],
        "status": "SUCCESS",
        "message": "Average calculated successfully.",
        "code": None,
        "params": None,
        "average": {"overall": {"logs": 1}},
    }
    assert get(person, "/average", type="MONTHLY", year=2024, month=12)["average"] == {"overall": {"logs": 1}}
    system.analysed(dated(uploaded(person), "2025-01-01"))
    periods = {(r["data"]["type"], r["data"].get("year")) for r in system.take("average.request")}
    assert periods == {("OVERALL", None), ("YEARLY", 2025), ("MONTHLY", 2025)}
    shown = get(person, "/average")
    assert (shown["status"], shown["average"]) == ("CALCULATING", {"overall": {"logs": 1}})
    available = [tuple(one.values()) for one in get(person, "/average/available")]
    assert available == [
        ("OVERALL", None, None, "CALCULATING"),
        ("YEARLY", 2025, None, "CALCULATING"),
        ("MONTHLY", 2025, 1, "CALCULATING"),
        ("YEARLY", 2024, None, "SUCCESS"),
        ("MONTHLY", 2024, 12, "SUCCESS"),
    ]
    assert person.call("GET", f"{API}/average?type=YEARLY&year=2023").status_code == 404


def _overall(system: Rig) -> dict[str, Any]:
    (request,) = [r for r in system.take("average.request") if r["data"]["type"] == "OVERALL"]
    return request


def test_an_average_that_is_not_the_one_asked_for_is_dropped(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    request = _overall(system)
    old = average_of(request)
    system.analysed(success(uploaded(person)))
    newer = _overall(system)
    for wrong in (
        old,
        average_of(newer, generation=old["generation"]),
        average_of(newer, analysisSha=old["analysisSha"]),
        average_of(newer, userId=str(uuid4())),
    ):
        system.averaged(wrong)
    assert get(person, "/average")["status"] == "CALCULATING"
    system.averaged(average_of(newer))
    system.averaged(average_of(newer, average={"overall": {"logs": 99}}))
    system.averaged(average_of(newer, status="FAILED", message="late"))
    assert get(person, "/average")["average"] == {"overall": {"logs": 2}}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"status": "FAILED", "message": "It broke.", "average": None}, None),
        ({"status": "FAILED", "message": "It broke.", "average": None, "code": "LATER", "params": {"n": 1}}, "LATER"),
        ({"average": {}}, "AVERAGE_EMPTY"),
        ({"average": None}, "AVERAGE_EMPTY"),
    ],
)
def test_a_bad_average_keeps_the_last_good_one(
    system: Rig, person: Person, bad: dict[str, Any], code: str | None
) -> None:
    system.analysed(success(uploaded(person)))
    system.averaged(average_of(_overall(system)))
    system.analysed(success(uploaded(person)))
    system.averaged(average_of(_overall(system), **bad))
    shown = get(person, "/average")
    assert (shown["status"], shown["code"]) == ("FAILED", code)
    assert shown["params"] == (None if code is None else bad.get("params", {}))
    assert shown["message"].endswith(".")
    assert shown["average"] == {"overall": {"logs": 1}}


def test_a_deletion_makes_the_averages_anew_and_the_last_one_takes_them_away(system: Rig, person: Person) -> None:
    first, second = uploaded(person), uploaded(person)
    system.put_series(first)
    system.analysed(dated(first, "2025-02-03"))
    system.analysed(dated(second, "2025-03-03"))
    system.take("average.request")
    assert person.call("DELETE", f"{API}/analyses/{first}").status_code == 204
    assert len(_overall(system)["data"]["analysis"]) == 1
    assert [one["type"] for one in get(person, "/average/available")] == ["OVERALL", "YEARLY", "MONTHLY"]
    assert person.call("DELETE", f"{API}/analyses/{second}").status_code == 204
    assert person.call("DELETE", f"{API}/analyses/{second}").status_code == 404
    assert get(person, "/average/available") == []
    assert system.take("average.request") == []


def test_two_appliers_at_once_settle_once(system: Rig, person: Person) -> None:
    ids = [uploaded(person) for _ in range(12)]
    at_once(12, lambda which: system.analysed(success(ids[which])))
    assert [one["status"] for one in get(person, "/analyses")["data"]] == ["Success"] * 12
    requests = system.take("average.request")
    assert len(requests) == 3
    assert {len(request["data"]["analysis"]) for request in requests} == {12}


def test_the_same_result_from_two_replicas_at_once(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    at_once(8, lambda _: system.analysed(success(analysis_id)))
    assert len(system.take("average.request")) == 3


def test_a_long_list_goes_through_the_store(system: Rig, person: Person) -> None:
    ids = [uploaded(person) for _ in range(4)]
    for analysis_id in ids:
        long = success(analysis_id)["analysis"] | {"drives": ["x" * 1000] * 100}
        system.analysed(success(analysis_id, analysis=long))
    request = _overall(system)
    data = request["data"]
    assert "analysis" not in data
    assert data["analysisRef"] == f"averages/{person.id}/{data['analysisSha']}.json"
    stored = system.blobs.get(data["analysisRef"])
    assert stored is not None
    assert len(stored) > MAX_INLINE_BYTES
    assert [item["analysisId"] for item in orjson.loads(stored)] == [str(analysis_id) for analysis_id in sorted(ids)]
    result_ref = f"averages/{person.id}/{data['analysisSha']}-result.json"
    system.blobs.put(result_ref, orjson.dumps({"overall": {"logs": 4}}))
    system.averaged(average_of(request, average=None, averageRef=result_ref))
    assert get(person, "/average")["average"] == {"overall": {"logs": 4}}


def test_an_average_of_an_unknown_user_is_dropped_with_what_it_stored(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    request = _overall(system)
    sha = request["data"]["analysisSha"]
    current, stale = (f"averages/{person.id}/{digest}-result.json" for digest in (sha, "0" * 64))
    for key in (current, stale):
        system.blobs.put(key, orjson.dumps({"overall": {"logs": 7}}))
    system.averaged(average_of(request, average=None, averageRef=stale, analysisSha="0" * 64))
    assert system.blobs.get(stale) is None
    for _ in range(2):
        system.averaged(average_of(request, average=None, averageRef=current))
    assert get(person, "/average")["average"] == {"overall": {"logs": 7}}
    assert system.blobs.get(current) is not None
    foreign = average_of(request, average=None, averageRef=f"averages/{uuid4()}/{sha}.json")
    assert system.bring("average.result", foreign).status_code == 400


def test_averages_wait_only_for_logs_on_their_first_try(system: Rig, person: Person) -> None:
    bad, *good = [uploaded(person) for _ in range(3)]
    (request,) = [r for r in system.take("analysis.request") if r["data"]["fileName"] == str(bad)]
    system.analysed(success(good[0]))
    delayed(system, request)
    assert system.take("average.request") == []  # the third is on its first try
    system.analysed(success(good[1]))
    assert len(_overall(system)["data"]["analysis"]) == 2
    assert get(person, f"/analyses/{bad}")["status"] == "Processing"
    delayed(system, request)
    assert system.take("average.request") == []
    system.analysed(success(bad))
    assert len(_overall(system)["data"]["analysis"]) == 3


def test_the_failed_try_of_the_last_log_makes_the_averages_due(system: Rig, person: Person) -> None:
    good, bad = uploaded(person), uploaded(person)
    requests = system.take("analysis.request")
    system.analysed(success(good))
    assert system.take("average.request") == []
    delayed(system, next(r for r in requests if r["data"]["fileName"] == str(bad)))
    assert len(_overall(system)["data"]["analysis"]) == 1
    later = uploaded(person)
    assert system.take("average.request") == []  # a new log is waited for, the failed one is not
    system.analysed(success(later))
    assert len(_overall(system)["data"]["analysis"]) == 2


def test_a_log_uploaded_again_is_waited_for_again(system: Rig, person: Person) -> None:
    content = some_log()
    bad, good = uploaded(person, content), uploaded(person)
    delayed(system, system.take("analysis.request")[0])
    system.analysed(failure(bad))
    uploaded(person, content)
    system.analysed(success(good))
    assert system.take("average.request") == []
    system.analysed(success(bad, attempt=2))
    assert len(_overall(system)["data"]["analysis"]) == 2


@pytest.mark.parametrize("why", ["an older attempt", "unknown", "done", "not uploaded yet"])
def test_a_report_of_a_failed_try_that_says_nothing_new(system: Rig, person: Person, why: str) -> None:
    other, bad = uploaded(person), uploaded(person)
    request = next(r for r in system.take("analysis.request") if r["data"]["fileName"] == str(bad))
    system.analysed(success(other))
    match why:
        case "an older attempt":
            request["data"]["attempt"] = 0
        case "unknown":
            request["data"]["fileName"] = str(uuid4())
        case "done":
            system.analysed(success(bad))
            system.take("average.request")
        case _:
            system.sql("UPDATE fap_analysis SET stage = 'upload' WHERE id = %s", bad)
    before = get(person, f"/analyses/{bad}")
    delayed(system, request)
    assert system.take("average.request") == []
    assert get(person, f"/analyses/{bad}") == before


def test_a_report_of_a_failed_try_needs_the_secret_and_an_analysis(system: Rig) -> None:
    client = system.app.test_client(use_cookies=False)
    message = {"pattern": "analysis.request", "data": {"fileName": str(uuid4())}}
    assert client.post("/", json=message, headers={"X-Topic": "analysis.delayed"}).status_code == 401
    assert system.bring("analysis.delayed", success(uuid4())).status_code == 400
    assert system.bring("analysis.delayed", {"data": {"fileName": "no id"}}).status_code == 400


def delayed(system: Rig, request: dict[str, Any]) -> None:
    """Report a failed try of a request, as the connector does."""
    response = system.bring("analysis.delayed", request)
    assert response.status_code == 200, response.text


def large(analysis_id: UUID, day: str = "2025-02-03") -> dict[str, Any]:
    """Return a result so large that the list of a few goes through the store."""
    analysis = success(analysis_id)["analysis"] | {"drives": ["x" * 1000] * 100}
    return success(analysis_id, logDate=f"{day}T00:00:00.000Z", analysis=analysis)


def lists(system: Rig, person: Person) -> set[str]:
    """Return what is in the store on the way to and from `average`."""
    return system.objects(f"averages/{person.id}/")


@pytest.mark.parametrize("outcome", ["applied", "by reference", "failed", "empty", "twice"])
def test_the_list_of_an_average_is_removed_when_its_result_is_in(system: Rig, person: Person, outcome: str) -> None:
    for analysis_id in [uploaded(person) for _ in range(4)]:
        system.analysed(large(analysis_id))
    requests = system.take("average.request")
    assert len(requests) == 3
    assert len(lists(system, person)) == 1  # three periods with the same analyses
    reference = requests[0]["data"]["analysisRef"].replace(".json", "-result.json")
    more: dict[str, Any] = {
        "by reference": {"average": None, "averageRef": reference},
        "failed": {"status": "FAILED", "message": "It broke.", "average": None},
        "empty": {"average": {}},
    }.get(outcome, {})
    for number, request in enumerate(requests):
        assert len(lists(system, person)) >= 1, "another period still needs it"
        if outcome == "by reference":
            system.blobs.put(reference, orjson.dumps({"overall": {"logs": 4}}))
        for _ in range(2 if outcome == "twice" else 1):
            system.averaged(average_of(request, **more))
        assert (lists(system, person) == set()) == (number == 2)
    status = "FAILED" if outcome in ("failed", "empty") else "SUCCESS"
    assert {one["status"] for one in get(person, "/average/available")} == {status}


def test_the_list_of_an_average_that_is_no_longer_wanted_is_removed(system: Rig, person: Person) -> None:
    ids = [uploaded(person) for _ in range(4)]
    for analysis_id in ids:
        system.analysed(large(analysis_id))
    stale = system.take("average.request")
    system.analysed(large(uploaded(person)))
    wanted = system.take("average.request")
    assert len(lists(system, person)) == 2
    for request in stale:
        system.averaged(average_of(request))
    assert lists(system, person) == {wanted[0]["data"]["analysisRef"]}
    for analysis_id in [row["id"] for row in get(person, "/analyses")["data"]]:
        person.call("DELETE", f"{API}/analyses/{analysis_id}")
    for request in wanted:
        system.averaged(average_of(request))
    for request in system.take("average.request"):
        system.averaged(average_of(request))
    assert lists(system, person) == set()


def test_an_average_is_applied_although_its_list_cannot_be_removed(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for analysis_id in [uploaded(person) for _ in range(4)]:
        system.analysed(large(analysis_id))
    requests = system.take("average.request")

    def away(*_: str) -> None:
        raise Unavailable("the object store did not answer (Test)")

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "delete_hastily", away)
        for request in requests:
            system.averaged(average_of(request))
    assert get(person, "/average")["status"] == "SUCCESS"
    left = lists(system, person)
    assert left
    until(lambda: system.reconcile(orphan_sec=0.1) and not lists(system, person), what="reconcile removes it")
