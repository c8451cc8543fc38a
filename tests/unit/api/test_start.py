"""The function does not start without signing keys: nobody could log in, or anybody could."""

from pathlib import Path

import pytest

from faplog.settings import SettingsError
from functions.api.handler import create_app

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
    """A folder with all secrets but the signing keys."""
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(value)
    for name, value in {"SECRETS_DIR": str(tmp_path), "s3_endpoint": "http://nowhere", "s3_bucket": "x"}.items():
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
