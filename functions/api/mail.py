"""Outgoing e-mail: one plain-text message at a time, through the operator's SMTP server."""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from faplog.errors import Unavailable

from .settings import Settings, mail_address

TIMEOUT_SEC: Final = 15.0
"""How long each step of the conversation with the SMTP server may take."""

_SUBMISSION_PORT: Final = 587
_PERMANENT: Final = 500
"""SMTP codes from here on mean that the same message will be refused again."""


class MailRefused(Exception):
    """This message cannot be sent, now or later: the address or the content is refused.

    `str(error)` gives the reason, without the address and without the server's words, which may repeat it.
    """


def send(settings: Settings, *, to: str, subject: str, text: str, key: str | None = None) -> None:
    """Send one message and return once the SMTP server has taken it. Takes seconds: not for the thread of a request.

    Args:
        settings: Names the server and the sender.
        to: Address of the one recipient.
        subject: One line.
        text: The body, plain text.
        key: Becomes part of the Message-ID, so that a message sent again after a crash is recognised as the same.

    Raises:
        Unavailable: No mail is configured, or the server is away, busy, or refuses us as its client. Try again later.
        MailRefused: The server refuses the recipient or the message, or they are malformed.
    """
    if settings.smtp_url is None or settings.mail_from is None:
        raise Unavailable("no mail server is configured")
    sender = mail_address(settings.mail_from)
    recipient = _recipient(to)
    message = _message(sender, recipient, subject, text, key)
    server = urlsplit(settings.smtp_url.get_secret_value())
    try:
        with _connect(server, sender.domain) as client:
            _log_in(client, server)
            client.send_message(message, from_addr=sender.addr_spec, to_addrs=[recipient.addr_spec])
    except smtplib.SMTPRecipientsRefused as error:
        _raise_for(max(code for code, _ in error.recipients.values()), "the recipient")
    except smtplib.SMTPDataError as error:
        _raise_for(error.smtp_code, "the message")
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("the mail server does not take addresses like this one") from None
    except (smtplib.SMTPException, OSError) as error:  # from None: the server's words may repeat the address
        raise Unavailable(f"the mail server did not take a message ({type(error).__name__})") from None


def _recipient(to: str) -> Address:
    """Return the recipient, its domain as the DNS knows it, which every server takes. Raises `MailRefused`."""
    try:
        checked = validate_email(to, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise MailRefused("the address is malformed") from None
    return Address(username=checked.local_part, domain=checked.ascii_domain)


def _message(sender: Address, to: Address, subject: str, text: str, key: str | None) -> EmailMessage:
    """Return the message. Raises `MailRefused` for control characters in the subject; a line break adds headers."""
    if not subject.isprintable():
        raise MailRefused("the subject has control characters")
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Date"] = localtime()
    message["Message-ID"] = f"<{key}@{sender.domain}>" if key else make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, so that no out-of-office reply comes back
    message["Subject"] = subject
    try:
        message.set_content(text)
    except ValueError:
        raise MailRefused("the text has characters that no encoding knows") from None
    return message


def _connect(server: SplitResult, own_name: str) -> smtplib.SMTP:
    """Open the connection: TLS from the start for smtps://, STARTTLS where the server offers it for smtp://."""
    host, context = server.hostname or "", ssl.create_default_context()
    if server.scheme == "smtps":
        port = server.port or smtplib.SMTP_SSL_PORT
        return smtplib.SMTP_SSL(host, port, local_hostname=own_name, timeout=TIMEOUT_SEC, context=context)
    client = smtplib.SMTP(host, server.port or _SUBMISSION_PORT, local_hostname=own_name, timeout=TIMEOUT_SEC)
    try:
        client.ehlo_or_helo_if_needed()
        if client.has_extn("starttls"):
            client.starttls(context=context)
    except BaseException:
        client.close()
        raise
    return client


def _log_in(client: smtplib.SMTP, server: SplitResult) -> None:
    """Log in if the address has a user. The password leaves this machine over TLS only."""
    if server.username is None:
        return
    if not isinstance(client.sock, ssl.SSLSocket) and not is_loopback(server.hostname or ""):
        raise Unavailable("the mail server offers no TLS, so the password was not sent")
    try:
        client.login(unquote(server.username), unquote(server.password or ""))
    except UnicodeError:
        raise Unavailable("user and password of the mail server must be ASCII") from None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _raise_for(code: int, refused: str) -> None:
    """Raise the error for an SMTP code."""
    if code >= _PERMANENT:
        raise MailRefused(f"the mail server refuses {refused} ({code})") from None
    raise Unavailable(f"the mail server refuses {refused} for now ({code})") from None
