"""What could not be published is published by the API itself once the broker is back; no reconcile runs here."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from faplog import bus
from faplog.background import tasks as background_tasks
from functions.api.reconcile import resender
from functions.api.reconcile.resender import Resender
from functions.api.settings import Settings
from standalone.servers import Servers
from tests.conftest import ROOT, free_port, until
from tests.integration.connector_rig import NatsServer
from tests.integration.delivery import (
    Rig,
    empty_rig,
    environment_of,
    get,
    rig,
    some_log,
    success,
    upload,
    uploaded,
    zipped,
)
from tests.integration.people import Person, arrive


@contextmanager
def worker(system: Rig) -> Iterator[None]:
    """Run the app's background work as gunicorn starts and stops it."""
    tasks = background_tasks(system.app)
    assert tasks
    for task in tasks:
        task.start()
    try:
        yield
    finally:
        for task in tasks:
            task.stop()


@pytest.fixture
def system(api_settings: Settings, tmp_path: Path) -> Iterator[Rig]:
    """Yield a broker of its own; no rows of earlier tests."""
    with empty_rig(api_settings, tmp_path) as made:
        yield made


def names(system: Rig, subject: str = "analysis.request") -> list[str]:
    """Return the logs whose requests wait in the stream."""
    return sorted(request["data"]["fileName"] for request in system.waiting(subject))


def unsent(system: Rig) -> int:
    rows = system.sql("SELECT count(*) AS rows FROM fap_analysis WHERE status = 'Processing' AND NOT sent")
    return int(rows[0]["rows"])


def away(system: Rig) -> None:
    """Stop the broker and wait until the publisher has noticed."""
    system.broker.stop()
    until(lambda: not system.publisher.connected(), what="the publisher noticed")


def test_uploads_accepted_without_a_broker_are_published_when_it_is_back(system: Rig, person: Person) -> None:
    with worker(system):
        for _ in range(2):  # not only after the first outage
            already = names(system)
            away(system)
            ids = upload(person, zipped({f"{n}.csv": some_log() for n in range(43)}), "a.zip").get_json()["ids"]
            until(lambda: unsent(system) == 43, what="all are marked as unsent")
            system.broker.start()
            until(lambda: unsent(system) == 0, what="all are sent")
            until(lambda: names(system) == sorted([*already, *ids]), what="all are in the stream")  # noqa: B023
    assert {request["data"]["attempt"] for request in system.waiting("analysis.request")} == {1}


def test_averages_due_without_a_broker_are_asked_for_when_it_is_back(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    with worker(system):
        away(system)
        system.analysed(success(analysis_id))
        system.broker.start()
        until(lambda: len(system.waiting("average.request")) == 3, what="the averages are asked for")
    assert get(person, "/average")["status"] == "CALCULATING"


def test_what_another_process_left_unsent_is_published_by_a_new_one(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.take("analysis.request")
    system.sql("UPDATE fap_analysis SET sent = false, attempt = 2 WHERE id = %s", analysis_id)
    with worker(system):
        until(lambda: names(system) == [str(analysis_id)], what="it is published")


def test_a_full_stream_is_tried_again_until_there_is_room(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resender, "FIRST_PAUSE_SEC", 0.05)
    monkeypatch.setattr(resender, "LONGEST_PAUSE_SEC", 0.05)
    with worker(system):
        with monkeypatch.context() as patch:
            patch.setattr(bus, "MAX_REQUEST_BYTES", 0)
            patch.setattr(system.publisher, "_allowance_bytes", 0)
            analysis_id = uploaded(person)
            # A row counts as sent while it is being tried, again and again here.
            until(lambda: unsent(system) == 1, what="it is marked as unsent")
        until(lambda: names(system) == [str(analysis_id)], what="it is published")


def test_two_workers_publish_each_request_once(
    api_settings: Settings, system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by de-duplication ids would show nothing, so the stream is told not to drop doubles."""
    other = Rig(api_settings, system.broker)
    published: list[str] = []
    publish = type(system.publisher).publish

    def counted(self: object, messages: list[object]) -> list[bool]:
        done: list[bool] = publish(self, messages)  # type: ignore[arg-type]
        published.extend(str(m.message_id) for m, ok in zip(messages, done, strict=True) if ok)  # type: ignore[attr-defined]
        return done

    with ExitStack() as both:
        for one in (system, other):
            both.enter_context(worker(one))
        until(other.publisher.connected, what="the other is connected")
        away(system)
        until(lambda: not other.publisher.connected(), what="the other noticed")
        monkeypatch.setattr(type(system.publisher), "publish", counted)
        ids = upload(person, zipped({f"{n}.csv": some_log() for n in range(300)}), "a.zip").get_json()["ids"]
        system.broker.start()
        until(lambda: names(system) == sorted(ids), what="all are in the stream")
        until(lambda: unsent(system) == 0, what="all are sent")
    assert len(published) == len(set(published)) == 300
    other.database.close()


def test_it_stops_while_the_broker_is_away(system: Rig, person: Person) -> None:
    (task,) = [one for one in background_tasks(system.app) if isinstance(one, Resender)]
    task.start()
    away(system)
    uploaded(person)
    task.stop()
    assert task._thread is not None
    assert not task._thread.is_alive()


def test_a_worker_that_gets_no_request_connects_and_publishes(
    servers: Servers, api_settings: Settings, tmp_path: Path
) -> None:
    """Gunicorn starts it when the worker is ready, and the worker ends as it should."""
    with rig(api_settings, tmp_path) as system:
        system.sql("DELETE FROM fap_analysis")
        person = arrive(system.app)
        away(system)
        analysis_id = uploaded(person)
        environment = environment_of(system, servers, tmp_path)
        environment |= {"FAPLOG_BIND": f"127.0.0.1:{free_port()}", "FAPLOG_THREADS": "8"}
        command = ["-m", "faplog.serve", "functions.api.handler:create_app()"]
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        try:
            system.broker.start()
            until(lambda: names(system) == [str(analysis_id)], what="it is published")
        finally:
            process.terminate()
            said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 0
        assert "Traceback" not in said


def test_what_is_not_published_is_logged(system: Rig, person: Person, caplog: pytest.LogCaptureFixture) -> None:
    analysis_id = uploaded(person)
    away(system)
    uploaded(person)
    assert [vars(record)["reason"] for record in caplog.records if record.message == "not published"] == [
        "not connected to the broker"
    ]
    system.sql("DELETE FROM fap_analysis WHERE id <> %s", analysis_id)
    system.analysed(success(analysis_id))
    assert sum(record.message == "average not requested" for record in caplog.records) == 3


def test_a_connection_the_server_ended_for_good_is_made_anew(tmp_path: Path) -> None:
    """nats-py gives up where the server refuses its credentials, say while they are changed."""
    from functions.api.delivery.publisher import Publisher

    broker = NatsServer(tmp_path)
    broker.start()
    publisher = Publisher(broker.url)
    try:
        until(publisher.connected, what="connected")
        assert publisher._client is not None
        first = publisher._client
        publisher.resend.clear()
        publisher.ask(first.close(), 10)
        until(lambda: publisher.connected() and publisher._client is not first, what="connected anew")
        until(publisher.resend.is_set, what="what is unsent is published")
    finally:
        publisher.close()
        broker.stop()
