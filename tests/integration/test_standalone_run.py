"""`make run` from outside: what it says when it cannot, what it leaves behind, what it brings back."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from faplog.synthetic import day
from standalone.ports import HOST, is_free
from tests.conftest import ROOT, START_SEC, STOP_SEC, Stack, free_port, launch, runs, start_stack, until
from tests.e2e.account import Account
from tests.e2e.faults import processes

pytestmark = pytest.mark.stack

PATIENCE_SEC = 60.0


def refusal(state: Path, port: int, *arguments: str) -> str:
    """Return what a start that cannot be says on stderr."""
    process = launch(state, port, *arguments)
    printed, errors = process.communicate(timeout=START_SEC)
    assert process.returncode == 1
    assert printed == ""
    assert "Traceback" not in errors
    return errors


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the supervisor and everything it started."""
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal(tmp_path / "state", port) == (
            f"Port {port} is taken by another program; choose another with --port (make run PORT=…).\n"
        )


def test_a_second_start_on_the_same_state_is_refused(stack: Stack) -> None:
    said = refusal(stack.state, free_port())
    assert re.fullmatch(r"A faplog with the state \S+ is already running \(process \d+\); stop it .*\n", said)
    assert str(stack.process.pid) in said
    assert httpx.get(f"{stack.url}/health", timeout=PATIENCE_SEC).is_success


def test_a_state_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    assert "cannot be written" in refusal(tmp_path / "state", free_port())


def test_a_stack_file_that_asks_for_an_unknown_secret_is_refused(tmp_path: Path) -> None:
    changed = (ROOT / "stack.yml").read_text("utf-8").replace("faplog-signing-keys", "faplog-unheard-of")
    (tmp_path / "stack.yml").write_text(changed)
    said = refusal(tmp_path / "state", free_port(), "--stack", str(tmp_path / "stack.yml"))
    assert said == "stack.yml: function api wants the secret faplog-unheard-of, which nothing here makes.\n"


def test_a_child_that_cannot_start_is_reported_and_everything_stops(tmp_path: Path) -> None:
    """A secret too short to be one: the programs that need it refuse to start, over and over."""
    secrets = tmp_path / "state" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "faplog-connector-secret").write_text("short")
    process = launch(tmp_path / "state", free_port())
    _, errors = process.communicate(timeout=2 * START_SEC)
    assert process.returncode == 1
    assert re.match(r"(api|connector|reconcile) could not start", errors)
    assert "The last lines of" in errors
    assert "faplog-connector-secret" in errors
    assert "Traceback" not in errors.splitlines()[0]
    until(lambda: not survivors(tmp_path), what="none of its processes is left")


