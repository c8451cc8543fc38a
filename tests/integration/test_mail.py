"""Mail is sent through a real SMTP server: who gets what, over which connection, and what each refusal means."""

import socket
import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from faplog.errors import Unavailable
from functions.api import mail
from functions.api.mail import MailRefused, send
from functions.api.settings import Settings
from standalone import certificate
from standalone.ports import HOST
from tests.conftest import free_port
from tests.smtp_server import PASSWORD, smtp_server
from tests.unit.api.conftest import settings_without_servers

USER = "faplog@relay"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


def settings_for(url: str) -> Settings:
    changed = {"smtp_url": SecretStr(url), "mail_from": "faplog <noreply@faplog.example>"}
    return settings_without_servers().model_copy(update=changed)


@pytest.fixture
def server_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a certificate for loopback that this process trusts."""
    files = certificate.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files.certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    return context


def deliver(
    url: str, *, to: str = "you@example.org", subject: str = "Größe", text: str = "A line.\nÜber 3 µm.\n"
) -> None:
    send(settings_for(url), to=to, subject=subject, text=text)


def test_a_mail_arrives_as_it_was_sent() -> None:
    with smtp_server() as server:
        send(settings_for(server.url), to="you@example.org", subject="Größe", text="Über 3 µm.\n", key="abc")
        [received] = server.mails
        [envelope] = server.envelopes
    assert received["To"] == "you@example.org"
    assert received["From"] == "faplog <noreply@faplog.example>"
    assert received["Subject"] == "Größe"
    assert received["Message-ID"] == "<abc@faplog.example>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Date"]
    assert received.get_content().splitlines() == ["Über 3 µm."]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@faplog.example", ["you@example.org"])


def test_mails_without_a_key_have_ids_of_their_own() -> None:
    with smtp_server() as server:
        deliver(server.url)
        deliver(server.url)
        assert len({received["Message-ID"] for received in server.mails}) == 2


def test_starttls_is_used_where_it_is_offered(server_context: ssl.SSLContext) -> None:
    with smtp_server(starttls=server_context, auth_without_tls=False) as server:
        deliver(f"smtp://{LOGIN}@{HOST}:{server.port}")
        assert server.encrypted == [True]
        assert server.logins == [USER.encode()]


def test_smtps_is_tls_from_the_start(server_context: ssl.SSLContext) -> None:
    with smtp_server(tls=server_context) as server:
        deliver(f"smtps://{LOGIN}@{HOST}:{server.port}")
        assert server.encrypted == [True]
        assert server.logins == [USER.encode()]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_without_a_trusted_authority_is_refused(
    scheme: str, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    starttls, tls = (server_context, None) if scheme == "smtp" else (None, server_context)
    with smtp_server(starttls=starttls, tls=tls) as server:
        with pytest.raises(Unavailable, match="SSLCertVerificationError"):
            deliver(f"{scheme}://{HOST}:{server.port}")
        assert not server.mails


def test_a_password_is_not_sent_without_tls_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "is_loopback", lambda _: False)
    with smtp_server() as server:
        with pytest.raises(Unavailable, match="no TLS"):
            deliver(f"smtp://{LOGIN}@{HOST}:{server.port}")
        assert not server.logins


def test_a_wrong_password_is_the_operators_to_mend_not_the_mails() -> None:
    with smtp_server() as server, pytest.raises(Unavailable, match="SMTPAuthenticationError"):
        deliver(f"smtp://{USER.replace('@', '%40')}:wrong@{HOST}:{server.port}")


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "expected"), [("450 try later, you@example.org", Unavailable), ("550 no you@example.org", MailRefused)]
)
def test_a_refusal_for_now_and_one_for_good(command: str, answer: str, expected: type[Exception]) -> None:
    with smtp_server() as server:
        server.answers[command] = answer
        with pytest.raises(expected) as caught:
            deliver(server.url)
    assert "you@example.org" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None


def test_a_server_that_is_away_or_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable):
        deliver(f"smtp://{HOST}:{free_port()}")
    monkeypatch.setattr(mail, "TIMEOUT_SEC", 0.2)
    with socket.create_server((HOST, 0)) as silent, pytest.raises(Unavailable):
        deliver(f"smtp://{HOST}:{silent.getsockname()[1]}")


def test_a_text_that_no_encoding_knows_is_refused() -> None:
    with smtp_server() as server, pytest.raises(MailRefused):
        deliver(server.url, text="\ud800")


def test_a_password_that_smtp_cannot_carry_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_server() as server, pytest.raises(Unavailable, match="ASCII"):
        deliver(f"smtp://user:%C3%B6@{HOST}:{server.port}")


def test_without_a_server_nothing_is_sent() -> None:
    with pytest.raises(Unavailable, match="no mail server"):
        send(settings_without_servers(), to="you@example.org", subject="x", text="x")


@pytest.mark.parametrize(
    "to",
    [
        "",
        "you",
        "you@example.org, eve@example.org",
        "you@example.org\r\nBcc: eve@example.org",
        "you@example.org\nRCPT TO:<eve@example.org>",
        "You <you@example.org>",
        "you@example.org\0",
        "\ud800@example.org",
        "a" * 300 + "@example.org",
    ],
)
def test_an_address_that_is_more_or_less_than_one_is_refused(to: str) -> None:
    with smtp_server() as server:
        with pytest.raises(MailRefused):
            deliver(server.url, to=to)
        assert not server.envelopes


@pytest.mark.parametrize("subject", ["x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\r", "x\0"])
def test_a_subject_of_two_lines_is_refused(subject: str) -> None:
    with smtp_server() as server:
        with pytest.raises(MailRefused):
            deliver(server.url, subject=subject)
        assert not server.envelopes


@pytest.mark.parametrize("text", [".\r\n", "x\r\n.\r\nMAIL FROM:<eve@example.org>\r\n", "One\n.hidden\n..\n"])
def test_a_text_that_looks_like_smtp_stays_text(text: str) -> None:
    with smtp_server() as server:
        deliver(server.url, text=text)
        [received] = server.mails
        assert received.get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize(
    ("to", "received"),
    [("jürgen@bücher.example", "jürgen@xn--bcher-kva.example"), ("you@bücher.example", "you@xn--bcher-kva.example")],
)
def test_addresses_beyond_ascii_are_reached(to: str, received: str) -> None:
    with smtp_server() as server:
        deliver(server.url, to=to)
        assert server.to(received)
