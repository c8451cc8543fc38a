"""The supervisor with real processes: replicas come and go under load, and what ends is started again or reported."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from standalone import disk, supervisor
from standalone.ports import responds_ok
from standalone.program import Program
from standalone.state import Problem, State, prepare
from standalone.supervisor import CRASHES, Supervisor
from tests.conftest import ROOT, free_port

# circus waits for its processes by their numbers, so a Popen does not learn that its process has ended.
pytestmark = pytest.mark.filterwarnings("ignore:.*Popen.__del__:pytest.PytestUnraisableExceptionWarning")

PATIENCE_SEC = 60.0
ROUNDS = 20
CALLERS = 4
APP = """
import os, threading, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/held":
        open(f"held-{os.getpid()}-{threading.get_ident()}", "w").close()
        while not os.path.exists("released"):
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    return prepare(tmp_path / "state")


@pytest.fixture
def web(tmp_path: Path) -> Program:
    """Return a small application, served as a function is."""
    (tmp_path / "app.py").write_text(APP)
    port = free_port()
    return Program(
        name="web",
        argv=(
            *(sys.executable, "-m", "faplog.serve", "--bind", "fd://$(circus.sockets.web)"),
            *("--worker-connections=2", "--keep-alive=0", "app:app"),
        ),
        folder=tmp_path,
        environment=dict(os.environ) | {"PYTHONPATH": f"{ROOT}", "FAPLOG_THREADS": "2"},
        ready=lambda: responds_ok(port, "/"),
        stop_seconds=0.2,
        port=port,
    )


def shell(name: str, script: str, folder: Path) -> Program:
    return Program(name=name, argv=("/bin/sh", "-c", script), folder=folder, stop_seconds=0.2)


def supervise(state: State, programs: list[Program], work: Callable[[Supervisor], Awaitable[None]]) -> None:
    """Do the work with a supervisor of these programs; at its end nothing runs any more."""

    async def go() -> None:
        running = Supervisor(state, programs)
        await running.open()
        try:
            await work(running)
        finally:
            await running.close()
        assert all(not running.pids(program.name) for program in programs)

    asyncio.run(go())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SEC):
        while not condition():
            await asyncio.sleep(0.01)


