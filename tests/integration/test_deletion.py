"""Deleting a log, restoring it within an hour, and purging it after: for every reader of logs, and under races."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from faplog.blobs import Blobs
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.keys import log_key, result_key, series_key
from functions.api.analyses import deletion
from functions.api.reconcile import requeue
from functions.api.settings import Settings
from tests.integration.delivery import (
    API,
    Rig,
    at_once,
    average_of,
    failure,
    get,
    rig,
    some_log,
    success,
    upload,
    uploaded,
)
from tests.integration.people import Person, arrive

HOUR = 3600


def delete(person: Person, analysis_id: UUID) -> None:
    response = person.call("DELETE", f"{API}/analyses/{analysis_id}")
    assert (response.status_code, response.data) == (204, b"")


def restore(person: Person, analysis_id: UUID | str) -> TestResponse:
    return person.call("POST", f"{API}/analyses/{analysis_id}/restore")


def age(system: Rig, analysis_id: UUID, seconds: float) -> None:
    """Let a log have been deleted so many seconds earlier."""
    system.sql(
        "UPDATE fap_analysis SET deleted_at = deleted_at - make_interval(secs => %s) WHERE id = %s",
        seconds,
        analysis_id,
    )


def analysed(system: Rig, person: Person, content: bytes | None = None, **more: Any) -> UUID:
    """Return the id of a log that was uploaded and analysed, with its series."""
    analysis_id = uploaded(person, content)
    system.put_series(analysis_id, b'{"t": []}')
    system.analysed(success(analysis_id, **more))
    return analysis_id


def listed(person: Person, **query: Any) -> list[str]:
    return [one["id"] for one in get(person, "/analyses", **query)["data"]]


def deleted_ids(person: Person) -> list[str]:
    return [one["id"] for one in get(person, "/analyses/deleted")["data"]]


def state(person: Person, analysis_id: UUID) -> int:
    return person.call("GET", f"{API}/analyses/{analysis_id}").status_code


def rows(system: Rig, analysis_id: UUID) -> int:
    return len(system.sql("SELECT id FROM fap_analysis WHERE id = %s", analysis_id))


def overall(system: Rig) -> list[str]:
    """Return the analyses in the newest request for the overall average; empty if there was none."""
    requests = [r["data"] for r in system.take("average.request") if r["data"]["type"] == "OVERALL"]
    return sorted(item["analysisId"] for item in requests[-1]["analysis"]) if requests else []


# What a deleted log is hidden from


SINGLE = ["/analyses/{id}", "/analyse/{id}", "/analyses/{id}/file", "/analyses/{id}/series", "/analyses/{id}/share"]


def test_a_deleted_log_is_nowhere_and_back_everywhere(system: Rig, person: Person) -> None:
    kept, gone = analysed(system, person), analysed(system, person, distance=3.0)
    assert person.call("POST", f"{API}/analyses/{gone}/share").status_code == 201

    def seen() -> dict[str, int]:
        return {path: person.call("GET", API + path.format(id=gone)).status_code for path in SINGLE}

    assert set(seen().values()) == {200}
    before = get(person, f"/analyses/{gone}")
    delete(person, gone)
    assert seen() == dict.fromkeys(SINGLE, 404)
    for query in ({}, {"q": "log"}, {"status": "Success"}, {"verdict": "good"}, {"sortBy": "logDate"}):
        page = get(person, "/analyses", **query)
        assert ([one["id"] for one in page["data"]], page["pagination"]["totalItems"]) == ([str(kept)], 1)
    for method, path in (("DELETE", ""), ("POST", "/share"), ("DELETE", "/share")):
        assert person.call(method, f"{API}/analyses/{gone}{path}").status_code == 404

    assert restore(person, gone).status_code == 204
    assert set(seen().values()) == {200}
    assert get(person, f"/analyses/{gone}") == before
    assert sorted(listed(person)) == sorted([str(kept), str(gone)])
    assert deleted_ids(person) == []


def test_its_shared_link_is_dead_and_alive_again(system: Rig, person: Person) -> None:
    gone = analysed(system, person)
    token = person.call("POST", f"{API}/analyses/{gone}/share").get_json()["token"]
    reader = system.app.test_client(use_cookies=False)

    def read() -> set[int]:
        return {reader.get(f"{API}/shared/{token}{path}").status_code for path in ("", "/series")}

    assert read() == {200}
    delete(person, gone)
    assert read() == {404}
    assert restore(person, gone).status_code == 204
    assert read() == {200}


def test_averages_leave_it_out_and_take_it_in_again(system: Rig, person: Person) -> None:
    first, second = analysed(system, person), analysed(system, person)
    both = sorted([str(first), str(second)])
    assert overall(system) == both
    delete(person, first)
    assert overall(system) == [str(second)]
    assert restore(person, first).status_code == 204
    assert overall(system) == both
    delete(person, first)
    delete(person, second)
    assert person.call("GET", f"{API}/average").status_code == 404
    assert get(person, "/average/available") == []
    system.take("average.request")
    assert restore(person, second).status_code == 204
    assert overall(system) == [str(second)]


def test_the_average_of_what_was_deleted_is_dropped(system: Rig, person: Person) -> None:
    """A request under way when the log is deleted, and one under way when it is restored."""
    analysed(system, person)
    gone = analysed(system, person)
    with_it = system.take("average.request")
    delete(person, gone)
    without = system.take("average.request")
    for request in with_it:
        system.averaged(average_of(request, average={"overall": {"logs": 99}}))
    assert get(person, "/average")["status"] == "CALCULATING"
    assert restore(person, gone).status_code == 204
    for request in without:
        system.averaged(average_of(request, average={"overall": {"logs": 99}}))
    for request in system.take("average.request"):
        system.averaged(average_of(request))
    assert get(person, "/average")["average"] == {"overall": {"logs": 2}}


def test_the_export_leaves_it_out(system: Rig, person: Person) -> None:
    kept, gone = analysed(system, person, b"Date;Time;Kept\n1;2;3\n"), analysed(system, person)
    person.call("POST", f"{API}/analyses/{gone}/share")
    delete(person, gone)
    with zipfile.ZipFile(BytesIO(person.call("GET", f"{API}/account/export").data)) as archive:
        assert [row["id"] for row in json.loads(archive.read("analyses.json"))] == [str(kept)]
        logs = [archive.read(name) for name in archive.namelist() if name.startswith("logs/")]
        assert json.loads(archive.read("account.json"))["links"] == []
    assert logs == [b"Date;Time;Kept\n1;2;3\n"]


# The way back


def test_the_list_of_deleted_logs(system: Rig, person: Person) -> None:
    ids = [analysed(system, person) for _ in range(3)]
    for analysis_id in ids:
        delete(person, analysis_id)
    age(system, ids[0], HOUR + 1)
    page = get(person, "/analyses/deleted", limit=1)
    assert page["pagination"] == {"totalItems": 2, "currentPage": 1, "pageSize": 1, "totalPages": 2}
    (newest,) = page["data"]
    assert (newest["id"], newest["fileName"], newest["status"]) == (str(ids[2]), "log.csv", "Success")
    deleted_at, until = (datetime.fromisoformat(newest[key]) for key in ("deletedAt", "restorableUntil"))
    assert until - deleted_at == timedelta(hours=1)
    assert deleted_at <= datetime.now(UTC) < until
    assert deleted_ids(person) == [str(ids[2]), str(ids[1])]
    assert deleted_ids(arrive(system.app)) == []
    for query in ("page=0", "limit=101", "sortBy=fileName", "deleted=true"):
        assert person.call("GET", f"{API}/analyses/deleted?{query}").status_code == 400


def test_restoring_is_idempotent_and_ends_after_an_hour(system: Rig, person: Person) -> None:
    analysis_id = analysed(system, person)
    assert restore(person, analysis_id).status_code == 204  # it was not deleted
    delete(person, analysis_id)
    age(system, analysis_id, HOUR - 60)
    assert [restore(person, analysis_id).status_code for _ in range(2)] == [204, 204]
    delete(person, analysis_id)
    age(system, analysis_id, HOUR)
    late, unknown = restore(person, analysis_id), restore(person, "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11")
    assert late.status_code == unknown.status_code == 404
    assert late.data == unknown.data
    assert state(person, analysis_id) == 404


def select(person: Person, action: str, *ids: object) -> Any:
    return person.call("POST", f"{API}/analyses/{action}", json={"ids": [str(one) for one in ids]})


def test_several_are_deleted_and_restored_at_once(system: Rig, person: Person) -> None:
    """Ids that are unknown, another's or deleted already are left out."""
    kept, *gone = (analysed(system, person) for _ in range(4))
    others = analysed(system, stranger := arrive(system.app))
    delete(person, gone[0])
    answer = select(person, "delete", *gone, others, "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11")
    assert answer.status_code == 200
    assert sorted(answer.get_json()["ids"]) == sorted(str(one) for one in gone[1:])
    assert listed(person) == [str(kept)]
    assert overall(system) == [str(kept)]
    assert state(stranger, others) == 200
    age(system, gone[2], HOUR)
    answer = select(person, "restore", *gone, others)
    assert sorted(answer.get_json()["ids"]) == sorted(str(one) for one in gone[:2])
    assert sorted(listed(person)) == sorted(str(one) for one in (kept, *gone[:2]))
    assert overall(system) == sorted(str(one) for one in (kept, *gone[:2]))


