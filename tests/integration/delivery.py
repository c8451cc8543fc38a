"""What tests of uploads and delivery have in common: logs to upload, results to bring, and a look behind the API."""

import asyncio
import gzip
import io
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import orjson
from nats.js import JetStreamContext
from pydantic import SecretStr
from werkzeug.test import TestResponse

from faplog import bus
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.keys import series_key
from faplog.contracts.messages import BATCH, HEADER_SECRET, HEADER_TOPIC, AnalysisRequest
from functions.analyse import job as analyse_job
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.reconcile.__main__ import Reconciler
from functions.api.services import services_of
from functions.api.settings import Settings
from functions.average import job as average_job
from standalone.servers import Servers
from tests.conftest import until
from tests.integration.connector_rig import PATIENCE_SEC, NatsServer
from tests.integration.people import Person

API = "/api/v1"
T = TypeVar("T")
_numbers = count(1)


def some_log() -> bytes:
    """Return the bytes of a log that was not uploaded before."""
    return f"Date;Time;Revs;\n2025.02.03;07:41:03.1;800;\n2025.02.03;07:41:04.1;{next(_numbers)};\n".encode()


def zipped(entries: dict[str, bytes]) -> bytes:
    """Return a zip of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return made.getvalue()


def upload(person: Person, content: bytes, name: str = "log.csv", path: str = "/analyses") -> TestResponse:
    """POST a file as a browser does."""
    head = f'--B0undary\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--B0undary--\r\n"
    return person.call("POST", API + path, data=body, content_type="multipart/form-data; boundary=B0undary")


def uploaded(person: Person, content: bytes | None = None, name: str = "log.csv") -> UUID:
    """Return the id of an accepted upload."""
    response = upload(person, some_log() if content is None else content, name)
    assert response.status_code == 202, response.text
    (made,) = response.get_json()["ids"]
    return UUID(made)


def get(person: Person, path: str, **query: Any) -> Any:
    """Return the JSON of an answer that is 200."""
    response = person.call("GET", API + path, query_string=query)
    assert response.status_code == 200, response.text
    return response.get_json()


def success(analysis_id: UUID, **more: Any) -> dict[str, Any]:
    """Return a good result of an analysis, as `analyse` answers it."""
    return {
        "analysisId": str(analysis_id),
        "status": "Success",
        "message": "Analysis completed successfully.",
        "analysis": {"overall": {"distance_km": 10.5}, "health": {"verdict": "good", "findings": []}},
        "fapRegen": False,
        "logDate": "2025-02-03T00:00:00.000Z",
        "distance": 10.5,
        "attempt": 1,
        "version": ANALYSIS_VERSION,
    } | more


def failure(analysis_id: UUID, **more: Any) -> dict[str, Any]:
    """Return a result that says the log cannot be read."""
    said = {
        "status": "Failed",
        "message": "Failed to read csv file: no rows.",
        "code": "COLUMN_MISSING",
        "params": {"column": "Time"},
        "analysis": None,
    }
    return success(analysis_id) | said | {"logDate": None, "distance": None} | more


def average_of(request: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a good answer to an `average.request`."""
    data = request["data"]
    answer = {key: data[key] for key in ("userId", "analysisSha", "type", "year", "month", "generation") if key in data}
    count_ = len(data["analysis"]) if "analysis" in data else None
    said = {
        "status": "SUCCESS",
        "message": "Average calculated successfully.",
        "average": {"overall": {"logs": count_}},
    }
    return answer | said | more


