"""Runs programs without a supervisor: in tests, and beside the system."""

import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from standalone import logs
from standalone.program import Program
from standalone.state import Problem, State


@contextmanager
def running(state: State, programs: Iterable[Program]) -> Iterator[None]:
    """Start the programs side by side, wait until they are ready, and stop them in reverse order when the block ends.

    Raises:
        Problem: A program ended or took too long; the message has the last lines of its log.
    """
    with ExitStack() as stack:
        started = []
        for program in programs:
            process = subprocess.Popen(
                logs.appending_command(state, program),
                cwd=program.folder,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(_stop, program, process)
            started.append((program, process))
        for program, process in started:
            _wait_ready(state, program, process)
        yield


def _wait_ready(state: State, program: Program, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + program.ready_seconds
    while not program.ready():
        if process.poll() is not None:
            raise Problem(f"{program.name} could not start.\n{logs.tail(state, program.name)}")
        if time.monotonic() > deadline:
            tail = logs.tail(state, program.name)
            raise Problem(f"{program.name} was not ready within {program.ready_seconds:.1f} s.\n{tail}")
        time.sleep(0.03)


def _stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """Ask the program to stop; kill it if it takes longer than its time."""
    process.send_signal(program.stop_signal)
    try:
        process.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
