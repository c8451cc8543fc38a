"""A connector that cannot start says why in one sentence, names the setting, and never shows a value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector import dead

ROOT = Path(__file__).parents[3]
ROUTES = '[{"function": "analyse", "url": "http://127.0.0.1:9/", "topic": "analysis.request"}]'


def start(
    folder: Path, *arguments: str, nats: str | None = None, secret: str | None = None, routes: str = ROUTES
) -> str:
    """Return what it says on stderr; it must end with an error."""
    (folder / "routes.json").write_text(routes)
    for name, value in (("faplog-connector-nats", nats), ("faplog-connector-secret", secret)):
        if value is not None:
            (folder / name).write_text(value)
    done = subprocess.run(
        [sys.executable, "-m", "connector", "--routes", str(folder / "routes.json"), *arguments],
        cwd=ROOT,
        env=os.environ | {"FAPLOG_SECRETS_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_missing_secrets_are_named(tmp_path: Path) -> None:
    said = start(tmp_path)
    assert "faplog-connector-nats" in said
    assert "faplog-connector-secret" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("wrong", ["http://user:topsecret@127.0.0.1", "topsecret"])
def test_a_wrong_secret_is_named_but_not_shown(tmp_path: Path, wrong: str) -> None:
    said = start(tmp_path, nats=wrong, secret="short")
    assert "faplog-connector-nats" in said
    assert "faplog-connector-secret" in said
    assert "topsecret" not in said
    assert "short" not in said


def test_wrong_routes_are_named(tmp_path: Path) -> None:
    said = start(tmp_path, nats="nats://127.0.0.1:9", secret="long enough to be one", routes="[]")
    assert "routes.json must name at least one function" in said


def test_a_wrong_address_is_named(tmp_path: Path) -> None:
    said = start(tmp_path, "--health", "8083", nats="nats://127.0.0.1:9", secret="long enough to be one")
    assert "'8083' is not an address such as 127.0.0.1:8083" in said


def test_a_wrong_level_of_logging_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAPLOG_LOG_LEVEL", "loud")
    said = start(tmp_path, nats="nats://127.0.0.1:9", secret="long enough to be one")
    assert said == (
        "Cannot start, setting 'FAPLOG_LOG_LEVEL': "
        "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL (environment).\n"
    )


def test_replaying_dead_letters_must_say_which(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["connector.dead", "replay"])
    with pytest.raises(SystemExit):
        dead.main()
    assert "name the letters to replay" in capsys.readouterr().err
