"""A function that sleeps is woken by being asked, once in a while and whatever it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Event, Thread

import pytest

from faplog import waking
from functions.api.uploads import waking as of_uploads
from functions.api.uploads.waking import Waker
from tests.conftest import free_port


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


def test_a_function_is_asked_for_its_health_and_the_caller_goes_on(asleep: Asleep) -> None:
    waking.wake(asleep.url + "/")
    assert asleep.asked.get(timeout=10) == "/health"
    assert not asleep.over.is_set()


def test_a_function_whose_network_refuses_at_first_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "PATIENCE_SEC", 60.0)
    port = free_port()
    waking.wake(f"http://127.0.0.1:{port}")
    refused = Event()
    monkeypatch.setattr("time.sleep", lambda _: refused.set())
    assert refused.wait(10)
    with function(port) as late:
        assert late.asked.get(timeout=10) == "/health"


def test_a_function_that_was_asked_is_not_asked_again_for_its_silence(asleep: Asleep) -> None:
    waking.ask(asleep.url + "/health")
    assert asleep.asked.qsize() == 1


def test_a_function_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "PATIENCE_SEC", 0.3)
    waking.ask(f"http://127.0.0.1:{free_port()}/health")  # no error


def test_an_upload_asks_no_function_that_was_asked_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    waker = Waker("http://analyse.example")
    moments = iter([100.0, 100.0 + of_uploads.WAKE_EVERY_SEC - 0.1, 100.0 + of_uploads.WAKE_EVERY_SEC])
    asked: list[str] = []
    monkeypatch.setattr(of_uploads, "monotonic", lambda: next(moments))
    monkeypatch.setattr(waking, "wake", asked.append)
    for _ in range(3):
        waker.wake()
    assert asked == ["http://analyse.example"] * 2


def test_an_upload_may_have_no_function_to_wake() -> None:
    Waker(None).wake()