@pytest.mark.parametrize("action", ["delete", "restore"])
@pytest.mark.parametrize("ids", [[], ["1"], ["5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11"] * 101, [None]])
def test_a_bad_selection_is_refused_whole(system: Rig, person: Person, action: str, ids: list[Any]) -> None:
    analysis_id = analysed(system, person)
    answer = person.call("POST", f"{API}/analyses/{action}", json={"ids": [str(analysis_id), *ids] if ids else []})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_INPUT")
    assert listed(person) == [str(analysis_id)]


def test_several_are_restored_all_or_none(api_settings: Settings, tmp_path: Path) -> None:
    with rig(api_settings.model_copy(update={"quota_logs": 3}), tmp_path) as small:
        person = arrive(small.app)
        ids = [uploaded(person) for _ in range(3)]
        select(person, "delete", *ids)
        uploaded(person)
        answer = select(person, "restore", *ids)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "RESTORE_QUOTA_EXCEEDED")
        assert len(deleted_ids(person)) == 3
        assert len(select(person, "restore", *ids[:2]).get_json()["ids"]) == 2


def test_only_its_owner_restores_it(system: Rig, person: Person) -> None:
    analysis_id = analysed(system, person)
    delete(person, analysis_id)
    assert restore(arrive(system.app), analysis_id).status_code == 404
    assert system.app.test_client(use_cookies=False).post(f"{API}/analyses/{analysis_id}/restore").status_code == 401
    assert deleted_ids(person) == [str(analysis_id)]


