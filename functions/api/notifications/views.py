"""The routes of notifications: channels on, off, changed and tested, and the messages that were given up."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final
from uuid import uuid4

from flask import Response, g
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from faplog.contracts import notices
from faplog.contracts.errors import CodedError, ErrorCode
from faplog.errors import Busy
from faplog.http_errors import Refused, refused
from faplog.words import translated

from ..accounts import authentication, rate_limit
from ..accounts.authentication import User, authenticated
from ..accounts.rate_limit import RateLimited
from ..accounts.session_views import RATE_LIMITED, too_many_requests
from ..db import Conn
from ..services import Services
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import addresses, channels, content, deliver, outbox
from .addresses import BadReceiver
from .http_client import NotDelivered
from .outbox import Channel
from .schemas import (
    ChannelView,
    EmailCode,
    EmailSettings,
    FailureView,
    NotificationsView,
    NtfySettings,
    WebhookSettings,
    WebhookView,
)

TAG: Final = "notifications"
BY_HAND: Final = 2
"""Messages that requests of one process send at once; each may take the time of a receiver that hangs."""

_NOT_OFFERED: Final = "The operator does not offer this."
_NOT_DELIVERED: Final = "The receiver or the mail server did not take the message; the code says why."

blueprint = Routes("notifications", __name__, url_prefix=f"{PREFIX}/account/notifications")

_slots: Final = BoundedSemaphore(BY_HAND)


@blueprint.get("")
@describe(summary="Get my notifications", tag=TAG, responses={200: NotificationsView})
@authenticated
def show(services: Services) -> ResponseReturnValue:
    """Answer the channels and the messages that were given up."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        account = connection.execute("SELECT email FROM users WHERE id = %s", [user.id]).fetchone()
        shown = channels.select(connection, user.id)
        failures = outbox.failures(connection, user.id)
    if account is None:
        raise authentication.unauthorized(ErrorCode.ACCOUNT_DELETED)
    return json_response(
        NotificationsView(
            offered=channels.offered(services.settings),
            email=account["email"],
            channels=[_view(one) for one in shown],
            failures=[FailureView.model_validate(row, by_name=True) for row in failures],
        )
    )


@blueprint.put("/webhook")
@describe(
    summary="Switch a webhook on or change it",
    tag=TAG,
    description="Messages are POSTed to the address as JSON and signed as by Standard Webhooks.",
    request=WebhookSettings,
    responses={200: WebhookView, 409: _NOT_OFFERED, 422: "The host of the address cannot be found."},
)
@authenticated
def put_webhook(services: Services) -> ResponseReturnValue:
    """Switch the webhook on."""
    user: User = g.user
    given = inputs.body(WebhookSettings)
    _check_receiver(services, given.url, Channel.WEBHOOK)
    with services.database.worker() as connection:
        earlier = channels.open_channel(connection, user.id, Channel.WEBHOOK)
        keeps = earlier is not None and earlier.secret is not None and not given.new_secret
        secret = earlier.secret if earlier is not None and keeps else channels.new_secret()
        channels.switch_on(connection, user.id, Channel.WEBHOOK, given.language, given.url, secret)
        shown = _channel_that_is_on(connection, user, Channel.WEBHOOK)
    return json_response(WebhookView(**shown.model_dump(), secret=None if keeps else secret))


@blueprint.put("/ntfy")
@describe(
    summary="Switch messages to an ntfy topic on or change them",
    tag=TAG,
    request=NtfySettings,
    responses={200: ChannelView, 409: _NOT_OFFERED, 422: "The host of the address cannot be found."},
)
@authenticated
def put_ntfy(services: Services) -> ResponseReturnValue:
    """Switch ntfy on."""
    user: User = g.user
    given = inputs.body(NtfySettings)
    _check_receiver(services, given.url, Channel.NTFY)
    with services.database.worker() as connection:
        earlier = channels.open_channel(connection, user.id, Channel.NTFY)
        token = given.token or None
        if given.token is None and earlier is not None and earlier.url == given.url:
            token = earlier.secret
        channels.switch_on(connection, user.id, Channel.NTFY, given.language, given.url, token)
        return json_response(_channel_that_is_on(connection, user, Channel.NTFY))