def commands(pid: int) -> list[str]:
    """Return the command line of a process; empty where it has ended."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        return []


def get(port: int | None, path: str = "/") -> int:
    """Return the process id of the replica that answered."""
    return int(httpx.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SEC).raise_for_status().text)


@contextmanager
def callers(port: int | None) -> Iterator[set[int]]:
    """Callers who go on calling; every call must be answered. Gives the replicas that have answered so far."""
    over = threading.Event()
    answered: set[int] = set()

    def call() -> None:
        while not over.is_set():
            answered.add(get(port))

    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(call) for _ in range(CALLERS)]
        try:
            yield answered
        finally:
            over.set()
    for done in calls:
        done.result()


def test_replicas_come_and_go_while_every_call_is_answered(state: State, web: Program) -> None:
    async def work(running: Supervisor) -> None:
        await running.start("web")
        await running.ready("web")
        with callers(web.port) as answered:
            for _ in range(ROUNDS):
                running.scale("web", 2)
                await until(lambda: len(running.pids("web")) == 2 and answered.issuperset(running.pids("web")))
                running.scale("web", 1)
                await until(lambda: len(running.pids("web")) == 1)
        assert len(answered) > ROUNDS
        assert not running.failed.done()

    supervise(state, [web], work)


def test_a_function_sleeps_and_wakes_while_every_call_is_answered(state: State, web: Program) -> None:
    async def work(running: Supervisor) -> None:
        running.scale("web", 1)
        with callers(web.port) as answered:
            for _ in range(ROUNDS // 2):
                await until(lambda: answered.intersection(running.pids("web")))
                running.scale("web", 0)
                await until(lambda: not running.pids("web"))
                running.scale("web", 1)
                await until(lambda: running.pids("web"))
        assert len(answered) >= ROUNDS // 2
        assert not running.failed.done()

    supervise(state, [web], work)


def test_a_replica_that_goes_answers_first_however_long_it_takes(state: State, web: Program, tmp_path: Path) -> None:
    """Longer than a stop may take: another program that does not want to stop is killed meanwhile."""
    stubborn = shell("stubborn", "trap '' TERM; while :; do sleep 0.1; done", tmp_path)

    async def work(running: Supervisor) -> None:
        await running.start("web", "stubborn")
        await running.ready("web")
        running.scale("web", 2)
        await until(lambda: len(running.pids("web")) == 2)
        with ThreadPoolExecutor(4) as pool:
            try:
                held = [pool.submit(get, web.port, "/held") for _ in range(4)]  # all the threads of both
                await until(lambda: len(list(tmp_path.glob("held-*"))) == 4)
                running.scale("web", 0)
                await until(lambda: not running.pids("web"))
                [old] = running.pids("stubborn")
                await running.restart("stubborn")
                assert old not in running.pids("stubborn")
            finally:
                (tmp_path / "released").touch()
        assert len({done.result() for done in held}) == 2

    supervise(state, [web, stubborn], work)


def test_a_replica_that_goes_is_killed_when_the_system_ends(state: State, web: Program, tmp_path: Path) -> None:
    async def work(running: Supervisor) -> None:
        await running.start("web")
        await running.ready("web")
        caller = asyncio.create_task(asyncio.to_thread(get, web.port, "/held"))
        await until(lambda: list(tmp_path.glob("held-*")))
        running.scale("web", 0)
        await until(lambda: not running.pids("web"))
        assert not caller.done()
        await running.stop("web")
        with pytest.raises(httpx.TransportError):
            await caller

    supervise(state, [web], work)


def test_what_circus_gave_up_is_started_when_it_can_be(state: State, tmp_path: Path) -> None:
    """Here for want of its folder; for want of memory or processes it is the same."""
    homeless = shell("homeless", "exec sleep 600", tmp_path / "later")

    async def work(running: Supervisor) -> None:
        await running.start("homeless")
        assert running.pids("homeless") == []
        (tmp_path / "later").mkdir()
        await until(lambda: running.pids("homeless"))

    supervise(state, [homeless], work)


def test_what_cannot_start_on_a_full_disk_is_tried_until_it_can(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "has_room", lambda *_: False)
    monkeypatch.setattr(supervisor, "RETRY_SEC", 0.01)
    needy = shell("needy", "echo tried >>tries; test -e room || exit 1; exec sleep 600", tmp_path)

    async def work(running: Supervisor) -> None:
        await running.start("needy")
        await until(lambda: (tmp_path / "tries").exists())
        await until(lambda: (tmp_path / "tries").read_text().count("tried") > 2 * CRASHES)
        assert not running.failed.done()
        (tmp_path / "room").touch()
        await until(lambda: [pid for pid in running.pids("needy") if "sleep" in commands(pid)])
        assert not running.failed.done()

    supervise(state, [needy], work)


def test_what_cannot_start_is_reported(state: State, tmp_path: Path) -> None:
    broken = shell("broken", "echo no such luck; exit 7", tmp_path)

    async def work(running: Supervisor) -> None:
        await running.start("broken")
        async with asyncio.timeout(PATIENCE_SEC):
            problem = await asyncio.shield(running.failed)
        assert str(problem).startswith("broken could not start (exit code 7).\n")
        assert "no such luck" in str(problem)
        assert "disk" not in str(problem)

    supervise(state, [broken], work)


def test_a_start_that_fails_on_a_full_disk_names_it(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "has_room", lambda *_: False)
    broken = replace(shell("broken", "exit 7", tmp_path), ready=lambda: False)

    async def work(running: Supervisor) -> None:
        await running.start("broken")
        with pytest.raises(Problem, match=r"broken could not start .exit code 7.\. The disk of .* is full"):
            await running.ready("broken")

    supervise(state, [broken], work)


def test_a_look_that_fails_is_logged_and_made_again(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = shell("plain", "exec sleep 600", tmp_path)
    looks = 0

    async def work(running: Supervisor) -> None:
        nonlocal looks
        await running.start("plain")
        look = running._look

        async def failing() -> None:
            nonlocal looks
            looks += 1
            if looks < 3:
                raise KeyError(looks)
            await look()

        monkeypatch.setattr(running, "_look", failing)
        [first] = running.pids("plain")
        os.kill(first, 9)
        await until(lambda: running.pids("plain") not in ([], [first]))
        assert looks >= 3
        assert not running.failed.done()

    supervise(state, [plain], work)
    assert "looking after the programs failed" in (state.logs / "supervisor.log").read_text()
