"""Reconcile: lost requests are found, waiting ones are left alone, orphans are removed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.keys import log_key, result_key, series_key
from functions.api.db import Conn, Database
from functions.api.delivery import stream_contents
from functions.api.reconcile import __main__ as reconcile
from functions.api.reconcile import requeue
from functions.api.reconcile.requeue import Requeue
from functions.api.settings import Settings
from standalone.servers import Servers
from tests.conftest import ROOT, until
from tests.integration.delivery import (
    Rig,
    average_of,
    empty_rig,
    environment_of,
    failure,
    get,
    some_log,
    success,
    upload,
    uploaded,
    zipped,
)
from tests.integration.people import Person


@pytest.fixture
def system(api_settings: Settings, tmp_path: Path) -> Iterator[Rig]:
    """Yield a broker of its own; rows of earlier tests are gone, for reconcile looks at all there are."""
    with empty_rig(api_settings, tmp_path) as made:
        yield made


def attempts(system: Rig) -> list[int]:
    return [request["data"]["attempt"] for request in system.waiting("analysis.request")]


def test_nothing_to_do_is_nothing_done(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    assert system.reconcile(overdue_sec=0.001)
    assert attempts(system) == [1]
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Processing"


def test_a_lost_request_is_published_again_and_in_the_end_given_up(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    for attempt in (2, 3, 4):
        assert len(system.take("analysis.request")) == 1
        system.age("fap_analysis", 10_000, id=analysis_id)
        assert system.reconcile()
        assert attempts(system) == [attempt]
    system.take("analysis.request")
    system.age("fap_analysis", 10_000, id=analysis_id)
    assert system.reconcile()
    assert attempts(system) == []
    shown = get(person, f"/analyses/{analysis_id}")
    assert (shown["status"], "4 times" in shown["message"]) == ("Failed", True)
    assert (shown["code"], shown["params"]) == ("ANALYSIS_TIMED_OUT", {"tries": 4})
    system.analysed(success(analysis_id))  # late, but it came
    shown = get(person, f"/analyses/{analysis_id}")
    assert (shown["status"], shown["code"], shown["params"]) == ("Success", None, None)


def test_uploading_again_gives_a_new_budget(system: Rig, person: Person) -> None:
    content = some_log()
    analysis_id = uploaded(person, content)
    system.sql(
        "UPDATE fap_analysis SET status = 'Failed', timed_out = true, retries = 3, attempt = 4 WHERE id = %s",
        analysis_id,
    )
    system.take("analysis.request")
    uploaded(person, content)
    system.take("analysis.request")
    system.age("fap_analysis", 10_000, id=analysis_id)
    system.reconcile()
    assert attempts(system) == [6]


def test_what_waits_in_the_stream_is_not_overdue_however_long(system: Rig, person: Person) -> None:
    ids = upload(person, zipped({f"{n}.csv": some_log() for n in range(60)}), "a.zip").get_json()["ids"]
    for text in ids:
        system.age("fap_analysis", 100_000, id=UUID(text))
    system.reconcile()
    assert attempts(system) == [1] * 60


def test_a_queue_longer_than_is_looked_at(system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the age of the oldest request decides: what is older is lost, what is younger still waits."""
    monkeypatch.setattr(stream_contents, "SCAN", 10)
    lost = uploaded(person)
    assert len(system.take("analysis.request")) == 1
    upload(person, zipped({f"{n}.csv": some_log() for n in range(30)}), "a.zip")
    system.age("fap_analysis", 10_000, id=lost)
    system.sql("UPDATE fap_analysis SET queued_at = queued_at - interval '20 seconds' WHERE id <> %s", lost)
    system.reconcile(overdue_sec=10)
    requests = system.waiting("analysis.request")
    assert len(requests) == 31
    assert [r["data"]["fileName"] for r in requests if r["data"]["attempt"] == 2] == [str(lost)]


