"""A process with a missing or malformed setting refuses to start, with one sentence that names it."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from faplog import environment
from faplog.settings import Settings, SettingsError, load
from tests.conftest import ROOT


class Example(Settings):
    """Settings as a function has them."""

    s3_bucket: str
    workers: int = 1
    connector_secret: SecretStr = Field(validation_alias="faplog-connector-secret", min_length=16)


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAPLOG_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("FAPLOG_S3_BUCKET", "faplog")
    (tmp_path / "faplog-connector-secret").write_text("0123456789abcdef\n", "utf-8")
    return tmp_path


@pytest.mark.usefixtures("secrets")
def test_environment_and_secret_files_make_one_model() -> None:
    settings = load(Example)
    assert settings.s3_bucket == "faplog"
    assert settings.connector_secret.get_secret_value() == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(settings)


def test_a_function_without_volumes_has_its_secrets_in_variables_of_the_same_name(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "faplog-connector-secret").unlink()
    monkeypatch.setenv("faplog-connector-secret", "of a variable, 0123456789\n")
    settings = load(Example)
    assert settings.connector_secret.get_secret_value() == "of a variable, 0123456789"
    assert "0123456789" not in repr(settings)


def test_a_missing_secret_is_named(secrets: Path) -> None:
    (secrets / "faplog-connector-secret").unlink()
    with pytest.raises(SettingsError, match="faplog-connector-secret"):
        load(Example)


def test_a_missing_folder_of_secrets_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAPLOG_SECRETS_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("FAPLOG_S3_BUCKET", "faplog")
    with pytest.raises(SettingsError, match="nowhere"):
        load(Example)


def test_a_malformed_value_is_named_but_never_shown(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAPLOG_WORKERS", "many")
    (secrets / "faplog-connector-secret").write_text("short-secret", "utf-8")
    with pytest.raises(SettingsError) as caught:
        load(Example)
    assert "FAPLOG_WORKERS" in str(caught.value)
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


def test_former_names_are_read_with_a_warning_that_names_the_new_one(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(environment, "_warned", set())
    monkeypatch.delenv("FAPLOG_S3_BUCKET")
    monkeypatch.delenv("FAPLOG_SECRETS_DIR")
    monkeypatch.setenv("s3_bucket", "former")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    with caplog.at_level(logging.WARNING):
        assert load(Example).s3_bucket == "former"
    named = {(vars(record)["former"], vars(record)["setting"]) for record in caplog.records}
    assert named == {("s3_bucket", "FAPLOG_S3_BUCKET"), ("SECRETS_DIR", "FAPLOG_SECRETS_DIR")}


def test_the_warning_names_both_before_logging_is_set_up() -> None:
    """Gunicorn's configuration reads address and threads, and has no logging of ours yet."""
    variables = {"BIND": "127.0.0.1:8000", "THREADS": "3"}
    read = "import faplog.gunicorn_conf as c; print(c.bind, c.threads)"
    done = subprocess.run(
        [sys.executable, "-c", read], env=os.environ | variables, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["127.0.0.1:8000", "3"]
    said = done.stderr.splitlines()
    assert sorted(line.split()[2:6] for line in said) == sorted(
        [name, "is", "called", f"FAPLOG_{name}"] for name in variables
    )


def test_a_new_name_wins_over_a_former_one_without_a_warning(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(environment, "_warned", set())
    monkeypatch.setenv("S3_BUCKET", "former")
    monkeypatch.setenv("SECRETS_DIR", str(secrets / "nowhere"))
    assert load(Example).s3_bucket == "faplog"
    assert not caplog.records


def test_a_variable_of_the_process_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    variable = environment.Variable("EXAMPLE_SETTING", "1", "An example.")
    assert variable.read() == "1"
    monkeypatch.setenv("FAPLOG_EXAMPLE_SETTING", "2")
    assert variable.read() == "2"