@blueprint.put("/email")
@describe(
    summary="Switch e-mail on or change its language",
    tag=TAG,
    description="Sends a code to the account's address. E-mail is on once the code was entered. If the address is "
    "confirmed already, only the language changes and no code is sent.",
    request=EmailSettings,
    responses={200: ChannelView, 409: _NOT_OFFERED, 422: _NOT_DELIVERED, 429: RATE_LIMITED},
)
@authenticated
def put_email(services: Services) -> ResponseReturnValue:
    """Send a code to the account's address."""
    user: User = g.user
    given = inputs.body(EmailSettings)
    _check_offered(services, Channel.EMAIL)
    with services.database.worker() as connection:
        if channels.open_channel(connection, user.id, Channel.EMAIL) is not None:
            channels.set_email_language(connection, user.id, given.language)
            return json_response(_channel_that_is_on(connection, user, Channel.EMAIL))
    _count_message(services, user)
    with services.database.worker() as connection:
        account = connection.execute("SELECT email FROM users WHERE id = %s", [user.id]).fetchone()
        if account is None:
            raise authentication.unauthorized(ErrorCode.ACCOUNT_DELETED)
        code = channels.set_code(connection, user.id, account["email"], given.language)
        shown = _channel_that_is_on(connection, user, Channel.EMAIL)
    title = translated(notices.CODE_TITLE, given.language).format(code=code)
    text = translated(notices.CODE_TEXT, given.language).format(code=code)
    with _sending():
        deliver.send_mail_text(services.settings, account["email"], title, text, uuid4())
    return json_response(shown)


@blueprint.post("/email/confirm")
@describe(
    summary="Confirm the e-mail address with the code that was sent to it",
    tag=TAG,
    request=EmailCode,
    responses={200: ChannelView, 403: "The code is wrong or has expired, or the CSRF token is missing or wrong."},
)
@authenticated
def confirm_email(services: Services) -> ResponseReturnValue:
    """Switch e-mail on."""
    user: User = g.user
    given = inputs.body(EmailCode)
    with services.database.worker() as connection:
        confirmed = channels.confirm(connection, user.id, given.code)
        shown = _channel_that_is_on(connection, user, Channel.EMAIL) if confirmed else None
    if shown is None:
        raise refused(ErrorCode.EMAIL_CODE_WRONG)
    return json_response(shown)


@blueprint.delete("/webhook")
@describe(summary="Switch the webhook off", tag=TAG, responses={204: "It is off; nothing more is sent."})
@authenticated
def delete_webhook(services: Services) -> ResponseReturnValue:
    """Switch the webhook off."""
    return _switch_off(services, Channel.WEBHOOK)


@blueprint.delete("/ntfy")
@describe(summary="Switch messages to the ntfy topic off", tag=TAG, responses={204: "They are off."})
@authenticated
def delete_ntfy(services: Services) -> ResponseReturnValue:
    """Switch ntfy off."""
    return _switch_off(services, Channel.NTFY)


@blueprint.delete("/email")
@describe(summary="Switch e-mail off", tag=TAG, responses={204: "It is off; nothing more is sent."})
@authenticated
def delete_email(services: Services) -> ResponseReturnValue:
    """Switch e-mail off."""
    return _switch_off(services, Channel.EMAIL)


_TEST_RESPONSES: Final[Mapping[int, type[BaseModel] | str | Answer | None]] = {
    204: "The receiver took the message.",
    404: "This channel is off.",
    409: _NOT_OFFERED,
    422: _NOT_DELIVERED,
    429: RATE_LIMITED,
}


