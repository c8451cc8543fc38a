"""Settings of the API: what is refused at the start."""

from pathlib import Path

import pytest

from faplog.settings import SettingsError, load
from functions.api.settings import Settings, mail_address
from tests.unit.api.conftest import settings_without_servers


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the environment of a function whose servers do not exist."""
    valid = settings_without_servers()
    monkeypatch.setenv("FAPLOG_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("FAPLOG_PUBLIC_URL", "https://faplog.example")
    for name in ("s3_endpoint", "s3_bucket"):
        monkeypatch.setenv(f"FAPLOG_{name.upper()}", str(getattr(valid, name)))
    for name, field in Settings.model_fields.items():
        if isinstance(field.validation_alias, str):
            (tmp_path / field.validation_alias).write_text(getattr(valid, name).get_secret_value(), "utf-8")
    return tmp_path


def test_the_mail_server_is_read_from_its_file_or_the_environment(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAPLOG_MAIL_FROM", "noreply@example.org")
    assert load(Settings).smtp_url is None
    monkeypatch.setenv("FAPLOG_SMTP_URL", "smtp://user:hush@relay:587")
    from_variable = load(Settings)
    monkeypatch.delenv("FAPLOG_SMTP_URL")
    (environment / "faplog-smtp-url").write_text("smtps://user:hush@relay\n", "utf-8")
    from_file = load(Settings)
    assert from_variable.smtp_url
    assert from_file.smtp_url
    assert from_variable.smtp_url.get_secret_value() == "smtp://user:hush@relay:587"
    assert from_file.smtp_url.get_secret_value() == "smtps://user:hush@relay"
    assert "hush" not in repr(from_file)


@pytest.mark.parametrize(
    "url", ["relay:587", "http://relay", "smtp:///", "smtp://a b", "smtp://relay:port", "smtp://user:p@ss@relay", ""]
)
@pytest.mark.usefixtures("environment")
def test_a_malformed_address_of_the_mail_server_is_named_but_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAPLOG_SMTP_URL", url)
    monkeypatch.setenv("FAPLOG_MAIL_FROM", "noreply@example.org")
    with pytest.raises(SettingsError, match="faplog-smtp-url") as caught:
        load(Settings)
    assert not url or url not in str(caught.value)


@pytest.mark.usefixtures("environment")
def test_mail_needs_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAPLOG_SMTP_URL", "smtp://relay")
    with pytest.raises(SettingsError, match=r"FAPLOG_MAIL_FROM.*faplog-smtp-url"):
        load(Settings)


@pytest.mark.usefixtures("environment")
def test_mail_needs_the_address_of_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAPLOG_PUBLIC_URL")
    monkeypatch.setenv("FAPLOG_SMTP_URL", "smtp://relay")
    monkeypatch.setenv("FAPLOG_MAIL_FROM", "noreply@example.org")
    with pytest.raises(SettingsError, match=r"faplog-smtp-url.*FAPLOG_PUBLIC_URL"):
        load(Settings)


@pytest.mark.usefixtures("environment")
def test_registration_is_open_by_default_and_one_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).registration == "open"
    monkeypatch.setenv("FAPLOG_REGISTRATION", "ajar")
    with pytest.raises(SettingsError, match="FAPLOG_REGISTRATION"):
        load(Settings)


@pytest.mark.parametrize("text", ["noreply@example.org", "faplog <noreply@example.org>", "Größe <noreply@example.org>"])
def test_senders(text: str) -> None:
    assert mail_address(text).addr_spec == "noreply@example.org"


@pytest.mark.parametrize(
    "text",
    ["", "faplog", "noreply@", "@example.org", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"],
)
def test_not_a_sender(text: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        mail_address(text)