class Rig:
    """The app with a broker of its own, so that what waits in the stream is this test's."""

    def __init__(self, settings: Settings, broker: NatsServer) -> None:
        self.broker = broker
        self.settings = settings.model_copy(update={"nats": SecretStr(broker.url)})
        self.app = create_app(self.settings)
        self.services = services_of(self.app)
        self.database: Database = self.services.database
        self.blobs, self.publisher = self.services.blobs, self.services.publisher

    def bring(self, topic: str, message: dict[str, Any]) -> TestResponse:
        """Deliver a message as the connector does."""
        return self._deliver(topic, orjson.dumps(message), "application/json")

    def bring_together(self, topic: str, *messages: dict[str, Any]) -> TestResponse:
        """Deliver messages in one request, as the connector does with those that wait."""
        return self._deliver(topic, b"\n".join(map(orjson.dumps, messages)), BATCH)

    def _deliver(self, topic: str, body: bytes, content_type: str) -> TestResponse:
        secret = self.settings.connector_secret.get_secret_value()
        headers = {HEADER_TOPIC: topic, HEADER_SECRET: secret, "Content-Type": content_type}
        return self.app.test_client(use_cookies=False).post("/", data=body, headers=headers)

    def analysed(self, message: dict[str, Any]) -> None:
        """Deliver the result of an analysis, which must be taken."""
        response = self.bring("analysis.result", message)
        assert response.status_code == 200, response.text

    def averaged(self, message: dict[str, Any]) -> None:
        """Deliver an average, which must be taken."""
        response = self.bring("average.result", message)
        assert response.status_code == 200, response.text

    def take(self, subject: str) -> list[dict[str, Any]]:
        """Take all messages of a subject out of the stream as the connector would, and return them."""

        async def fetch(jetstream: JetStreamContext) -> list[dict[str, Any]]:
            subscription = await jetstream.pull_subscribe(subject, durable=subject.replace(".", "-"), stream=bus.STREAM)
            taken: list[dict[str, Any]] = []
            waiting = (await subscription.consumer_info()).num_pending or 0
            while len(taken) < waiting:
                messages = await subscription.fetch(min(100, waiting - len(taken)), timeout=PATIENCE_SEC)
                # Answered acknowledgements: afterwards the messages are out of the stream for every reader.
                await asyncio.gather(*(message.ack_sync(PATIENCE_SEC) for message in messages))
                taken += [orjson.loads(message.data) for message in messages]
            return taken

        return self.broker.ask(fetch)

    def waiting(self, subject: str) -> list[dict[str, Any]]:
        """Return the messages of a subject that wait in the stream, left there."""

        async def look(jetstream: JetStreamContext) -> list[dict[str, Any]]:
            from nats.js.errors import NotFoundError

            seen: list[dict[str, Any]] = []
            sequence = 1
            while True:
                try:
                    message = await jetstream.get_msg(bus.STREAM, seq=sequence, subject=subject, next=True)
                except NotFoundError:
                    return seen
                seen.append(orjson.loads(message.data or b"null"))
                sequence = (message.seq or 0) + 1

        return self.broker.ask(look)

    def put(self, subject: str, message: dict[str, Any]) -> None:
        """Publish a message."""

        async def publish(jetstream: JetStreamContext) -> None:
            await jetstream.publish(subject, orjson.dumps(message))

        self.broker.ask(publish)

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement behind the API's back."""
        with self.database.worker() as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def age(self, table: str, seconds: float, **where: Any) -> None:
        """Let rows have been queued so many seconds earlier."""
        (column, value), *_ = where.items()
        self.sql(
            f"UPDATE {table} SET queued_at = queued_at - make_interval(secs => %s) WHERE {column} = %s", seconds, value
        )

    def reconcile(self, overdue_sec: float = 3600, **settings: Any) -> bool:
        """Run reconcile once.

        It looks at the rows of earlier tests, too, which are older than production's minute on a busy machine: none
        of them is overdue for an hour, so that what is published again is this test's own.
        """
        given = self.settings.model_copy(update={"overdue_sec": overdue_sec} | settings)
        return Reconciler(replace(self.services, settings=given)).run()

    def put_series(self, analysis_id: UUID, content: bytes = b"{}") -> None:
        """Store a series as `analyse` does."""
        self.blobs.put(series_key(analysis_id), gzip.compress(content))

    def objects(self, prefix: str = "") -> set[str]:
        """Return the keys of all objects."""
        return {key for key, _ in self.blobs.list(prefix)}

    def close(self) -> None:
        """Let go of the servers."""
        self.publisher.close()
        self.database.close()


@contextmanager
def rig(settings: Settings, folder: Path) -> Iterator[Rig]:
    """Yield a rig on a fresh broker."""
    broker = NatsServer(folder)
    broker.start()
    broker.ask(bus.ensure_streams)
    made = Rig(settings, broker)
    until(made.publisher.connected, what="the publisher is connected")
    try:
        yield made
    finally:
        made.close()
        broker.stop()


def work(system: Rig) -> None:
    """Do what waits in the stream, as the connector and the functions do."""
    for message in system.take("analysis.request"):
        result = analyse_job.answer(AnalysisRequest.model_validate(message), system.blobs)
        system.analysed(orjson.loads(result.to_json()))
    for message in system.take("average.request"):
        average = average_job.answer(average_job.Request.model_validate(message), system.blobs)
        system.averaged(orjson.loads(average.to_json()))


@contextmanager
def empty_rig(settings: Settings, folder: Path) -> Iterator[Rig]:
    """Yield a rig on a fresh broker, without the analyses and averages of earlier tests."""
    with rig(settings, folder) as made:
        made.sql("DELETE FROM fap_analysis")
        made.sql("DELETE FROM fap_average")
        yield made


def environment_of(system: Rig, servers: Servers, folder: Path) -> dict[str, str]:
    """Return the environment of a process of the API that uses the rig's broker; its secrets are put into `folder`."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for secret in servers.secrets.iterdir():
        (secrets / secret.name).write_text(secret.read_text())
    (secrets / "faplog-api-nats").write_text(system.broker.url)
    return os.environ | servers.environment | {"FAPLOG_SECRETS_DIR": str(secrets)}


def at_once(number: int, action: Callable[[int], T]) -> list[T]:
    """Return what so many threads get that do the same at the same moment."""
    ready = threading.Barrier(number)

    def go(which: int) -> T:
        ready.wait(PATIENCE_SEC)
        return action(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(go, range(number)))