def test_a_browser_needs_its_csrf_token_for_both(system: Rig, person: Person) -> None:
    analysis_id = analysed(system, person)
    browser = person.browser()
    path = f"{API}/analyses/{analysis_id}"
    assert browser.call("DELETE", path, csrf="wrong").status_code == 403
    assert browser.call("DELETE", path, origin="http://evil.example").status_code == 403
    assert browser.call("DELETE", path).status_code == 204
    assert browser.call("POST", f"{path}/restore", csrf="wrong").status_code == 403
    assert browser.call("POST", f"{path}/restore", origin="http://evil.example").status_code == 403
    assert browser.call("POST", f"{path}/restore").status_code == 204


# The same content uploaded again


def test_uploading_it_again_restores_it(system: Rig, person: Person) -> None:
    content = some_log()
    analysis_id = analysed(system, person, content)
    before = get(person, f"/analyses/{analysis_id}")
    system.take("analysis.request")
    delete(person, analysis_id)
    overall(system)
    age(system, analysis_id, HOUR)  # too old to restore, but not purged yet
    assert uploaded(person, content) == analysis_id
    assert get(person, f"/analyses/{analysis_id}") == before
    assert system.take("analysis.request") == []
    assert overall(system) == [str(analysis_id)]
    assert system.reconcile()
    assert state(person, analysis_id) == 200


def test_after_the_purge_it_is_a_new_log(system: Rig, person: Person) -> None:
    content = some_log()
    analysis_id = analysed(system, person, content)
    delete(person, analysis_id)
    age(system, analysis_id, HOUR)
    assert system.reconcile()
    again = uploaded(person, content)
    assert again != analysis_id
    assert system.blobs.get(log_key(again)) == content


