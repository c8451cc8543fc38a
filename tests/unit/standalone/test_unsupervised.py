"""Programs and their logs: what is said of one that cannot start, and how a log stays small."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from standalone import logs
from standalone.program import Program
from standalone.state import Problem, prepare
from standalone.unsupervised import running


def program(folder: Path, script: str, *, ready: bool, ready_seconds: float = 20) -> Program:
    return Program(
        "talker", (sys.executable, "-c", script), folder, dict(os.environ), lambda: ready, ready_seconds=ready_seconds
    )


def children() -> set[psutil.Process]:
    """Our child processes; the servers of other tests may be among them."""
    return set(psutil.Process().children())


def test_a_program_that_ends_at_once_shows_its_last_words(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    talker = program(tmp_path, "print('the reason'); exit(3)", ready=False)
    with pytest.raises(Problem, match=r"(?s)talker could not start.*the reason"), running(state, [talker]):
        pytest.fail("it is not running")


def test_a_program_that_is_never_ready_is_a_problem_and_is_stopped(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    talker = program(tmp_path, "import time; time.sleep(60)", ready=False, ready_seconds=0.1)
    before = children()
    with pytest.raises(Problem, match="talker was not ready"), running(state, [talker]):
        pytest.fail("it is not running")
    assert children() <= before


def test_a_stubborn_program_is_killed(tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(60)"
    state = prepare(tmp_path)
    log = logs.path(state, "talker")
    talker = Program(
        "talker",
        (sys.executable, "-uc", script),
        tmp_path,
        dict(os.environ),
        lambda: log.exists() and log.read_text() == "ready\n",
        stop_seconds=0.2,
    )
    before = children()
    with running(state, [talker]):
        assert len(children() - before) == 1
    assert children() <= before


def test_the_tail_of_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert "no log" in logs.tail(prepare(tmp_path), "silent")


def test_the_tail_is_short(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    logs.path(state, "chatty").write_text("".join(f"line {number}\n" for number in range(10_000)))
    lines = logs.tail(state, "chatty").splitlines()
    assert lines[-1] == "  line 9999"
    assert len(lines) == 1 + logs.TAIL_LINES


def test_a_long_log_begins_anew_while_its_program_goes_on_writing(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    with logs.path(state, "chatty").open("a") as writer:
        writer.write("old" * 100)
        writer.flush()
        logs.shorten(state, most=200)
        writer.write("new")
    assert logs.path(state, "chatty").read_text() == "new"
    assert (state.logs / "chatty.log.1").read_text() == "old" * 100
    logs.shorten(state, most=200)
    assert logs.path(state, "chatty").read_text() == "new"
