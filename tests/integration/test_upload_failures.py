"""Uploads that end with an unexpected error: no row is left that looks as if its upload went on."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from faplog.blobs import Blobs
from faplog.errors import Unavailable
from functions.api.delivery.publisher import Publisher
from tests.conftest import until
from tests.integration.delivery import Rig, failure, get, some_log, success, upload, uploaded, zipped
from tests.integration.people import Person

ERRORS = [
    MemoryError(),
    RuntimeError("can't start new thread"),
    OSError(28, "No space left on device"),
    Unavailable("the store"),
    KeyError("x"),
]


def rows(system: Rig, person: Person) -> list[dict[str, Any]]:
    """Return what there is of a person's logs."""
    return system.sql(
        "SELECT id, status, stage, sent, attempt FROM fap_analysis WHERE user_id = %s ORDER BY created_at", person.id
    )


def raising(error: BaseException) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("logs", [1, 3, 25])
def test_the_rows_are_taken_back_whatever_the_error(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch, error: Exception, logs: int
) -> None:
    content, name = (some_log(), "a.csv") if logs == 1 else (_zip(logs), "a.zip")
    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "put", raising(error))
        assert upload(person, content, name).status_code in (500, 503)
    assert rows(system, person) == []
    answer = upload(person, content, name)
    assert len(answer.get_json()["ids"]) == logs


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_the_rows_are_taken_back_when_the_worker_ends(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(Blobs, "put", raising(error))
    with pytest.raises(type(error)):
        upload(person, some_log())
    assert rows(system, person) == []


def test_the_rows_of_a_zip_are_taken_back_if_no_thread_can_be_started(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = ThreadPoolExecutor.submit
    calls = iter(range(100))

    def some(*args: Any) -> Any:
        if next(calls) == 2:
            raise RuntimeError("can't start new thread")
        return submit(*args)

    with monkeypatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "submit", some)
        assert upload(person, _zip(5), "a.zip").status_code == 500
    assert rows(system, person) == []


def test_a_log_that_had_failed_before_says_that_its_upload_did_not_finish(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = some_log()
    analysis_id = uploaded(person, content)
    system.analysed(failure(analysis_id))
    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "put", raising(MemoryError()))
        assert upload(person, content).status_code == 500
    shown = get(person, f"/analyses/{analysis_id}")
    assert (shown["status"], shown["message"]) == (
        "Failed",
        "The upload did not finish. Please upload the log again.",
    )
    assert (shown["code"], shown["params"]) == ("UPLOAD_NOT_FINISHED", {})
    system.take("analysis.request")
    assert uploaded(person, content) == analysis_id
    (request,) = system.take("analysis.request")
    assert request["data"]["fileName"] == str(analysis_id)


def test_a_log_that_could_not_be_published_is_accepted_all_the_same(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "publish", raising(RuntimeError("can't start new thread")))
        analysis_id = uploaded(person)
    (row,) = rows(system, person)
    assert (row["id"], row["stage"], row["sent"]) == (analysis_id, "analyse", False)


def test_the_averages_do_not_wait_for_an_upload_that_failed(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.analysed(success(uploaded(person)))
    system.take("average.request")
    last = uploaded(person)
    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "put", raising(MemoryError()))
        assert upload(person, some_log()).status_code == 500
    system.analysed(success(last))
    assert system.take("average.request")


def test_a_row_another_upload_came_to_is_left_to_it(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first upload fails while the second stores the same content: the second goes on with the row."""
    content = some_log()
    put = Blobs.put
    second_is_there, first_is_over = threading.Event(), threading.Event()
    keys: list[str] = []

    def one_after_the_other(self: Blobs, key: str, *args: Any, **more: Any) -> None:
        if not key.startswith("logs/"):
            return put(self, key, *args, **more)
        keys.append(key)
        if len(keys) == 1:
            assert second_is_there.wait(60)
            raise MemoryError
        second_is_there.set()
        assert first_is_over.wait(60)
        return put(self, key, *args, **more)

    monkeypatch.setattr(Blobs, "put", one_after_the_other)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(upload, person, content)
        until(lambda: len(keys) == 1, what="the first upload stores its object")
        second = pool.submit(upload, person, content)
        assert first.result().status_code == 500
        (row,) = rows(system, person)
        assert row["stage"] == "upload"
        first_is_over.set()
        answer = second.result()
    assert answer.status_code == 202
    assert [UUID(text) for text in answer.get_json()["ids"]] == [row["id"]]
    assert keys == [keys[0]] * 2


def _zip(logs: int) -> bytes:
    return zipped({f"{number}.csv": some_log() for number in range(logs)})