def test_one_that_had_failed_is_analysed_again(system: Rig, person: Person) -> None:
    content = some_log()
    analysis_id = uploaded(person, content)
    system.analysed(failure(analysis_id))
    delete(person, analysis_id)
    system.take("analysis.request")
    assert uploaded(person, content) == analysis_id
    assert [r["data"]["attempt"] for r in system.take("analysis.request")] == [2]


def test_another_name_counts_and_the_log_is_analysed_again(system: Rig, person: Person) -> None:
    """The name tells the profile of the engine control unit; who deletes a misnamed log uploads it anew."""
    content = some_log()
    analysis_id = analysed(system, person, content)
    delete(person, analysis_id)
    system.take("analysis.request")
    assert uploaded(person, content, "DCM62v2_20250203.csv") == analysis_id
    (request,) = system.take("analysis.request")
    assert (request["data"]["profile"], request["data"]["attempt"]) == ("DCM62v2", 2)
    shown = get(person, f"/analyses/{analysis_id}")
    assert (shown["fileName"], shown["status"]) == ("DCM62v2_20250203.csv", "Processing")
    system.analysed(success(analysis_id))
    assert overall(system) == [str(analysis_id)]


# Deleted while it is on its way


def test_a_result_that_comes_while_it_is_deleted_is_there_after_restoring(system: Rig, person: Person) -> None:
    kept = analysed(system, person)
    overall(system)
    analysis_id = uploaded(person)
    delete(person, analysis_id)
    system.put_series(analysis_id)
    system.analysed(success(analysis_id))
    assert (state(person, analysis_id), overall(system)) == (404, [])
    assert restore(person, analysis_id).status_code == 204
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"
    assert overall(system) == sorted([str(kept), str(analysis_id)])


def test_one_that_is_deleted_holds_no_average_back(system: Rig, person: Person) -> None:
    waiting, done = uploaded(person), uploaded(person)
    system.analysed(success(done))
    assert overall(system) == []
    delete(person, waiting)
    assert overall(system) == [str(done)]