def survivors(state: Path) -> list[str]:
    """Return processes whose command names the state folder."""
    commands = (" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return [command for command in commands if str(state) in command]


LAUNCHED = """
import sys
from pathlib import Path
from tests.conftest import launch

process = launch(Path(sys.argv[1]), int(sys.argv[2]))
print(process.stdout.readline().strip(), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) binds a process to its parent")
def test_a_system_of_tests_that_are_killed_stops(tmp_path: Path) -> None:
    state, port = tmp_path / "state", free_port()
    command = [sys.executable, "-c", LAUNCHED, str(state), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        assert tests.stdout.readline() == f"faplog is running at http://{HOST}:{port}\n"
        started = family(tests)
        tests.kill()
    until(lambda: not any(runs(process) for process in started), what="none of its processes is left")


@pytest.fixture
def start() -> Iterator[Callable[[Path], Stack]]:
    """Yield a function that starts systems, which the test ends itself; what is left is killed."""
    systems: list[Stack] = []

    def started(state: Path) -> Stack:
        systems.append(start_stack(state))
        return systems[-1]

    yield started
    for system in systems:
        if system.process.poll() is None:
            kill(family(system.process))
            system.process.communicate()


def kill(victims: list[psutil.Process]) -> None:
    for process in victims:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def test_state_survives_sigkill_and_ctrl_c_leaves_nothing(
    tmp_path: Path, stack: Stack, start: Callable[[Path], Stack]
) -> None:
    """SIGKILL first of the supervisor alone, whose children are ended by the next start; then of the whole tree.

    All beside another running system, which must not notice.
    """
    state = tmp_path / "state"
    content, _ = day(seed=11, minutes=5)
    first = start(state)
    account = Account(first)
    [analysis_id] = account.ids(account.upload("day.csv", content))
    account.settled()
    orphans = family(first.process)[1:]
    first.process.kill()
    first.process.communicate()
    assert [orphan for orphan in orphans if orphan.is_running()]

    second = start(state)
    assert not psutil.wait_procs(orphans, timeout=STOP_SEC)[1]
    account.sign_in(second)
    assert account.one(analysis_id)["status"] == "Success"
    kill(family(second.process))
    second.process.communicate()

    third = start(state)
    account.sign_in(third)
    assert account.http.get(f"/analyses/{analysis_id}/file").content == content
    assert account.average()["overall"]["logs"] == 1
    account.http.close()
    started = family(third.process)
    third.process.send_signal(signal.SIGINT)
    _, errors = third.process.communicate(timeout=STOP_SEC)
    assert (third.process.returncode, errors) == (0, "")
    until(lambda: not any(runs(process) for process in started), what="none of its processes is left")
    assert not (state / "runtime.json").exists()
    assert is_free(int(third.url.rsplit(":", 1)[1]))
    assert httpx.get(f"{stack.url}/health", timeout=PATIENCE_SEC).status_code == httpx.codes.OK


def test_scale_from_zero_to_the_limit_and_back(victim: Stack) -> None:
    url = victim.runtime["functions"]["analyse"]
    port = int(url.rsplit(":", 1)[1])

    def answers() -> bool:
        return httpx.get(f"{url}/health", timeout=PATIENCE_SEC).is_success

    until(lambda: not processes(victim, "analyse"))
    assert answers(), "the kernel holds the first caller until a replica is there"
    with ExitStack() as callers:
        for _ in range(4):
            caller = callers.enter_context(socket.create_connection((HOST, port)))
            caller.sendall(b"POST / HTTP/1.1\r\n")  # and goes on thinking
        until(lambda: len(processes(victim, "analyse")) == 2)
        # As many as stack.yml allows, although two still wait: a third would be there by now.
        unchanged_for(lambda: len(processes(victim, "analyse")), 1.5)
    until(lambda: not processes(victim, "analyse"))
    assert answers()


def unchanged_for(value: Callable[[], object], seconds: float) -> None:
    """Fails when what the callable returns changes within the time."""
    first, deadline = value(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert value() == first
        time.sleep(0.1)


def test_a_function_that_must_run_stays(victim: Stack) -> None:
    """Longer than the two seconds after which this system stops what is idle."""
    until(lambda: len(processes(victim, "api")) == 1)  # a second one of busier times goes first
    unchanged_for(lambda: [process.pid for process in processes(victim, "api")], 3)


@pytest.mark.parametrize("name", ["postgres", "nats", "s3", "api", "connector", "ui", "edge"])
def test_a_dead_child_is_restarted(victim: Stack, name: str) -> None:
    before = until(lambda: the_only(victim, name), what=f"one {name} runs")
    before.kill()
    until(lambda: [now for now in processes(victim, name) if now != before])
    until(lambda: ready(victim))


def the_only(stack: Stack, name: str) -> psutil.Process | None:
    """Return the process of a program, if there is one and no second."""
    found = processes(stack, name)
    return found[0] if len(found) == 1 else None


def ready(stack: Stack) -> bool:
    """Return whether the UI answers through the edge, and the API with all it depends on."""
    try:
        health = httpx.get(f"{stack.url}/api/v1/health/readiness", timeout=PATIENCE_SEC)
        return httpx.get(f"{stack.url}/health", timeout=PATIENCE_SEC).is_success and set(health.json().values()) == {
            "ok"
        }
    except (httpx.TransportError, ValueError):
        return False


def test_reset_refuses_while_running_and_then_removes(victim: Stack, tmp_path: Path) -> None:
    copy = tmp_path / "state"
    shutil.copytree(victim.state / "secrets", copy / "secrets")
    (copy / "lock").touch()
    assert "already running" in make_reset(victim.state, 1)
    assert "accounts" in make_reset(copy, 0)
    assert not copy.exists()


def make_reset(state: Path, code: int) -> str:
    command = [sys.executable, "-m", "standalone.reset", "--yes", "--state", str(state)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    return done.stdout + done.stderr
