"""Uploads against the real servers: what is taken, once, and what is refused with nothing half-stored."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from faplog import bus
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.keys import log_key
from functions.api.settings import Settings
from functions.api.uploads.receive import MAX_UPLOAD_BYTES
from tests.conftest import until
from tests.integration.delivery import (
    API,
    Rig,
    at_once,
    failure,
    get,
    rig,
    some_log,
    success,
    upload,
    uploaded,
    zipped,
)
from tests.integration.people import Person, arrive


def test_a_log_is_stored_and_queued(system: Rig, person: Person) -> None:
    content = some_log()
    response = upload(person, content, "Fährt 日本.csv")
    assert response.status_code == 202
    (text,) = response.get_json()["ids"]
    assert response.get_json() == {"ids": [text]}
    analysis_id = UUID(text)
    assert system.blobs.get(log_key(analysis_id)) == content
    shown = get(person, f"/analyses/{text}")
    assert shown == {
        "id": text,
        "fileName": "Fährt 日本.csv",
        "carId": None,
        "carGuessed": False,
        "note": None,
        "filterCourse": None,
        "status": "Processing",
        "stage": "analyse",
        "message": None,
        "code": None,
        "params": None,
        "logDate": None,
        "fapRegen": False,
        "distance": None,
        "analysis": None,
        "supersededBy": None,
        "earlierVersions": [],
        "overlaps": [],
        "lastRegeneration": None,
    }
    (request,) = [r for r in system.take("analysis.request") if r["data"]["fileName"] == text]
    asked = {"fileName": text, "attempt": 1, "version": ANALYSIS_VERSION}
    assert request == {"pattern": "analysis.request", "data": asked}


def test_the_request_names_the_ecu_profile_a_file_name_tells(system: Rig, person: Person) -> None:
    """The function sees an id alone, so nothing else could tell it."""
    (text,) = upload(person, some_log(), "DCM62v2_20250203.csv").get_json()["ids"]
    (request,) = [r for r in system.take("analysis.request") if r["data"]["fileName"] == text]
    assert request["data"]["profile"] == "DCM62v2"


def test_the_same_content_is_stored_once(system: Rig, person: Person) -> None:
    content = some_log()
    first = uploaded(person, content, "a.csv")
    system.take("analysis.request")
    assert uploaded(person, content, "b.csv") == first
    assert system.take("analysis.request") == []
    system.analysed(success(first))
    assert uploaded(person, content) == first
    assert get(person, f"/analyses/{first}")["status"] == "Success"
    assert get(person, "/analyses")["pagination"]["totalItems"] == 1


def test_the_same_content_again_is_queued_again_if_it_had_failed(system: Rig, person: Person) -> None:
    content = some_log()
    analysis_id = uploaded(person, content)
    system.analysed(failure(analysis_id))
    system.take("analysis.request")
    assert uploaded(person, content) == analysis_id
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Processing"
    assert get(person, f"/analyses/{analysis_id}")["message"] is None
    (request,) = system.take("analysis.request")
    assert request["data"]["attempt"] == 2


def test_content_is_compared_within_one_user_only(system: Rig, person: Person) -> None:
    content = some_log()
    other = arrive(system.app)
    assert uploaded(person, content) != uploaded(other, content)


def test_what_was_there_before_is_named(system: Rig, person: Person) -> None:
    """A log that had failed, or was deleted, is no log one has: it is analysed again, or restored."""
    contents = [some_log() for _ in range(4)]
    first, failed, deleted = (uploaded(person, content) for content in contents[:3])
    system.analysed(success(first))
    system.analysed(failure(failed))
    assert person.call("DELETE", f"{API}/analyses/{deleted}").status_code == 204
    assert upload(person, contents[0]).get_json() == {"ids": [str(first)], "known": [str(first)]}
    answer = upload(person, zipped({f"{n}.csv": content for n, content in enumerate(contents)}), "all.zip").get_json()
    assert len(answer["ids"]) == 4
    assert answer["known"] == [str(first)]
    assert "known" not in upload(arrive(system.app), contents[0]).get_json()
    twice = upload(person, zipped({"a.csv": (new := some_log()), "b.csv": new}), "twice.zip").get_json()
    assert "known" not in twice


def test_twenty_same_uploads_at_once_are_one(system: Rig, person: Person) -> None:
    content = some_log()
    system.take("analysis.request")
    assert len(set(at_once(20, lambda _: uploaded(person, content)))) == 1
    assert get(person, "/analyses")["pagination"]["totalItems"] == 1
    assert len(system.take("analysis.request")) == 1


def test_twenty_users_with_one_file_have_one_each(system: Rig) -> None:
    content = some_log()
    people = [arrive(system.app) for _ in range(20)]
    system.take("analysis.request")
    ids = at_once(20, lambda which: uploaded(people[which], content))
    assert len(set(ids)) == 20
    assert len(system.take("analysis.request")) == 20


def test_two_zips_with_the_same_logs_in_another_order(system: Rig, person: Person) -> None:
    logs = [some_log() for _ in range(60)]
    zips = [zipped({f"{n}.csv": log for n, log in enumerate(order)}) for order in (logs, logs[::-1])]
    answers = at_once(4, lambda which: upload(person, zips[which % 2], "a.zip"))
    assert [answer.status_code for answer in answers] == [202] * 4
    assert {frozenset(answer.get_json()["ids"]) for answer in answers} == {frozenset(answers[0].get_json()["ids"])}
    assert answers[0].get_json()["ids"] in (answers[1].get_json()["ids"][::-1], answers[2].get_json()["ids"])
    assert get(person, "/analyses")["pagination"]["totalItems"] == 60


def test_a_zip_gives_each_log_and_says_what_it_left(system: Rig, person: Person) -> None:
    twice = some_log()
    content = zipped(
        {
            "Märzfahrten/a.csv": twice,
            "b.csv": some_log(),
            "again.csv": twice,
            "empty.csv": b"",
            "paper.csv": b"%PDF-1.7 x",
            "notes.txt": b"x",
            "__MACOSX/._a.csv": b"x",
        }
    )
    response = upload(person, content, "drives.ZIP")
    assert response.status_code == 202
    answer = response.get_json()
    assert len(answer["ids"]) == 2
    assert answer["skipped"] == ["notes.txt", "__MACOSX/._a.csv"]
    assert answer["skippedReason"]["code"] == "ZIP_ENTRY_NOT_CSV"
    assert [(one["fileName"], one["code"], one["params"]) for one in answer["refused"]] == [
        ("empty.csv", "UPLOAD_EMPTY", {}),
        ("paper.csv", "NOT_TEXT", {}),
    ]
    listed = get(person, "/analyses", sortBy="createdAt", order="asc")["data"]
    assert {one["fileName"] for one in listed} == {"a.csv", "b.csv"}
    assert len(system.take("analysis.request")) == 2


def test_a_zip_longer_than_a_batch(system: Rig, person: Person) -> None:
    system.take("analysis.request")
    response = upload(person, zipped({f"{n}.csv": some_log() for n in range(130)}), "a.zip")
    ids = response.get_json()["ids"]
    assert len(set(ids)) == 130
    assert {r["data"]["fileName"] for r in system.take("analysis.request")} == set(ids)


def test_the_short_form(system: Rig, person: Person) -> None:
    response = upload(person, some_log(), "a.csv", "/analyse")
    assert response.status_code == 202
    analysis_id = UUID(response.get_json()["id"])
    path = f"{API}/analyse/{analysis_id}"
    progress = person.call("GET", path)
    assert (progress.status_code, progress.get_json()) == (202, {"stage": "analyse", "status": "progressing"})
    system.analysed(failure(analysis_id))
    failed = person.call("GET", path)
    assert failed.status_code == 422
    assert failed.get_json() == {
        "stage": "analyse",
        "status": "fail",
        "message": "Failed to read csv file: no rows.",
        "code": "COLUMN_MISSING",
        "params": {"column": "Time"},
    }
    other = UUID(upload(person, some_log(), "b.csv", "/analyse").get_json()["id"])
    system.analysed(success(other))
    assert get(person, f"/analyse/{other}") == success(other)["analysis"]
    assert upload(person, zipped({"a.csv": some_log()}), "a.zip", "/analyse").status_code == 400


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened, opened.open("bomb.csv", "w") as entry:
        for _ in range(300):
            entry.write(b"0" * (1 << 20))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.csv", b"", 400, "UPLOAD_EMPTY"),
        ("blank.csv", b"\n\n  \n", 400, "UPLOAD_EMPTY"),
        ("paper.csv", b"%PDF-1.7\n1 0 obj\n", 400, "NOT_TEXT"),
        ("words.csv", b"only words\n", 400, "HEADER_EXPECTED"),
        ("data.csv", b"2025.02.03;07:41:03;800\n", 400, "HEADER_EXPECTED"),
        ("torque.csv", b"GPS Time, Device Time, Longitude, Latitude\n", 400, "OTHER_APP"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj\n", 400, "FILE_TYPE_UNKNOWN"),
        ("noextension", b"Date;Time;Revs\n", 400, "FILE_TYPE_UNKNOWN"),
        ("a.csv.exe", b"Date;Time;Revs\n", 400, "FILE_TYPE_UNKNOWN"),
        ("no.zip", b"Date;Time;Revs\n", 400, "ZIP_INVALID"),
        ("nothing.zip", zipped({}), 400, "ZIP_WITHOUT_CSV"),
        ("nocsv.zip", zipped({"a.txt": b"x"}), 400, "ZIP_WITHOUT_CSV"),
        ("bad.zip", zipped({"a.csv": b"%PDF-1.7"}), 400, "ZIP_WITHOUT_LOGS"),
        ("nested.zip", zipped({"b.zip": zipped({"a.csv": b"Date;Time;Revs\n"})}), 400, "ZIP_WITHOUT_CSV"),
        ("many.zip", zipped({f"{n}.csv": b"Date;Time\n" for n in range(1001)}), 413, "ZIP_TOO_LARGE"),
        ("bomb.zip", _bomb, 413, "ZIP_TOO_LARGE"),
        ("big.csv", b"Date;Time;Revs\n" + b"0" * MAX_UPLOAD_BYTES, 413, "UPLOAD_TOO_LARGE"),
        ("big.zip", b"PK\x03\x04" + b"0" * MAX_UPLOAD_BYTES, 413, "UPLOAD_TOO_LARGE"),
        ("21.csv", b"Date;Time;Revs\n" + b"0" * 21_000_000, 413, "UPLOAD_TOO_LARGE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_leaves_nothing_behind(
    system: Rig, person: Person, name: str, content: bytes | Callable[[], bytes], status: int, code: str
) -> None:
    objects = system.objects()
    response = upload(person, content() if callable(content) else content, name)
    assert response.status_code == status
    error = response.get_json()
    assert (error["statusCode"], error["code"]) == (status, code)
    assert error["message"].endswith(".")
    assert "Traceback" not in response.text
    assert get(person, "/analyses")["pagination"]["totalItems"] == 0
    assert system.objects() == objects


def test_hostile_names_are_only_names(system: Rig, person: Person) -> None:
    names = ["'; DROP TABLE users;--.csv", "<img src=x onerror=alert(1)>.csv", "%00%s{0}$1.csv", "ä" * 400 + ".csv"]
    for name in names:
        uploaded(person, name=name)
    shown = [one["fileName"] for one in get(person, "/analyses", order="asc")["data"]]
    assert shown == [*names[:3], "ä" * 251 + ".csv"]


def test_without_nats_uploads_go_on(system: Rig, person: Person) -> None:
    system.broker.stop()
    try:
        analysis_id = uploaded(person)
        assert get(person, f"/analyses/{analysis_id}")["stage"] == "analyse"
        assert system.sql("SELECT sent FROM fap_analysis WHERE id = %s", analysis_id) == [{"sent": False}]
    finally:
        system.broker.start()
        until(system.publisher.connected, what="the publisher is back")
    assert system.reconcile()
    (request,) = [r for r in system.take("analysis.request") if r["data"]["fileName"] == str(analysis_id)]
    assert request["data"] == {"fileName": str(analysis_id), "attempt": 1, "version": ANALYSIS_VERSION}


def test_readiness_tells_of_requests_that_were_not_published_until_they_are(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker is connected all the time, and takes nothing: so it is after a full disk."""
    system.sql("UPDATE fap_analysis SET sent = true")
    system.sql("UPDATE fap_average SET sent = true")
    well = {"status": "ok", "postgres": "ok", "nats": "ok", "s3": "ok"}
    assert get(person, "/health/readiness") == well
    with monkeypatch.context() as patch:
        patch.setattr(bus, "MAX_REQUEST_BYTES", 0)
        patch.setattr(system.publisher, "_allowance_bytes", 0)  # tests before this one have looked already
        uploaded(person)
        assert get(person, "/health/readiness") == well | {"status": "degraded", "nats": "away"}
    assert get(person, "/health/readiness")["status"] == "degraded"
    assert system.reconcile()
    assert len(system.take("analysis.request")) == 1
    assert get(person, "/health/readiness") == well
    system.publisher.refused = True  # another process has published them
    assert get(person, "/health/readiness") == well