def test_reconcile_leaves_it_alone_and_goes_on_once_it_is_restored(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.sql("DELETE FROM fap_analysis WHERE user_id <> %s", person.id)
    lost, half, old = uploaded(person), uploaded(person), analysed(system, person)
    system.sql("UPDATE fap_analysis SET stage = 'upload' WHERE id = %s", half)
    monkeypatch.setattr(requeue, "ANALYSIS_VERSION", ANALYSIS_VERSION + 1)
    system.take("analysis.request")
    for analysis_id in (lost, half, old):
        delete(person, analysis_id)
        system.age("fap_analysis", 100_000, id=analysis_id)
    assert system.reconcile()
    assert system.take("analysis.request") == []
    for analysis_id in (lost, half, old):
        assert restore(person, analysis_id).status_code == 204
    assert system.reconcile()
    assert [r["data"]["fileName"] for r in system.take("analysis.request")] == [str(lost)]
    assert get(person, f"/analyses/{half}")["status"] == "Failed"
    system.analysed(success(lost))
    assert system.reconcile()
    assert str(old) in {r["data"]["fileName"] for r in system.take("analysis.request")}


def test_an_upload_on_its_way_may_be_deleted(system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is there before its object is, so the history offers to delete it. The deletion came last."""
    content = some_log()
    put = Blobs.put

    def delete_then_put(self: Blobs, key: str, *more: Any, **named: Any) -> None:
        delete(person, UUID(listed(person)[0]))
        put(self, key, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "put", delete_then_put)
        analysis_id = uploaded(person, content)
    assert (state(person, analysis_id), deleted_ids(person)) == (404, [str(analysis_id)])
    assert restore(person, analysis_id).status_code == 204
    system.analysed(success(analysis_id))
    assert person.call("GET", f"{API}/analyses/{analysis_id}/file").data == content


# The purge


def test_after_an_hour_reconcile_removes_rows_and_objects_in_batches(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "PURGE_BATCH", 2)
    young, *old = [analysed(system, person) for _ in range(6)]
    assert person.call("POST", f"{API}/analyses/{old[0]}/share").status_code == 201
    for analysis_id in (young, *old):
        delete(person, analysis_id)
    assert system.reconcile()
    assert {log_key(one) for one in (young, *old)} <= system.objects()
    for analysis_id in old:
        age(system, analysis_id, HOUR)
    assert system.reconcile()
    gone = {key(one) for one in old for key in (log_key, series_key)}
    assert not gone & system.objects()
    assert {log_key(young), series_key(young)} <= system.objects()
    assert [rows(system, one) for one in (young, *old)] == [1, 0, 0, 0, 0, 0]
    assert system.sql("SELECT analysis_id FROM fap_link WHERE analysis_id = %s", old[0]) == []
    assert restore(person, young).status_code == 204


def test_a_result_that_comes_after_the_purge_leaves_nothing(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    delete(person, analysis_id)
    age(system, analysis_id, HOUR)
    assert system.reconcile()
    system.put_series(analysis_id)
    system.blobs.put(result_key(analysis_id), b"{}")
    system.analysed(success(analysis_id, analysis=None, analysisRef=result_key(analysis_id)))
    assert not {log_key(analysis_id), series_key(analysis_id), result_key(analysis_id)} & system.objects()


def test_leaving_takes_the_deleted_logs_along(system: Rig, person: Person) -> None:
    analysis_id = analysed(system, person)
    delete(person, analysis_id)
    assert person.call("DELETE", f"{API}/account").status_code == 204
    assert rows(system, analysis_id) == 0
    assert not {log_key(analysis_id), series_key(analysis_id)} & system.objects()
    assert restore(person, analysis_id).status_code == 401


# The quota


def test_deleting_makes_room_at_once_and_restoring_needs_room(api_settings: Settings, tmp_path: Path) -> None:
    with rig(api_settings.model_copy(update={"quota_logs": 2}), tmp_path) as small:
        person = arrive(small.app)
        contents = [some_log() for _ in range(5)]
        first, second = (uploaded(person, content) for content in contents[:2])
        assert upload(person, contents[2]).status_code == 413
        delete(person, first)
        third = uploaded(person, contents[2])
        refused = restore(person, first)
        assert refused.status_code == 409
        assert refused.get_json()["message"].startswith("You keep 2 logs and may keep 2: ")
        assert refused.get_json()["code"] == "RESTORE_QUOTA_EXCEEDED"
        assert upload(person, contents[0]).status_code == 413  # the same by another way
        delete(person, second)
        assert restore(person, first).status_code == 204
        assert sorted(listed(person)) == sorted([str(first), str(third)])

        delete(person, first)
        fourth = uploaded(person, contents[3])
        assert small.sql("SELECT count(*) AS n FROM fap_analysis WHERE user_id = %s", person.id) == [{"n": 4}]
        delete(person, fourth)
        full = upload(person, contents[4])
        assert full.status_code == 413
        assert full.get_json()["message"] == (
            "You have deleted 3 logs that can still be restored: try again in an hour."
        )
        age(small, second, HOUR)
        assert small.reconcile()
        assert upload(person, contents[4]).status_code == 202


# At the same moment


def same(person: Person) -> Person:
    """Return the same person in another tab: a client of its own, for a thread of its own."""
    return Person(**vars(person) | {"client": person.app.test_client(use_cookies=False)})


def codes(person: Person, *actions: Callable[[Person], TestResponse], times: int = 4) -> list[list[int]]:
    """Return the status codes of each action when all are done at once, each so many times."""
    tabs = [(action, same(person)) for action in actions for _ in range(times)]
    answers = at_once(len(tabs), lambda which: tabs[which][0](tabs[which][1]).status_code)
    return [answers[number * times : (number + 1) * times] for number in range(len(actions))]


def test_eight_tabs_delete_it_once(system: Rig, person: Person) -> None:
    analysis_id = analysed(system, person)
    ((*answers,),) = codes(person, lambda tab: tab.call("DELETE", f"{API}/analyses/{analysis_id}"), times=8)
    assert sorted(answers) == [204, *[404] * 7]
    assert deleted_ids(person) == [str(analysis_id)]


def test_deleting_and_restoring_at_once_ends_in_one_of_both(system: Rig, person: Person) -> None:
    kept, analysis_id = analysed(system, person), analysed(system, person)
    for _ in range(5):
        deletions, restores = codes(
            person,
            lambda tab: tab.call("DELETE", f"{API}/analyses/{analysis_id}"),
            lambda tab: restore(tab, analysis_id),
        )
        assert (set(deletions) <= {204, 404}, set(restores)) == (True, {204})
        there = state(person, analysis_id) == 200
        assert deleted_ids(person) == ([] if there else [str(analysis_id)])
        wanted = [str(kept), str(analysis_id)] if there else [str(kept)]
        (average,) = system.sql("SELECT sha256 FROM fap_average WHERE user_id = %s AND type = 'OVERALL'", person.id)
        digest = """
            SELECT encode(sha256(string_agg(digest, ''::bytea ORDER BY log_date, id)), 'hex') AS sha256
            FROM fap_analysis WHERE id = ANY(%s::uuid[])
        """
        assert [average] == system.sql(digest, wanted)


@pytest.mark.parametrize("round_", range(4))
def test_the_purge_and_an_upload_of_the_same_content_at_once(system: Rig, person: Person, round_: int) -> None:
    """Whichever is first: the upload is accepted, and its log is there with its object."""
    content = some_log()
    analysis_id = analysed(system, person, content)
    delete(person, analysis_id)
    age(system, analysis_id, HOUR)
    tabs = [same(person) for _ in range(4)]

    def act(which: int) -> int:
        if which < len(tabs):
            return upload(tabs[which], content).status_code
        return 202 if deletion.purge(system.database, system.blobs) in (0, 1) else 500

    assert at_once(5, act) == [202] * 5
    (there,) = listed(person)
    assert person.call("GET", f"{API}/analyses/{there}/file").data == content
    assert deleted_ids(person) == []


def test_the_purge_and_a_restore_at_once(system: Rig, person: Person) -> None:
    """Just before the hour is over: restored with its objects, or purged and a 404, never half."""
    for _ in range(4):
        analysis_id = analysed(system, person)
        delete(person, analysis_id)
        age(system, analysis_id, HOUR - 0.05)
        tab = same(person)

        def act(which: int, analysis_id: UUID = analysis_id, tab: Person = tab) -> int:
            if which:
                return restore(tab, analysis_id).status_code
            while rows(system, analysis_id) and not system.sql(
                "SELECT id FROM fap_analysis WHERE id = %s AND deleted_at IS NULL", analysis_id
            ):
                deletion.purge(system.database, system.blobs)
            return 0

        _, answer = at_once(2, act)
        stored = {log_key(analysis_id), series_key(analysis_id)} & system.objects()
        assert (answer, rows(system, analysis_id), len(stored), state(person, analysis_id)) in (
            (204, 1, 2, 200),
            (404, 0, 0, 404),
        )


def test_a_result_and_a_deletion_at_once(system: Rig, person: Person) -> None:
    kept = analysed(system, person)
    for _ in range(4):
        analysis_id = uploaded(person)
        tab = same(person)

        def act(which: int, analysis_id: UUID = analysis_id, tab: Person = tab) -> None:
            if which:
                delete(tab, analysis_id)
            else:
                system.analysed(success(analysis_id))

        at_once(2, act)
        assert listed(person) == [str(kept)]
        (average,) = system.sql("SELECT sha256 FROM fap_average WHERE user_id = %s AND type = 'OVERALL'", person.id)
        assert [average] == system.sql(
            "SELECT encode(sha256(digest), 'hex') AS sha256 FROM fap_analysis WHERE id = %s", kept
        )
        assert restore(person, analysis_id).status_code == 204
        assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"
        delete(person, analysis_id)


def test_restoring_at_once_keeps_the_quota(api_settings: Settings, tmp_path: Path) -> None:
    with rig(api_settings.model_copy(update={"quota_logs": 3}), tmp_path) as small:
        person = arrive(small.app)
        ids = [uploaded(person) for _ in range(3)]
        for analysis_id in ids:
            delete(person, analysis_id)
        contents = [some_log() for _ in range(3)]
        tabs = [same(person) for _ in range(6)]
        answers = at_once(
            6,
            lambda which: (
                (
                    restore(tabs[which], ids[which]) if which < 3 else upload(tabs[which], contents[which - 3])
                ).status_code
            ),
        )
        assert len([code for code in answers if code in (202, 204)]) == 3, answers
        assert set(answers) <= {202, 204, 409, 413}
        assert get(person, "/analyses")["pagination"]["totalItems"] == 3
