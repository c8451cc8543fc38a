"""A function that sleeps is woken by being asked, once in a while and whatever it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Event, Thread

import pytest

from functions.api.uploads import waking
from functions.api.uploads.waking import Waker
from tests.conftest import free_port, until


class Asleep(HTTPServer):
    """A function that takes a request and does not answer before the test ends."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.asked: Queue[str] = Queue()
        self.over = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Asleep

    def do_GET(self) -> None:
        self.server.asked.put(self.path)
        self.server.over.wait(10)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def function(port: int = 0) -> Iterator[Asleep]:
    server = Asleep(port)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def asleep() -> Iterator[Asleep]:
    with function() as server:
        yield server


def test_a_function_is_asked_for_its_health_and_the_upload_goes_on(asleep: Asleep) -> None:
    Waker(asleep.url + "/").wake()
    assert asleep.asked.get(timeout=10) == "/health"
    assert not asleep.over.is_set()


def test_a_function_whose_network_refuses_at_first_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "PATIENCE_SEC", 60.0)
    refused = Event()
    monkeypatch.setattr("time.sleep", lambda _: refused.set())
    port = free_port()
    Waker(f"http://127.0.0.1:{port}").wake()
    assert refused.wait(10)
    with function(port) as late:
        assert late.asked.get(timeout=10) == "/health"


def test_a_function_that_was_asked_is_not_asked_again_for_its_silence(asleep: Asleep) -> None:
    waking.ask(asleep.url + "/health")
    assert asleep.asked.qsize() == 1


def test_a_function_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "PATIENCE_SEC", 0.3)
    waking.ask(f"http://127.0.0.1:{free_port()}/health")  # no error


def test_a_function_that_was_asked_a_moment_ago_is_not_asked_again(
    asleep: Asleep, monkeypatch: pytest.MonkeyPatch
) -> None:
    waker = Waker(asleep.url)
    moments = iter([100.0, 100.0 + waking.WAKE_EVERY_SEC - 0.1, 100.0 + waking.WAKE_EVERY_SEC])
    asked: list[str] = []
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    monkeypatch.setattr(waking, "ask", asked.append)
    for _ in range(3):
        waker.wake()
    monkeypatch.undo()
    until(lambda: len(asked) >= 2, what="the function is asked twice")
    assert asked == [asleep.url + "/health"] * 2


def test_a_function_that_is_not_named_is_not_asked() -> None:
    Waker(None).wake()
