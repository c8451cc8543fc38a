"""`faplog push` against the real system: killed, cut off, refused; each log arrives once."""

import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from faplog.synthetic import day
from tests.conftest import STOP_SEC, Stack, until
from tests.e2e.account import Account
from tests.e2e.pushing import Gate, new_token, start_push

pytestmark = pytest.mark.stack

LOGS = 24
KILLS = 6


@pytest.fixture
def account(stack: Stack) -> Iterator[Account]:
    account = Account(stack)
    yield account
    account.http.close()


@pytest.fixture(scope="module")
def drives() -> list[tuple[str, bytes]]:
    """Short drives, no two alike."""
    return [
        (f"DCM62v2_{on:%Y%m%d}.csv", day(seed=number, minutes=2, on=on)[0])
        for number in range(LOGS)
        for on in [date(2025, 3, 1) + timedelta(days=number)]
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Yield a function that starts `faplog push`; what is left of it is ended."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        processes.append(start_push(*arguments))  # type: ignore[arg-type]
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=STOP_SEC)


def names(account: Account) -> list[str]:
    """Return the names of the account's logs."""
    answer = account.http.get("/analyses", params={"limit": "100", "sortBy": "fileName", "order": "asc"})
    return [log["fileName"] for log in answer.raise_for_status().json()["data"]]


def killed_after(process: subprocess.Popen[str], account: Account, logs: int) -> bool:
    """Kill a push once the server has so many logs, whether or not it has noted the last; whether it was running."""
    until(lambda: account.count() >= logs or process.poll() is not None, 120)
    process.kill()
    return process.wait(STOP_SEC) == -signal.SIGKILL


def test_killed_at_any_point_it_sends_each_log_once(
    stack: Stack,
    account: Account,
    drives: list[tuple[str, bytes]],
    folder: Path,
    tmp_path: Path,
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    for name, content in drives:
        (folder / name).write_bytes(content)
    token = new_token(account, "upload")
    command = (folder, stack.url, token, tmp_path / "state", "--settle", "0.1")
    kill_at = sorted(random.Random(5).sample(range(1, LOGS), KILLS))  # noqa: S311  (no secret)
    killed = [killed_after(started(*command), account, logs) for logs in kill_at]
    assert any(killed)
    printed, errors = started(*command).communicate(timeout=240)
    assert errors.count("Traceback") == 0, errors
    sent, before = (int(words.split()[0]) for words in printed.split(",")[:2])
    assert sent + before == LOGS
    assert names(account) == [name for name, _ in drives]
    assert started(*command).communicate(timeout=120)[0] == f"0 sent, {LOGS} sent before, 0 not sent\n"


def test_watching_goes_on_after_the_server_was_away(
    stack: Stack,
    account: Account,
    drives: list[tuple[str, bytes]],
    folder: Path,
    tmp_path: Path,
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    gate = Gate(stack.url)
    token = new_token(account, "upload")
    process = started(folder, gate.url, token, tmp_path / "state", "--settle", "0.2", "--watch")
    assert process.stderr
    assert "does not answer" in process.stderr.readline()
    (folder / drives[0][0]).write_bytes(drives[0][1])
    with gate.opened():
        until(lambda: account.count() == 1, 120)
    (folder / drives[1][0]).write_bytes(drives[1][1])
    with gate.opened():
        until(lambda: account.count() == 2, 120)
        assert process.stderr.readline() == f"sent {drives[0][0]}\n"
        assert process.stderr.readline() == f"sent {drives[1][0]}\n"
    process.terminate()
    assert process.wait(STOP_SEC) == 143
    assert names(account) == [name for name, _ in drives[:2]]


def test_a_token_that_is_revoked_ends_it_with_a_sentence(
    stack: Stack,
    account: Account,
    drives: list[tuple[str, bytes]],
    folder: Path,
    tmp_path: Path,
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    token = new_token(account, "upload")
    process = started(folder, stack.url, token, tmp_path / "state", "--settle", "0.2", "--watch")
    (folder / drives[0][0]).write_bytes(drives[0][1])
    assert process.stderr
    assert process.stderr.readline() == f"sent {drives[0][0]}\n"
    account.http.delete("/account/tokens").raise_for_status()
    (folder / drives[1][0]).write_bytes(drives[1][1])
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 3
    assert errors == (
        "The server does not accept the token: This API token does not exist, has expired or was revoked.\n"
    )
    assert printed == "1 sent, 0 sent before, 0 not sent\n"


def test_a_token_that_may_only_read_ends_it_with_a_sentence(
    stack: Stack,
    account: Account,
    drives: list[tuple[str, bytes]],
    folder: Path,
    tmp_path: Path,
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    (folder / drives[0][0]).write_bytes(drives[0][1])
    process = started(folder, stack.url, new_token(account, "read"), tmp_path / "state", "--settle", "0.1")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "does not have the scope upload" in errors
    assert account.count() == 0


def test_what_is_no_log_is_named_and_the_rest_is_sent(
    stack: Stack,
    account: Account,
    drives: list[tuple[str, bytes]],
    folder: Path,
    tmp_path: Path,
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    (folder / drives[0][0]).write_bytes(drives[0][1])
    (folder / "empty.csv").touch()
    (folder / "picture.csv").write_bytes(b"\x89PNG\0\0")
    process = started(folder, stack.url, new_token(account, "upload"), tmp_path / "state", "--settle", "0.1")
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert printed == "1 sent, 0 sent before, 2 not sent\n"
    assert f"{folder}/empty.csv: The file is empty.\n" in errors
    assert f"{folder}/picture.csv: The file is not a text file" in errors