@blueprint.post("/webhook/test")
@describe(summary="Send a test message to the webhook", tag=TAG, responses=_TEST_RESPONSES)
@authenticated
def send_test_to_webhook(services: Services) -> ResponseReturnValue:
    """Test the webhook."""
    return _send_test(services, Channel.WEBHOOK)


@blueprint.post("/ntfy/test")
@describe(summary="Send a test message to the ntfy topic", tag=TAG, responses=_TEST_RESPONSES)
@authenticated
def send_test_to_ntfy(services: Services) -> ResponseReturnValue:
    """Test ntfy."""
    return _send_test(services, Channel.NTFY)


@blueprint.post("/email/test")
@describe(summary="Send a test message by e-mail", tag=TAG, responses=_TEST_RESPONSES)
@authenticated
def send_test_by_email(services: Services) -> ResponseReturnValue:
    """Test e-mail."""
    return _send_test(services, Channel.EMAIL)


@blueprint.delete("/failures")
@describe(summary="Clear the list of messages that were given up", tag=TAG, responses={204: "The list is empty."})
@authenticated
def clear_failures(services: Services) -> ResponseReturnValue:
    """Clear the list of messages that were given up."""
    user: User = g.user
    with services.database.worker() as connection:
        outbox.clear_failures(connection, user.id)
    return Response(status=204)


def _switch_off(services: Services, kind: Channel) -> Response:
    """Switch a channel off, and withdraw what waits for it. One that is off stays off."""
    user: User = g.user
    with services.database.worker() as connection:
        channels.switch_off(connection, user.id, kind)
        outbox.withdraw(connection, user.id, kind)
    return Response(status=204)


def _send_test(services: Services, kind: Channel) -> Response:
    user: User = g.user
    settings = services.settings
    _check_offered(services, kind)
    with services.database.worker() as connection:
        channel = channels.open_channel(connection, user.id, kind)
    if channel is None:
        raise refused(ErrorCode.CHANNEL_OFF, channel=kind.value)
    _count_message(services, user)
    with _sending():
        deliver.send(settings, channel, content.of_test(channel.language, settings.public_url), uuid4())
    return Response(status=204)


def _check_offered(services: Services, kind: Channel) -> None:
    if kind not in channels.offered(services.settings):
        raise refused(ErrorCode.CHANNEL_NOT_OFFERED, channel=kind.value)


def _check_receiver(services: Services, url: str, kind: Channel) -> None:
    """Refuse an address that could not be sent to: malformed, of this service, unknown, or not allowed."""
    settings = services.settings
    _check_offered(services, kind)
    try:
        receiver = deliver.receiver(settings, url, kind)
        addresses.resolve(receiver, allow_private=settings.webhooks == "any")
    except BadReceiver as error:
        raise _refusal_of(error) from None


def _count_message(services: Services, user: User) -> None:
    try:
        with services.database.worker() as connection:
            rate_limit.count_message(connection, str(user.id))
    except RateLimited as error:
        raise too_many_requests(error) from None


@contextmanager
def _sending() -> Iterator[None]:
    """Hold one of the slots for messages by hand, and answer why a message was not delivered.

    Raises:
        Busy: All slots are taken.
    """
    if not _slots.acquire(blocking=False):
        raise Busy("messages by hand")
    try:
        yield
    except (BadReceiver, NotDelivered) as error:
        raise _refusal_of(error) from None
    finally:
        _slots.release()


def _refusal_of(error: CodedError) -> Refused:
    return refused(error.code, **error.params)


def _channel_that_is_on(connection: Conn, user: User, kind: Channel) -> ChannelView:
    """Return a channel of the user, which must be there."""
    return next(_view(one) for one in channels.select(connection, user.id) if one.kind == kind)


def _view(channel: channels.Shown) -> ChannelView:
    return ChannelView(
        kind=channel.kind,
        language=channel.language,
        url=channel.url,
        confirmed=channel.confirmed,
        created_at=channel.created_at,
    )
