"""`faplog push` from the command line to the exit status, against a server that answers as the test says."""

import re
from pathlib import Path

import pytest

from faplog.push.__main__ import main
from faplog.push.exits import MEANINGS, Exit
from faplog.push.token import VARIABLE
from tests.unit.client.scripted import Reply, Scripted, as_json, refusal, scripted
from tests.unit.push.test_folder import shared, without_privileges

__all__ = ["shared"]

TOKEN = "faplog_" + "A" * 43
ALIVE, LIST = as_json({"status": "ok"}), as_json({"data": [], "pagination": {"totalItems": 0, "totalPages": 0}})
ACCEPTED = as_json({"ids": ["11111111-2222-4333-8444-555555555555"]}, 202)
HTML = Reply(200, b"<html>", {"Content-Type": "text/html"})


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "logs" / name).write_text(name)
    return tmp_path / "logs"


def run(folder: Path, url: str, state: Path, *arguments: str) -> int:
    return main([str(folder), "--to", url, "--state", str(state), "--settle", "0.1", *arguments])


def posts(server: Scripted) -> int:
    return sum(request.method == "POST" for request in server.requests)


def test_the_logs_are_sent_and_counted(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(ALIVE, LIST, ACCEPTED) as server:
        assert run(logs, server.url, tmp_path / "state") == Exit.SENT
    assert posts(server) == 2
    printed = capsys.readouterr()
    assert printed.out == "2 sent, 0 sent before, 0 not sent\n"
    assert printed.err == "sent a.csv\nsent b.csv\n"


def test_a_busy_server_is_waited_for(logs: Path, tmp_path: Path) -> None:
    busy = refusal(429, "API_TOKEN_RATE_LIMITED", Retry_After="0")
    with scripted(ALIVE, LIST, busy, ACCEPTED) as server:
        assert run(logs, server.url, tmp_path / "state") == Exit.SENT
    assert posts(server) == 3


@pytest.mark.parametrize(
    ("replies", "status", "sentence"),
    [
        (
            (ALIVE, refusal(401, "API_TOKEN_INVALID", "It was revoked.")),
            Exit.TOKEN,
            "does not accept the token: It was",
        ),
        ((ALIVE, LIST, refusal(401, "API_TOKEN_INVALID")), Exit.TOKEN, "does not accept the token"),
        ((ALIVE, LIST, refusal(403, "API_TOKEN_SCOPE_MISSING")), Exit.TOKEN, "does not accept the token"),
        ((ALIVE, LIST, refusal(413, "QUOTA_EXCEEDED", "You keep 9 logs.")), Exit.QUOTA, "You keep 9 logs."),
        ((ALIVE, LIST, refusal(400, "NOT_TEXT", "No text.")), Exit.SOME_NOT_SENT, "a.csv: No text."),
        ((HTML,), Exit.SERVER, "not like a faplog server"),
        ((Reply(301, headers={"Location": "https://a.example/"}),), Exit.SERVER, "redirects to https://a.example/"),
        ((Reply(drop=True),), Exit.SERVER, "does not answer"),
    ],
)
def test_each_end_is_a_sentence_and_a_status(
    logs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    replies: tuple[Reply, ...],
    status: Exit,
    sentence: str,
) -> None:
    with scripted(*replies) as server:
        assert run(logs, server.url, tmp_path / "state") == status
    printed = capsys.readouterr().err
    assert sentence in printed
    assert TOKEN not in printed


def test_what_is_no_address_is_refused(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(logs, "faplog.example.org", tmp_path / "state") == Exit.USAGE
    assert "is not the address of a server" in capsys.readouterr().err


def test_a_folder_without_permission_is_named(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shared / "closed").mkdir(mode=0o000)
    with without_privileges():
        assert run(shared / "closed", "http://127.0.0.1:1", shared / "state") == Exit.USAGE
    assert capsys.readouterr().err == f"The folder {shared}/closed cannot be read: Permission denied.\n"


@pytest.mark.parametrize("url", ["http://a.invalid", "http://192.0.2.1:1"])
def test_an_unencrypted_address_elsewhere_is_warned_of(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert run(logs, url, tmp_path / "state") == Exit.USAGE
    assert f"{url} is not encrypted" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://a.invalid"])
def test_an_encrypted_or_local_address_is_not_warned_of(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert run(logs, url, tmp_path / "state") == Exit.USAGE
    assert "not encrypted" not in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_wrong_number_of_seconds_is_refused(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], seconds: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        run(logs, "http://127.0.0.1:1", tmp_path / "state", "--settle", seconds)
    assert raised.value.code == Exit.USAGE
    assert "no number of seconds" in capsys.readouterr().err


def test_the_help_names_every_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert set(MEANINGS) == set(Exit)
    for status, words in MEANINGS.items():
        assert re.search(rf"^  {status.value} +{re.escape(words)}$", printed, re.MULTILINE)
