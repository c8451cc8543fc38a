"""Where the token comes from."""

from pathlib import Path

import pytest

from faplog.push import token
from faplog.push.exits import Exit, Stopped

VALUE = "faplog_" + "A" * 43


@pytest.fixture
def warnings() -> list[str]:
    return []


def test_a_file_comes_before_the_environment(tmp_path: Path, warnings: list[str]) -> None:
    (tmp_path / "token").write_text(f"{VALUE}\n")
    (tmp_path / "token").chmod(0o600)
    assert token.read_token(tmp_path / "token", {token.VARIABLE: "other"}, warnings.append) == VALUE
    assert token.read_token(None, {token.VARIABLE: f" {VALUE} "}, warnings.append) == VALUE
    assert warnings == []


def test_a_file_that_others_can_read_is_warned_of(tmp_path: Path, warnings: list[str]) -> None:
    (tmp_path / "token").write_text(VALUE)
    (tmp_path / "token").chmod(0o644)
    assert token.read_token(tmp_path / "token", {}, warnings.append) == VALUE
    assert warnings == [f"Other users of this machine can read {tmp_path}/token: chmod 600 {tmp_path}/token"]


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff\xfe"])
def test_a_file_without_a_token_is_refused(tmp_path: Path, warnings: list[str], content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(Stopped, match="does not contain a token"):
        token.read_token(tmp_path / "token", {}, warnings.append)


def test_a_file_that_is_not_there_is_named(tmp_path: Path, warnings: list[str]) -> None:
    with pytest.raises(Stopped, match="cannot be read: No such file") as raised:
        token.read_token(tmp_path / "token", {}, warnings.append)
    assert raised.value.status is Exit.USAGE


@pytest.mark.parametrize(("terminal", "typed"), [(False, VALUE), (True, "")])
def test_no_token_at_all_says_where_to_put_one(
    monkeypatch: pytest.MonkeyPatch, warnings: list[str], terminal: bool, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: terminal, raising=False)
    with pytest.raises(Stopped, match="There is no token"):
        token.read_token(None, {}, warnings.append, ask=lambda _: typed)


def test_on_a_terminal_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert token.read_token(None, {}, warnings.append, ask=lambda _: VALUE) == VALUE


@pytest.mark.parametrize(
    "words", [["--token", VALUE], [f"--token={VALUE}"], [VALUE], ["--token", "x"], [f"--to={VALUE}"]]
)
def test_a_token_in_the_command_line_is_refused_and_not_repeated(words: list[str]) -> None:
    with pytest.raises(Stopped, match="every user of this machine") as raised:
        token.refuse_on_command_line(["logs", *words])
    assert VALUE not in str(raised.value)


def test_other_command_lines_are_accepted() -> None:
    token.refuse_on_command_line(["faplog-logs", "--to", "https://a.example", "--token-file", "faplog.token"])