def test_a_result_that_waits_is_not_lost(system: Rig, person: Person) -> None:
    """The API was away: the request is acknowledged, its result not yet delivered."""
    analysis_id = uploaded(person)
    system.take("analysis.request")
    system.put("analysis.result", success(analysis_id))
    system.age("fap_analysis", 10_000, id=analysis_id)
    system.reconcile()
    assert attempts(system) == []


def test_what_could_not_be_published_is_published_when_nats_returns(system: Rig, person: Person) -> None:
    system.broker.stop()
    ids = upload(person, zipped({f"{n}.csv": some_log() for n in range(5)}), "a.zip").get_json()["ids"]
    assert len(ids) == 5
    system.reconcile()
    system.broker.start()
    until(system.publisher.connected, what="the publisher is back")
    assert system.reconcile()
    assert {r["data"]["fileName"] for r in system.waiting("analysis.request")} == set(ids)
    assert attempts(system) == [1] * 5
    system.reconcile()
    assert attempts(system) == [1] * 5


def test_a_half_made_upload_is_ended(system: Rig, person: Person) -> None:
    good, half = uploaded(person), uploaded(person)
    system.analysed(success(good))
    assert system.take("average.request") == []
    system.sql("UPDATE fap_analysis SET stage = 'upload' WHERE id = %s", half)
    system.reconcile()
    assert get(person, f"/analyses/{half}")["status"] == "Processing"
    system.age("fap_analysis", 10_000, id=half)
    system.reconcile()
    shown = get(person, f"/analyses/{half}")
    assert (shown["status"], "upload" in shown["message"]) == ("Failed", True)
    assert (shown["code"], shown["params"]) == ("UPLOAD_NOT_FINISHED", {})
    assert len(system.take("average.request")) == 3  # nothing of the user is pending any more


