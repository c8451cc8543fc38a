"""Sends one message through one channel."""

import base64
import binascii
import hashlib
import hmac
import re
import time
from typing import Any, Final
from uuid import UUID

import orjson

from faplog.contracts.catalogue import Urgency
from faplog.contracts.errors import ErrorCode
from faplog.contracts.limits import Severity
from faplog.errors import Unavailable

from .. import mail
from ..settings import Settings
from . import addresses, content
from .addresses import BadReceiver, Receiver
from .channels import SECRET_PREFIX, Open
from .content import Content
from .http_client import NotDelivered, post
from .outbox import Channel

TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
"""What ntfy allows as the name of a topic."""

_NTFY_PRIORITY: Final = 4
_NTFY_HIGHEST_PRIORITY: Final = 5
_FINDING_FIELDS: Final = ("code", "severity", "value", "unit", "text", "advice", "urgency")


def send(settings: Settings, channel: Open, message: Content, key: UUID) -> None:
    """Send a message and return once the receiver has taken it.

    Args:
        settings: What the operator allows, and the mail server.
        channel: Where to send it.
        message: What it says.
        key: The idempotency key: the same for each try of one message.

    Raises:
        BadReceiver: The address may not be used.
        NotDelivered: The receiver did not take it, this time.
    """
    match channel.kind:
        case Channel.WEBHOOK:
            _send_webhook(settings, channel, message, key)
        case Channel.NTFY:
            _send_ntfy(settings, channel, message, key)
        case Channel.EMAIL:
            send_mail(settings, channel.email, message, key)


def receiver(settings: Settings, url: str, kind: Channel) -> Receiver:
    """Return the parts of a receiver's URL if it has the right form and is not this service itself.

    Raises:
        BadReceiver: It has not, or it is.
    """
    parsed = addresses.parse(url, any_port=settings.webhooks == "any")
    addresses.check_is_other(parsed, tuple(filter(None, [settings.public_url])))
    if kind is Channel.NTFY and ("?" in url or not TOPIC.fullmatch(_topic(parsed))):
        raise BadReceiver(ErrorCode.NTFY_URL_INVALID)
    return parsed


def signature(secret: str, key: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a webhook, as Standard Webhooks defines it: HMAC-SHA256 over id, time and body.

    Raises:
        ValueError: The secret is not one of `channels.new_secret`.
    """
    try:
        secret_bytes = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret of a webhook") from error
    signed = b".".join([key.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.new(secret_bytes, signed, hashlib.sha256).digest()).decode()


def webhook_body(message: Content, key: UUID) -> bytes:
    """Return the JSON that a webhook gets. Documented in docs/api.md: fields may be added, never changed."""
    body: dict[str, Any] = {
        "id": str(key),
        "kind": message.kind,
        "language": message.language,
        "title": message.title,
        "text": content.text(message, with_link=False),
        "url": message.link,
        "analysisId": str(message.analysis_id) if message.analysis_id else None,
        "verdict": Severity.ACT if message.findings else None,
        "urgency": message.urgency,
        "findings": [{name: one.get(name) for name in _FINDING_FIELDS} for one in message.findings],
    }
    return orjson.dumps(body)


def send_mail(settings: Settings, to: str, message: Content, key: UUID) -> None:
    """Send a message as an e-mail. Raises `NotDelivered`."""
    text = f"{content.text(message, with_link=True)}\n\n-- \n{content.why(message)}\n"
    send_mail_text(settings, to, message.title, text, key)


def send_mail_text(settings: Settings, to: str, title: str, text: str, key: UUID) -> None:
    """Send an e-mail with a title and a text of one's own. Raises `NotDelivered`."""
    try:
        mail.send(settings, to=to, subject=f"faplog: {title}", text=text, key=str(key))
    except mail.MailRefused:
        raise NotDelivered(ErrorCode.MAIL_REFUSED) from None
    except Unavailable:
        raise NotDelivered(ErrorCode.MAIL_UNAVAILABLE) from None


def _send_webhook(settings: Settings, channel: Open, message: Content, key: UUID) -> None:
    parsed = receiver(settings, channel.url or "", channel.kind)
    body, timestamp = webhook_body(message, key), int(time.time())
    headers = {
        "Webhook-Id": str(key),
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": signature(channel.secret or "", str(key), timestamp, body),
    }
    post(parsed, body, headers, allow_private=settings.webhooks == "any")


def _send_ntfy(settings: Settings, channel: Open, message: Content, key: UUID) -> None:
    """Publish to the topic as JSON, so that no text has to fit into a header."""
    parsed = receiver(settings, channel.url or "", channel.kind)
    stop = message.urgency is Urgency.STOP_NOW
    body: dict[str, Any] = {
        "topic": _topic(parsed),
        "title": message.title,
        "message": content.text(message, with_link=False) or message.title,
        "priority": _NTFY_HIGHEST_PRIORITY if stop else _NTFY_PRIORITY,
        "tags": ["warning"] if message.findings else [],
        "sequence_id": str(key),
    }
    if message.link:
        body["click"] = message.link
    headers = {"Idempotency-Key": str(key)}
    if channel.secret:
        headers["Authorization"] = f"Bearer {channel.secret}"
    root = addresses.parse(parsed.url[: parsed.url.rindex("/") + 1], any_port=settings.webhooks == "any")
    post(root, orjson.dumps(body), headers, allow_private=settings.webhooks == "any")


def _topic(parsed: Receiver) -> str:
    return parsed.path.rpartition("/")[2]
