"""The function does not start on settings it could not work with, such as signing keys that are none."""

from pathlib import Path

import pytest

from faplog.settings import SettingsError, load
from functions.api.handler import create_app
from functions.api.settings import OwnerSettings, Settings

SECRETS = {
    "faplog-connector-secret": "x" * 16,
    "faplog-api-database": "postgresql://nowhere",
    "faplog-worker-database": "postgresql://nowhere",
    "faplog-api-nats": "nats://nowhere",
    "faplog-api-s3-access-key": "x",
    "faplog-api-s3-secret-key": "x",
}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with all secrets but the signing keys."""
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(value)
    for name, value in {
        "FAPLOG_SECRETS_DIR": str(tmp_path),
        "FAPLOG_S3_ENDPOINT": "http://nowhere",
        "FAPLOG_S3_BUCKET": "x",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.mark.usefixtures("secrets")
def test_missing_signing_keys_stop_the_start() -> None:
    with pytest.raises(SettingsError, match="Cannot start, setting 'faplog-signing-keys'"):
        create_app()


@pytest.mark.parametrize("content", ["", "secret", '{"active": "a", "keys": {"a": "c2hvcnQ"}}'])
def test_signing_keys_that_are_none_stop_the_start(secrets: Path, content: str) -> None:
    (secrets / "faplog-signing-keys").write_text(content)
    with pytest.raises(SettingsError, match="Cannot start, setting 'faplog-signing-keys'") as error:
        create_app()
    assert "c2hvcnQ" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "faplog-api-database",
        "faplog-worker-database",
        "faplog-api-nats",
        "faplog-api-s3-access-key",
        "faplog-api-s3-secret-key",
    ],
)
def test_an_empty_secret_stops_the_start(secrets: Path, name: str) -> None:
    (secrets / "faplog-signing-keys").write_text("{}")
    (secrets / name).write_text("")
    with pytest.raises(SettingsError, match=f"Cannot start, setting '{name}'"):
        create_app()


def test_a_migration_without_an_address_is_no_migration(secrets: Path) -> None:
    (secrets / "faplog-owner-database").write_text("topsecret")
    with pytest.raises(SettingsError, match="Cannot start, setting 'faplog-owner-database'") as error:
        load(OwnerSettings)
    assert "topsecret" not in str(error.value)


def test_other_origins_stand_with_commas_between(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "faplog-signing-keys").write_text("{}")
    assert load(Settings).cors_origins == ()
    monkeypatch.setenv("FAPLOG_CORS_ORIGINS", "https://a.example.org, http://127.0.0.1:3000/,")
    assert load(Settings).cors_origins == ("https://a.example.org", "http://127.0.0.1:3000")
    monkeypatch.setenv("FAPLOG_CORS_ORIGINS", "a.example.org")
    with pytest.raises(SettingsError, match="Cannot start, setting 'FAPLOG_CORS_ORIGINS"):
        load(Settings)