def test_lost_averages_are_asked_for_again_and_in_the_end_given_up(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    first = system.take("average.request")
    for attempt in (2, 3, 4):
        system.age("fap_average", 10_000, user_id=person.id)
        system.reconcile()
        again = system.take("average.request")
        assert len(again) == 3, attempt
        assert {r["data"]["generation"] for r in again} == {r["data"]["generation"] for r in first}
    system.age("fap_average", 10_000, user_id=person.id)
    system.reconcile()
    shown = get(person, "/average")
    assert (shown["status"], "4 times" in shown["message"]) == ("FAILED", True)
    assert (shown["code"], shown["params"]) == ("AVERAGE_TIMED_OUT", {"tries": 4})
    for request in first:
        system.averaged(average_of(request))
    assert get(person, "/average")["status"] == "SUCCESS"


def test_an_average_that_failed_is_asked_for_again_though_no_log_changes(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    requests = system.take("average.request")
    for tries_left in (3, 2, 1, 0):
        for request in requests:
            system.averaged(average_of(request, status="FAILED", message="It broke.", average=None))
        assert get(person, "/average")["status"] == "FAILED"
        system.reconcile()
        assert system.take("average.request") == []  # not at once
        system.age("fap_average", 4000, user_id=person.id)
        system.reconcile()
        requests = system.take("average.request")
        assert len(requests) == (3 if tries_left else 0)
        assert get(person, "/average")["status"] == ("CALCULATING" if tries_left else "FAILED")


def test_averages_that_wait_are_not_asked_for_again(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    system.age("fap_average", 100_000, user_id=person.id)
    system.reconcile()
    assert len(system.waiting("average.request")) == 3


def test_averages_due_while_nats_was_away(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.broker.stop()
    system.analysed(success(analysis_id))
    system.broker.start()
    until(system.publisher.connected, what="the publisher is back")
    system.reconcile()
    assert len(system.waiting("average.request")) == 3


def test_a_new_analyser_renews_a_few_while_nothing_else_waits(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [uploaded(person) for _ in range(5)]
    for analysis_id in ids[:4]:
        system.analysed(success(analysis_id))
    newer = ANALYSIS_VERSION + 1
    monkeypatch.setattr(requeue, "ANALYSIS_VERSION", newer)
    monkeypatch.setattr(requeue, "VERSION_BATCH", 3)
    system.take("analysis.request")
    system.reconcile()
    assert attempts(system) == []  # one is still pending
    system.analysed(failure(ids[4]))
    system.take("average.request")
    system.reconcile()
    requests = system.take("analysis.request")
    assert [(r["data"]["version"], r["data"]["attempt"]) for r in requests] == [(newer, 2)] * 3
    assert get(person, "/average")["status"] == "CALCULATING"
    for request in requests:
        system.analysed(success(UUID(request["data"]["fileName"]), version=ANALYSIS_VERSION))  # dropped
        system.analysed(success(UUID(request["data"]["fileName"]), version=newer))
    system.reconcile()
    assert len(system.take("analysis.request")) == 2
    rows = system.sql("SELECT version, status FROM fap_analysis WHERE user_id = %s ORDER BY status", person.id)
    assert [row["version"] for row in rows] == [newer] * 5


def test_a_batch_is_no_more_than_its_limit_however_it_is_planned(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few rows PostgreSQL may join by nested loops, which run a subquery again for each row."""
    for analysis_id in [uploaded(person) for _ in range(5)]:
        system.analysed(success(analysis_id))
    system.take("analysis.request")
    monkeypatch.setattr(requeue, "ANALYSIS_VERSION", ANALYSIS_VERSION + 1)
    monkeypatch.setattr(requeue, "VERSION_BATCH", 3)
    worker = system.settings.worker_database.get_secret_value()
    database = Looping("postgresql:///not-asked", worker)
    try:
        assert Requeue(replace(system.services, database=database)).renew() == 3
    finally:
        database.close()


class Looping(Database):
    """Postgres that joins by nested loops."""

    @contextmanager
    def worker(self) -> Iterator[Conn]:
        with super().worker() as connection:
            for way in ("hashjoin", "mergejoin", "hashagg", "material", "sort", "indexscan", "bitmapscan"):
                connection.execute(f"SET LOCAL enable_{way} = off".encode())
            yield connection


def test_orphans_go_and_what_is_known_or_young_stays(system: Rig, person: Person) -> None:
    analysis_id, done, stranger = uploaded(person), uploaded(person), uuid4()
    system.put_series(analysis_id)
    system.analysed(success(done))
    kept = {log_key(analysis_id), series_key(analysis_id), result_key(analysis_id), log_key(done)}
    system.blobs.put(result_key(analysis_id), b"{}")  # still waits to be applied
    left = {log_key(stranger), series_key(stranger), result_key(stranger), result_key(done), "logs/odd.csv"}
    for key in left:
        system.blobs.put(key, b"x")
    system.reconcile(orphan_sec=3600)
    assert kept | left <= system.objects()
    until(lambda: system.reconcile(orphan_sec=0.1) and not left & system.objects(), what="orphans are gone")
    assert kept <= system.objects()


def test_only_one_runs(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.take("analysis.request")
    system.age("fap_analysis", 10_000, id=analysis_id)
    with system.database.advisory_lock(reconcile.LOCK) as alone:
        assert alone
        assert system.reconcile()
        assert attempts(system) == []
    system.reconcile()
    assert attempts(system) == [2]


def test_it_runs_as_a_program(system: Rig, servers: Servers) -> None:
    environment = os.environ | servers.environment
    command = [sys.executable, "-m", "functions.api.reconcile"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    away = environment | {"FAPLOG_SECRETS_DIR": "/nowhere"}
    done = subprocess.run(command, cwd=ROOT, env=away, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "faplog-api-database" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_goes_on_until_it_is_told_to_stop(system: Rig, servers: Servers, person: Person) -> None:
    command = [sys.executable, "-m", "functions.api.reconcile", "--every", "0.1"]
    half = uploaded(person)
    system.sql("UPDATE fap_analysis SET stage = 'upload' WHERE id = %s", half)
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | servers.environment, stderr=subprocess.DEVNULL)
    try:
        system.age("fap_analysis", 10_000, id=half)
        until(lambda: get(person, f"/analyses/{half}")["status"] == "Failed", what="the upload is ended")
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()


def test_averages_do_not_wait_for_a_log_that_is_queued_again(system: Rig, person: Person) -> None:
    good, lost = uploaded(person), uploaded(person)
    system.take("analysis.request")
    system.analysed(success(good))
    assert system.take("average.request") == []
    system.age("fap_analysis", 10_000, id=lost)
    assert system.reconcile()
    assert attempts(system) == [2]
    assert len(system.take("average.request")) == 3
    system.reconcile()
    assert system.take("average.request") == []
    system.analysed(success(lost))
    assert len(system.take("average.request")) == 3


def test_averages_do_not_wait_for_an_upload_that_stands_still(system: Rig, person: Person) -> None:
    good, half = uploaded(person), uploaded(person)
    system.analysed(success(good))
    system.sql("UPDATE fap_analysis SET stage = 'upload' WHERE id = %s", half)
    system.reconcile()
    assert system.take("average.request") == []
    system.age("fap_analysis", 130, id=half)
    system.reconcile()
    assert len(system.take("average.request")) == 3
    assert get(person, f"/analyses/{half}")["status"] == "Processing"


def test_lists_of_averages_stay_while_they_are_waited_for_and_go_then(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    (sha,) = {request["data"]["analysisSha"] for request in system.take("average.request")}
    waiting = {f"averages/{person.id}/{sha}.json", f"averages/{person.id}/{sha}-result.json"}
    left = {f"averages/{person.id}/{'0' * 64}.json", f"averages/{uuid4()}/{sha}-result.json", "averages/odd"}
    for key in waiting | left:
        system.blobs.put(key, b"[]")
    until(lambda: system.reconcile(orphan_sec=0.1) and not left & system.objects(), what="leftovers are gone")
    assert waiting <= system.objects()
    system.sql("UPDATE fap_average SET status = 'SUCCESS' WHERE user_id = %s", person.id)
    until(lambda: system.reconcile(orphan_sec=0.1) and not waiting & system.objects(), what="all are gone")


def test_more_unsent_averages_than_a_batch(system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requeue, "AVERAGES_BATCH", 2)
    ids = [uploaded(person) for _ in range(3)]
    for number, analysis_id in enumerate(ids, 1):
        system.analysed(success(analysis_id, logDate=f"2025-0{number}-03T00:00:00.000Z"))
    assert len(system.take("average.request")) == 5
    system.sql("UPDATE fap_average SET sent = false, generation = nextval('fap_average_generation')")
    system.reconcile()
    assert len(system.take("average.request")) == 5


def test_a_run_waits_for_a_broker_that_answers_late(
    system: Rig, servers: Servers, person: Person, tmp_path: Path
) -> None:
    """Such as the cluster's job, which runs once and ends."""
    system.broker.stop()
    until(lambda: not system.publisher.connected(), what="the publisher noticed")
    analysis_id = uploaded(person)
    environment = environment_of(system, servers, tmp_path)
    command = [sys.executable, "-m", "functions.api.reconcile"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if json.loads(line)["event"] == "broker":  # it could not connect
                system.broker.start()
                break
        rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0, "".join(seen) + rest
    assert [request["data"]["fileName"] for request in system.waiting("analysis.request")] == [str(analysis_id)]


def test_a_step_that_fails_does_not_keep_the_others_from_their_work(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Requeue) -> int:
        raise KeyError("a fault of ours")

    analysis_id = uploaded(person)
    system.take("analysis.request")
    system.age("fap_analysis", 10_000, id=analysis_id)
    monkeypatch.setattr(Requeue, "end_uploads", broken)
    assert not system.reconcile()
    assert attempts(system) == [2]
