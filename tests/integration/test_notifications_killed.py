"""The sending process is killed anywhere: each event is told at least once, always with the same key."""

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functions.api.settings import Settings
from standalone.ports import HOST
from standalone.servers import Servers
from tests.conftest import ROOT, until
from tests.integration.delivery import Rig, environment_of
from tests.integration.notifying import PUBLIC_URL, analysed, make_due, notifying_rig, rows, switch_on
from tests.integration.people import Person, arrive
from tests.receivers import OK, Received, Receiver, receiving


@pytest.fixture(scope="module")
def system(api_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Yield the app with a broker of its own, allowed to send to loopback."""
    with notifying_rig(api_settings, tmp_path_factory.mktemp("nats")) as made:
        yield made


@pytest.fixture
def person(system: Rig) -> Person:
    """Return a new user; nothing of others is due."""
    system.sql("DELETE FROM notification")
    return arrive(system.app)


@contextmanager
def sending(system: Rig, servers: Servers, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield one run of reconcile as a process of its own, which sends what is due."""
    environment = environment_of(system, servers, folder) | {"FAPLOG_WEBHOOKS": "any", "FAPLOG_PUBLIC_URL": PUBLIC_URL}
    command = [sys.executable, "-m", "functions.api.reconcile"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End it at once, and return when it has ended."""
    process.send_signal(signal.SIGKILL)
    process.wait(60)


def answering(
    victim: Callable[[], "subprocess.Popen[bytes] | None"], at: int, *, answered: bool
) -> Callable[[Receiver, socket.socket, Received], None]:
    """Take every request, and kill the sender at the one of this number: before or after the answer."""

    def answer(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        process = victim()
        dies = process is not None and len(receiver.received) >= at
        if answered or not dies:
            connection.sendall(OK)
        if process is not None and dies:
            os.kill(process.pid, signal.SIGKILL)

    return answer


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "after the answer"])
@pytest.mark.parametrize("at", [1, 3, 6])
def test_killed_around_sending(
    system: Rig, servers: Servers, person: Person, tmp_path: Path, at: int, answered: bool
) -> None:
    """Killed after the message was sent and before it was marked, with others claimed beside it."""
    running: list[subprocess.Popen[bytes]] = []

    def victim() -> "subprocess.Popen[bytes] | None":
        return running[0] if running and running[0].poll() is None else None

    with receiving(answering(victim, at, answered=answered)) as hook:
        switch_on(person, "webhook", hook.url)
        for _ in range(6):
            analysed(system, person)
        with sending(system, servers, tmp_path) as process:
            running.append(process)
            process.wait(60)
            assert process.returncode == -signal.SIGKILL
        left = [row for row in rows(system, person) if row["status"] == "waiting"]
        make_due(system, person)
        assert system.reconcile()
        told = Counter(request.headers["webhook-id"] for request in hook.received)
    assert set(told) == {str(row["id"]) for row in rows(system, person)}
    assert {row["status"] for row in rows(system, person)} == {"sent"}
    assert set(told.values()) <= {1, 2}
    assert all(row["tries"] >= 1 for row in left if told[str(row["id"])] > 1)


def test_killed_after_the_claim_and_before_sending(
    system: Rig, servers: Servers, person: Person, tmp_path: Path
) -> None:
    """The process hangs in the connection attempt; what it claimed is left alone until the lease is over."""
    with socket.create_server((HOST, 0), backlog=0) as full:
        held = []
        for _ in range(3):  # a queue of connections that are not accepted
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
            held.append(waiting)
        switch_on(person, "webhook", f"http://{HOST}:{full.getsockname()[1]}/hook")
        analysed(system, person)
        with sending(system, servers, tmp_path) as process:
            until(lambda: rows(system, person)[0]["tries"] == 1, what="the message is claimed")
            kill(process)
        for waiting in held:
            waiting.close()
    with receiving() as hook:
        switch_on(person, "webhook", hook.url)
        [row] = rows(system, person)
        assert (row["status"], row["tries"]) == ("waiting", 1)
        assert system.reconcile()
        assert hook.received == []
        make_due(system, person)
        assert system.reconcile()
    assert [request.headers["webhook-id"] for request in hook.received] == [str(row["id"])]
    [row] = rows(system, person)
    assert (row["status"], row["tries"]) == ("sent", 2)


def test_killed_again_and_again(system: Rig, servers: Servers, person: Person, tmp_path: Path) -> None:
    """Each process gets one message further; none is lost, none changes its key."""
    running: list[subprocess.Popen[bytes]] = []

    def answer(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        connection.sendall(OK)
        os.kill(running[-1].pid, signal.SIGKILL)

    with receiving(answer) as hook:
        switch_on(person, "webhook", hook.url)
        for _ in range(4):
            analysed(system, person)
        for number in range(3):
            folder = tmp_path / str(number)
            folder.mkdir()
            make_due(system, person)
            with sending(system, servers, folder) as process:
                running.append(process)
                process.wait(60)
        hook.answer = lambda _receiver, connection, _request: connection.sendall(OK)
        make_due(system, person)
        assert system.reconcile()
    ids = {str(row["id"]) for row in rows(system, person)}
    assert {request.headers["webhook-id"] for request in hook.received} == ids
    assert len(ids) == 4
    assert {row["status"] for row in rows(system, person)} == {"sent"}
