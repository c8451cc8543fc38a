"""The real system for tests: the servers alone, or everything `make run` starts. Both are started once a session."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from standalone.ports import HOST, claim, is_free
from standalone.servers import Servers, running
from standalone.state import prepare

ROOT = Path(__file__).parents[1]
T = TypeVar("T")

# The same examples in every run and no look at the clock, so that one commit is either green or not;
# HYPOTHESIS_PROFILE=default explores.
STEADY = settings(derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", STEADY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
BROWSERS = 2
"""So many run at once: a third makes all of them slow on two cores."""
START_SEC = 60.0
STOP_SEC = 60.0
"""When to give up on a start or a stop; no promise of speed."""


KEEP_ONE_API = {r'scale-min: "0"(\n.*\n.*idle-seconds: "300")': r'scale-min: "1"\1'}
"""A change of stack.yml: only `api` has this pause."""


class FilesWithFewBrowsers(LoadFileScheduling):  # type: ignore[misc]
    """Hands out whole files to the processes, and those that need a browser in as many parts as browsers may run."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._with_browser: dict[str, int] = {}

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        if not file.startswith("tests/browser/"):
            return file
        number = self._with_browser.setdefault(file, len(self._with_browser))
        return f"tests/browser, part {number % BROWSERS}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesWithFewBrowsers | None:
    """Return how `--dist=loadfile` hands out the tests."""
    return FilesWithFewBrowsers(config, log) if config.getvalue("dist") == "loadfile" else None


class FailuresAtOnce:
    """Names a failed test when it fails: the report comes at the end of a long run, and not if that is stopped."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the test's name below its letter."""
        if report.failed:
            self._reporter.write_line(f"\nFAILED {report.nodeid} ({report.when})", red=True)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name failures at once in the process that prints."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(reporter), "failures-at-once")


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of the test's own, with a shorter path than pytest's: sockets lie in the states below it."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL (migrated), NATS and S3 on loopback with generated credentials, and nothing else of faplog."""
    with running(prepare(tmp_path_factory.mktemp("servers"))) as servers:
        if find_spec("functions.api.migrate"):
            migrate(servers)
        yield servers


