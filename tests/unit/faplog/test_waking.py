"""A function that sleeps is woken when an upload begins, once in a while and whatever it answers."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Event, Thread

import pytest

from functions.api.uploads import waking
from functions.api.uploads.waking import Waker
from tests.conftest import until


class Asleep(HTTPServer):
    """A function that takes a request and does not answer before the test ends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
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


@pytest.fixture
def asleep() -> Iterator[Asleep]:
    server = Asleep()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


def test_a_function_is_asked_for_its_health_and_the_upload_goes_on(asleep: Asleep) -> None:
    Waker(asleep.url + "/").wake()
    assert asleep.asked.get(timeout=10) == "/health"
    assert not asleep.over.is_set()


def test_a_function_that_was_asked_a_moment_ago_is_not_asked_again(
    asleep: Asleep, monkeypatch: pytest.MonkeyPatch
) -> None:
    waker = Waker(asleep.url)
    moments = iter([100.0, 100.0 + waking.WAKE_EVERY_SEC - 0.1, 100.0 + waking.WAKE_EVERY_SEC])
    asked: list[str] = []
    monkeypatch.setattr("functions.api.uploads.waking.monotonic", lambda: next(moments))
    monkeypatch.setattr(waking, "ask", asked.append)
    for _ in range(3):
        waker.wake()
    until(lambda: len(asked) >= 2, what="the function is asked twice")
    assert asked == [asleep.url + "/health"] * 2


def test_a_function_that_is_away_or_not_named_changes_nothing(asleep: Asleep) -> None:
    asleep.server_close()
    waking.ask(asleep.url + "/health")  # refused: no error
    Waker(None).wake()
