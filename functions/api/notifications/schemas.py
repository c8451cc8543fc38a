"""Requests and responses about notifications: the models behind the OpenAPI document."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ..web.inputs import Input
from ..web.outputs import Code, Output, Params, Timestamp
from .addresses import MAX_URL_CHARS
from .outbox import Channel

MAX_TOKEN_CHARS = 200

Language = Annotated[Literal["en", "fr", "pl"], Field(description="The language of the messages.")]


class WebhookSettings(Input):
    """Where to POST messages as JSON."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL_CHARS,
        description="An http or https address. Addresses in private networks are refused unless the operator allows "
        "them.",
        examples=["https://example.org/hooks/faplog"],
    )
    language: Language = "en"
    new_secret: bool = Field(
        default=False, alias="newSecret", description="Replace the secret that signs the messages.", strict=True
    )


class NtfySettings(Input):
    """The topic of an ntfy server."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL_CHARS,
        description="The address of the topic.",
        examples=["https://ntfy.sh/my-secret-topic"],
    )
    language: Language = "en"
    token: str | None = Field(
        default=None,
        max_length=MAX_TOKEN_CHARS,
        pattern=r"^[!-~]*$",
        description="An access token of that server, for topics that need one. Left out, an earlier token stays as "
        "long as the address does; empty, it is removed.",
    )


class EmailSettings(Input):
    """E-mail to the account's own address."""

    language: Language = "en"


class EmailCode(Input):
    """The code from the e-mail."""

    code: str = Field(pattern=r"^[0-9]{6}$", examples=["123456"])


class ChannelView(Output):
    """A channel that is on, or an e-mail address that waits for its code."""

    kind: Channel
    language: str
    url: str | None = Field(description="Null for e-mail, which goes to the account's address.")
    confirmed: bool = Field(description="False while the code sent to the e-mail address was not entered.")
    created_at: Timestamp


class WebhookView(ChannelView):
    """A webhook that was just switched on or changed."""

    secret: str | None = Field(
        description="Signs the messages. Returned only when it is new, so keep it; null otherwise.",
    )


class FailureView(Output):
    """A message that was given up after a day of tries."""

    id: UUID = Field(description="The id that its receiver would have seen.")
    channel: Channel
    event: str
    analysis_id: UUID | None
    created_at: Timestamp
    ended_at: Timestamp
    tries: int
    code: Code
    params: Params


class NotificationsView(Output):
    """The notifications of an account."""

    offered: list[Channel] = Field(description="What the operator of this instance offers.")
    email: str = Field(description="Where e-mail would go: the account's address.")
    channels: list[ChannelView]
    failures: list[FailureView] = Field(description="Messages given up within 30 days, newest first, at most 20.")
