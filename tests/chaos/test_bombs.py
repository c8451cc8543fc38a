"""Uploads made to hurt: each refused early with a sentence, nothing of it kept, the API's memory bounded."""

import http.client
import io
import struct
import zipfile
from collections.abc import Callable, Iterator

import httpx
import pytest

from faplog.draining import DRAIN_BYTES
from faplog.synthetic import day
from tests import buckets
from tests.chaos.memory import bounded
from tests.chaos.promise import kept, left
from tests.conftest import Stack
from tests.e2e.account import Account
from tests.integration.delivery import zipped

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(600)]

MB = 1 << 20
GB = 1 << 30
PIECE = 64 * 1024
HUGE = 300 * MB
IN_SOCKETS = 8 * MB
"""What the kernel takes in on both sides before a program reads it."""


def blanks(size: int) -> bytes:
    """Return a log's header and then so many zeros."""
    return b"Date;Time;Revs\n".ljust(size, b"0")


def repeated(size: int, times: int) -> bytes:
    """Return a zip of one log whose table names it so many times, all lying over each other."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("a.csv", blanks(size))
        archive.filelist = archive.filelist * times
    return made.getvalue()


def that_lies(size: int, told: int) -> bytes:
    """Return a zip whose table tells of fewer bytes than its one log unpacks to."""
    content = bytearray(zipped({"a.csv": blanks(size)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(mark) + offset, told)
    return bytes(content)


def of_many(entries: int) -> bytes:
    return zipped({f"{number}.csv": b"" for number in range(entries)})


def nested(levels: int) -> bytes:
    content = zipped({"a.csv": day(seed=1, minutes=1)[0]})
    for level in range(levels):
        content = zipped({f"{level}.zip": content})
    return content


BOMBS: dict[str, tuple[Callable[[], bytes], int]] = {
    "a gigabyte in 260 kB": (lambda: repeated(GB // 4, 4), 413),
    "a log of 200 MB in 200 kB": (lambda: zipped({"a.csv": blanks(200 * MB)}), 413),
    "200 logs of 19 MB": (lambda: repeated(19 * MB, 200), 413),
    "more than the table tells": (lambda: that_lies(200 * MB, 60_000), 400),
    "100,000 entries": (lambda: of_many(100_000), 413),
    "50 levels": (lambda: nested(50), 400),
}


@pytest.fixture(scope="module")
def account(victim: Stack) -> Iterator[Account]:
    """Yield a hostile user with one good log, so that the API is warm."""
    account = Account(victim)
    accepted = account.ids(account.upload("good.csv", day(seed=2, minutes=3)[0]))
    yield account
    kept(victim, account, accepted)
    left(victim, account)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(victim: Stack, account: Account, bomb: str) -> None:
    make, status = BOMBS[bomb]
    content = make()
    assert len(content) < 20 * MB
    print(f"{bomb}: {len(content) / 1000:.0f} kB")
    before = stored(victim)
    with bounded(victim):
        refused(account.upload("bomb.zip", content), status)
    assert stored(victim) == before
    assert account.count() == 1


def test_nested_zips_beside_a_log_are_skipped(victim: Stack, account: Account) -> None:
    with bounded(victim):
        answer = account.upload("bomb.zip", zipped({"a.csv": day(seed=2, minutes=3)[0], "inner.zip": nested(49)}))
    assert answer.json()["skipped"] == ["inner.zip"]
    assert account.ids(answer) == [one["id"] for one in account.http.get("/analyses").json()["data"]]


def test_300_mb_are_refused_by_the_edge_at_their_announcement(victim: Stack, account: Account) -> None:
    """Nothing of the body is sent before the answer is there."""
    where = account.http.base_url
    connection = http.client.HTTPConnection(str(where.host), where.port, timeout=60)
    with bounded(victim):
        connection.putrequest("POST", "/api/v1/analyses")
        for name, value in (("Content-Type", FORM), ("Content-Length", str(HUGE))):
            connection.putheader(name, value)
        connection.putheader("Authorization", account.http.headers["Authorization"])
        connection.endheaders()
        assert connection.getresponse().status == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    connection.close()


FORM = "multipart/form-data; boundary=B0undary"
HEAD = b'--B0undary\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nDate;Time;Revs\n'


class Endless:
    """A log that does not end before its 300 MB, and counts how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        yield HEAD
        while self.taken < HUGE:
            self.taken += PIECE
            yield b"1;2;3\n" * (PIECE // 6)


@pytest.mark.parametrize("through", ["edge", "api"])
def test_300_mb_without_an_announcement_are_cut_off(victim: Stack, account: Account, through: str) -> None:
    """Sent in chunks, as behind a watchdog: through the edge, and to the function itself."""
    base = f"{victim.runtime[through]}/api/v1"
    body = Endless()
    headers = {"Authorization": account.http.headers["Authorization"], "Content-Type": FORM}
    with bounded(victim):
        try:
            status = httpx.post(f"{base}/analyses", content=iter(body), headers=headers, timeout=120).status_code
        except httpx.TransportError:  # cut off in the middle of a piece, its answer lost with it
            status = None
    print(f"{through}: {body.taken / MB:.0f} MB sent, answer {status}")
    assert status in (None, httpx.codes.REQUEST_ENTITY_TOO_LARGE)
    assert body.taken <= DRAIN_BYTES + IN_SOCKETS
    assert account.count() == 1


def stored(stack: Stack) -> set[str]:
    """Return the keys of all uploaded logs."""
    return {key for key, _ in buckets.of_stack(stack).list("logs/")}


def refused(answer: httpx.Response, status: int) -> None:
    """Check that it is this status with a sentence."""
    assert answer.status_code == status, answer.text
    assert len(answer.json()["message"].split()) > 2