def migrate(servers: Servers) -> None:
    """Run the migrations as `make run` does, as a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "functions.api.migrate"],
        cwd=ROOT,
        env=os.environ | servers.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Stack:
    """A running system."""

    url: str
    state: Path
    process: subprocess.Popen[str]

    @property
    def secrets(self) -> Path:
        """The folder of its generated credentials."""
        return self.state / "secrets"

    @property
    def runtime(self) -> dict[str, Any]:
        """What it says of itself: addresses and pids."""
        loaded: dict[str, Any] = json.loads((self.state / "runtime.json").read_text("utf-8"))
        return loaded

    def connector_metrics(self) -> str:
        """Return what the connector counted, in Prometheus' format."""
        token = (self.secrets / "faplog-connector-metrics").read_text("utf-8")
        request = urllib.request.Request(
            f"{self.runtime['connector']}/metrics", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield everything `make run` starts, on a port and a state of its own."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a system that tests may harm: one API stays, all else stops after 2 s without work.

    A lost connector is noticed after 6 s.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAPLOG_CONNECTOR_ACK_WAIT_SEC", "6")
        changes = KEEP_ONE_API | {r'idle-seconds: "\d+"': 'idle-seconds: "2"'}
        with running_changed_stack(tmp_path_factory.mktemp("victim"), changes) as stack:
            yield stack


@contextmanager
def running_stack(state: Path, *arguments: str, prefix: Sequence[str] = ()) -> Iterator[Stack]:
    """Yield a system on this state until the block ends; it must stop by itself and without complaint."""
    with _stopped_at_the_end(start_stack(state, *arguments, prefix=prefix)) as stack:
        yield stack


@contextmanager
def running_changed_stack(folder: Path, changes: Mapping[str, str]) -> Iterator[Stack]:
    """Yield a system with its state in the folder and a stack.yml of its own.

    Args:
        folder: Where state and stack.yml are written.
        changes: Patterns, and what replaces their matches in stack.yml. Each must match.
    """
    text = (ROOT / "stack.yml").read_text("utf-8")
    for pattern, replacement in changes.items():
        text, found = re.subn(pattern, replacement, text)
        assert found, f"stack.yml has no {pattern}"
    (folder / "stack.yml").write_text(text)
    with running_stack(folder / "state", "--stack", str(folder / "stack.yml")) as stack:
        yield stack


@contextmanager
def running_process(process: subprocess.Popen[str], port: int, state: Path) -> Iterator[Stack]:
    """Yield the system that a process has begun to start; it is stopped as one of `running_stack`."""
    with _stopped_at_the_end(Stack(_address(process, port), state, process)) as stack:
        yield stack


@contextmanager
def _stopped_at_the_end(stack: Stack) -> Iterator[Stack]:
    started = [psutil.Process(stack.process.pid)]
    try:
        yield stack
    finally:
        if stack.process.poll() is None:
            started += started[0].children(recursive=True)
            stack.process.send_signal(signal.SIGTERM)
        _, errors = stack.process.communicate(timeout=STOP_SEC)
    assert stack.process.returncode == 0, errors
    until(lambda: not any(runs(process) for process in started), what="none of its processes is left")


def runs(process: psutil.Process) -> bool:
    """Return whether a process still runs; one that ended may wait as a zombie for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start_stack(state: Path, *arguments: str, prefix: Sequence[str] = ()) -> Stack:
    """Start a system and return once it says that it runs.

    A command that becomes it may stand in front; its state is then seen through the process' own view of the disks.
    """
    port = free_port()
    process = launch(state, port, *arguments, prefix=prefix)
    url = _address(process, port)
    return Stack(url, Path(f"/proc/{process.pid}/root/{state}") if prefix else state, process)


def _address(process: subprocess.Popen[str], port: int) -> str:
    """Return the address of a system, once it says that it runs."""
    url = f"http://{HOST}:{port}"
    assert process.stdout
    line = process.stdout.readline()
    if line != f"faplog is running at {url}\n":
        _, errors = process.communicate(timeout=START_SEC)
        pytest.fail(f"make run said {line!r} and\n{errors}")
    return url


_PORTS = range(15_000, 19_900)
_drawn = iter(random.SystemRandom().sample(_PORTS, len(_PORTS)))


def free_port() -> int:
    """Return a free loopback port.

    Test runs side by side do not choose the same. No port is given twice in a run, because the test that has it may
    have stopped listening only for a moment.
    """
    return next(port for port in _drawn if is_free(port) and claim(port))


def launch(state: Path, port: int, *arguments: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
    """`make run` without make: what it prints can be read from the process. It stops if the tests are killed."""
    program = shutil.which("setpriv")
    bound = [program, "--pdeathsig", "TERM"] if program else []
    return subprocess.Popen(
        [*bound, *prefix, sys.executable, "-m", "standalone", "--port", str(port), "--state", str(state), *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(process: "subprocess.Popen[bytes]", is_ready: Callable[[], object], what: str) -> Iterator[None]:
    """Wait until a server is ready, and end it with the block."""
    try:
        until(is_ready, what=what)
        yield
    finally:
        process.terminate()
        process.wait(120)


def is_ready(readiness: Mapping[str, Any]) -> bool:
    """Return whether an API without a connector is ready, by its answer: the broker may have no stream yet."""
    return bool(readiness["postgres"] == readiness["s3"] == "ok")


def until(condition: Callable[[], T | None], seconds: float = 60.0, *, what: str = "what was waited for") -> T:
    """Return the condition's first true value.

    The time is no promise of speed, only when to give up: long enough for a busy machine.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)
    return value
