"""What goes on beside the programs: it fails, is logged, is tried again; and the logs stay short on a full disk."""

import asyncio
import errno
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from standalone import disk, housekeeping, logs, recovery
from standalone.program import Program
from standalone.state import State, prepare
from standalone.supervisor import Supervisor


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses to nothing."""
    monkeypatch.setattr(housekeeping, "FIRST_PAUSE_SEC", 0.001)
    monkeypatch.setattr(housekeeping, "LONGEST_PAUSE_SEC", 0.001)
    monkeypatch.setattr(recovery, "LOOK_SEC", 0.001)
    monkeypatch.setattr(recovery, "LASTING_SEC", 0.01)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyError(1), AssertionError(), None])
def test_failed_work_is_logged_and_begun_anew(error: Exception | None, caplog: pytest.LogCaptureFixture) -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 5:
            done.set()
            await asyncio.Event().wait()
        if error:
            raise error

    async def go() -> None:
        task = asyncio.create_task(housekeeping.keep_going("tidying", work))
        await done.wait()
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    done = asyncio.Event()
    asyncio.run(go())
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 4
    assert all("tidying" in record.message for record in caplog.records)


def test_a_long_log_is_moved_aside(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    long, short = logs.path(state, "long"), logs.path(state, "short")
    long.write_bytes(b"x" * 1001)
    short.write_bytes(b"y" * 1000)
    inode = long.stat().st_ino
    logs.shorten(state, 1000)
    assert (long.read_bytes(), short.read_bytes()) == (b"", b"y" * 1000)
    assert long.stat().st_ino == inode
    assert long.with_name("long.log.1").read_bytes() == b"x" * 1001


def test_on_a_full_disk_the_last_lines_of_a_long_log_stay(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    log = logs.path(state, "long")
    log.write_bytes(b"x" * 100_000 + b"the end")
    log.with_name("long.log.1").symlink_to("/dev/full")
    logs.shorten(state, 1000)
    assert log.read_bytes() == (b"x" * 100_000 + b"the end")[-logs.KEPT_BYTES :]
    assert not log.with_name("long.log.1").is_symlink()


def test_a_log_that_cannot_be_shortened_is_reported_and_the_others_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = prepare(tmp_path)
    names = ["a", "b", "c"]
    for name in names:
        logs.path(state, name).write_bytes(b"x" * 1001)
    logs.path(state, "b").with_name("b.log.1").mkdir()
    logs.shorten(state, 1000)
    assert [logs.path(state, name).stat().st_size for name in names] == [0, 1001, 0]
    assert ["b.log" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_which_errors_say_that_the_disk_is_full(number: int, full: bool) -> None:
    assert disk.is_full(OSError(number, os.strerror(number))) is full


def test_room(tmp_path: Path) -> None:
    assert disk.has_room(tmp_path, 1)
    assert not disk.has_room(tmp_path, 1 << 62)
    (tmp_path / "room").symlink_to("/dev/full")
    assert not disk.has_room(tmp_path, 1)


def test_each_folder_of_the_state_may_be_a_disk_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = prepare(tmp_path / "state")
    elsewhere = tmp_path / "checkout"  # the functions run there: nothing is written to it
    for full in (state.run, state.logs, state.folder("s3")):
        monkeypatch.setattr(disk, "has_room", lambda folder, _, full=full: folder != full)
        assert not disk.has_room_for(state, state.folder("s3"))
        assert disk.has_room_for(state, state.folder("nats")) == (full == state.folder("s3"))
        assert disk.has_room_for(state, elsewhere) == (full == state.folder("s3"))
    monkeypatch.undo()
    assert disk.has_room_for(state, state.folder("s3"), 1)
    assert not elsewhere.exists()


@dataclass
class Restarts:
    """Stands in for a supervisor: notes what is restarted; the process is another one afterwards."""

    names: list[str] = field(default_factory=list)

    def pids(self, name: str) -> list[int]:
        return [self.names.count(name)]

    async def restart(self, name: str) -> None:
        self.names.append(name)


def program(name: str, answers: list[bool], asked: list[str], ready_seconds: float = 0.0) -> Program:
    def broken() -> bool:
        asked.append(name)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return Program(name=name, argv=(), folder=Path(), broken=broken, ready_seconds=ready_seconds)


def well(state: State, restarts: Restarts, programs: list[Program], asked: list[str], times: int) -> None:
    """Look after the programs until they have been asked so often in all."""

    async def go() -> None:
        task = asyncio.create_task(recovery.restart_broken(state, cast("Supervisor", restarts), programs))
        while len(asked) < times:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(go())


@pytest.mark.usefixtures("short_pauses")
def test_what_is_lastingly_broken_is_restarted(tmp_path: Path) -> None:
    asked: list[str] = []
    restarts = Restarts()
    programs = [
        program("well", [False], asked),
        program("broken", [False, True], asked),
        Program(name="mute", argv=(), folder=Path()),
    ]
    well(prepare(tmp_path), restarts, programs, asked, 200)
    assert set(restarts.names) == {"broken"}


@pytest.mark.usefixtures("short_pauses")
def test_what_was_never_well_since_its_start_has_the_time_of_a_start(tmp_path: Path) -> None:
    asked: list[str] = []
    restarts = Restarts()
    well(prepare(tmp_path), restarts, [program("starting", [True], asked, 3600)], asked, 100)
    assert restarts.names == []


@pytest.mark.usefixtures("short_pauses")
def test_nothing_is_restarted_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "ROOM_BYTES", 1 << 62)
    asked: list[str] = []
    restarts = Restarts()
    well(prepare(tmp_path), restarts, [program("broken", [False, True], asked)], asked, 200)
    assert restarts.names == []
