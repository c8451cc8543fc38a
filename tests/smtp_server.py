"""A real SMTP server on loopback, which keeps the mail it is sent, or refuses it as a test says."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from standalone.ports import HOST
from tests.conftest import free_port, until

PASSWORD = "p@ss/word"


@dataclass
class Mailbox:
    """What a server was sent, and how it answers."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    """For each mail, whether it came over TLS."""

    answers: dict[str, str] = field(default_factory=dict)
    """Instead of acceptance, by command: `RCPT` or `DATA`."""

    @property
    def url(self) -> str:
        """The server's address for `FAPLOG_SMTP_URL`."""
        return f"smtp://{HOST}:{self.port}"

    def wait_for(self, address: str, number: int = 1) -> EmailMessage:
        """Return a recipient's mail of that number, when it has come."""
        return until(lambda: self.to(address)[number - 1 :], what=f"mail {number} to {address}")[0]

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to an address."""
        return [mail for mail, envelope in zip(self.mails, self.envelopes, strict=True) if address in envelope.rcpt_tos]

    async def handle_RCPT(  # noqa: N802  (the name is aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.answers.get("RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := self.answers.get("DATA"):
            return refusal
        self.encrypted.append(cast(Any, server).transport.get_extra_info("ssl_object") is not None)
        self.mails.append(message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
        if right:
            self.logins.append(given.login)
        return AuthResult(success=right, handled=False)


@contextmanager
def smtp_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, auth_without_tls: bool = True
) -> Iterator[Mailbox]:
    """Run a server until the block ends: plain, with STARTTLS on offer, or with TLS from the start."""
    mailbox = Mailbox(port=free_port())
    controller = Controller(
        mailbox,
        hostname=HOST,
        port=mailbox.port,
        ssl_context=tls,
        tls_context=starttls,
        authenticator=mailbox.authenticate,
        auth_require_tls=not auth_without_tls,
        ready_timeout=60,
        enable_SMTPUTF8=True,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