def test_without_the_store_an_upload_gets_a_503_and_leaves_nothing(api_settings: Settings, tmp_path: Path) -> None:
    away = api_settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    with rig(away, tmp_path) as broken:
        person = arrive(broken.app)
        response = upload(person, some_log())
        assert response.status_code == 503
        assert response.get_json()["message"].endswith(".")
        assert get(person, "/analyses")["pagination"]["totalItems"] == 0
        assert get(person, "/health/readiness") == {"status": "degraded", "postgres": "ok", "nats": "ok", "s3": "away"}


def test_a_half_made_upload_is_finished_by_the_next_one(system: Rig, person: Person) -> None:
    """The process died between the row and its object."""
    content = some_log()
    analysis_id = uploaded(person, content)
    system.take("analysis.request")
    system.sql("UPDATE fap_analysis SET stage = 'upload', attempt = 2 WHERE id = %s", analysis_id)
    system.blobs.delete(log_key(analysis_id))
    assert uploaded(person, content) == analysis_id
    assert system.blobs.get(log_key(analysis_id)) == content
    assert len(system.take("analysis.request")) == 1


def test_the_quota_is_kept(api_settings: Settings, tmp_path: Path) -> None:
    with rig(api_settings.model_copy(update={"quota_logs": 3}), tmp_path) as small:
        person = arrive(small.app)
        logs = [some_log() for _ in range(4)]
        assert upload(person, zipped({f"{n}.csv": log for n, log in enumerate(logs[:3])}), "a.zip").status_code == 202
        full = upload(person, logs[3])
        assert full.status_code == 413
        assert "delete some" in full.get_json()["message"]
        assert full.get_json()["code"] in ("QUOTA_EXCEEDED", "ZIP_PARTLY_STORED")
        assert uploaded(person, logs[0])  # known already: not one more


def test_the_quota_is_kept_by_uploads_at_once(api_settings: Settings, tmp_path: Path) -> None:
    with rig(api_settings.model_copy(update={"quota_logs": 3}), tmp_path) as small:
        person = arrive(small.app)
        codes = at_once(12, lambda _: upload(person, some_log()).status_code)
        assert sorted(codes) == [202] * 3 + [413] * 9
