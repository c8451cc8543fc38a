"""A process with a missing or malformed setting refuses to start, with one sentence that names it."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from faplog.settings import Settings, SettingsError, load


class Example(Settings):
    """Settings as a function has them."""

    s3_bucket: str
    workers: int = 1
    connector_secret: SecretStr = Field(validation_alias="faplog-connector-secret", min_length=16)


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("S3_BUCKET", "faplog")
    (tmp_path / "faplog-connector-secret").write_text("0123456789abcdef\n", "utf-8")
    return tmp_path


@pytest.mark.usefixtures("secrets")
def test_environment_and_secret_files_make_one_model() -> None:
    settings = load(Example)
    assert settings.s3_bucket == "faplog"
    assert settings.connector_secret.get_secret_value() == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(settings)


def test_a_missing_secret_is_named(secrets: Path) -> None:
    (secrets / "faplog-connector-secret").unlink()
    with pytest.raises(SettingsError, match="faplog-connector-secret"):
        load(Example)


def test_a_missing_folder_of_secrets_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("S3_BUCKET", "faplog")
    with pytest.raises(SettingsError, match="nowhere"):
        load(Example)


def test_a_malformed_value_is_named_but_never_shown(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "many")
    (secrets / "faplog-connector-secret").write_text("short-secret", "utf-8")
    with pytest.raises(SettingsError) as caught:
        load(Example)
    assert "workers" in str(caught.value)
    assert "faplog-connector-secret" in str(caught.value)
    assert "short-secret" not in str(caught.value)
    assert "many" not in str(caught.value)


def test_secrets_mounted_as_kubernetes_mounts_them_are_read(secrets: Path) -> None:
    """There every file is a link through `..data` into a dated folder beside it."""
    dated = secrets / "..2026_11_22"
    dated.mkdir()
    (secrets / "faplog-connector-secret").rename(dated / "faplog-connector-secret")
    (secrets / "..data").symlink_to(dated.name)
    (secrets / "faplog-connector-secret").symlink_to("..data/faplog-connector-secret")
    assert load(Example).connector_secret.get_secret_value() == "0123456789abcdef"
