"""The settings of the function `api`."""

from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from faplog.function import FunctionSettings
from faplog.settings import DatabaseAddress, HttpAddress, NatsAddress, SmtpAddress
from faplog.settings import Settings as BaseSettings


class PublicSettings(BaseSettings):
    """What people outside see of this instance."""

    public_url: HttpAddress | None = None
    """Address of the pages, such as `https://faplog.example.com`, for links in mails and from the operator's command.
    `make run` sets it to its own address. Needed where mail is sent."""

    @property
    def base_url(self) -> str:
        """The address of the pages, without a slash at its end."""
        return (self.public_url or "").rstrip("/")


class Settings(PublicSettings, FunctionSettings):
    """Settings of the function; frozen, made once at start-up. Secrets never show in a repr."""

    api_database: DatabaseAddress = Field(validation_alias="faplog-api-database")
    """Address of the database, as the role that serves requests of users."""

    worker_database: DatabaseAddress = Field(validation_alias="faplog-worker-database")
    """Address of the database, as the role that applies results and reconciles."""

    nats: NatsAddress = Field(validation_alias="faplog-api-nats")
    """Address of NATS, as the user `api`."""

    s3_access_key: SecretStr = Field(validation_alias="faplog-api-s3-access-key", min_length=1)
    """Access key of this function at the object store."""

    s3_secret_key: SecretStr = Field(validation_alias="faplog-api-s3-secret-key", min_length=1)
    """Secret key that belongs to it."""

    signing_keys: SecretStr = Field(validation_alias="faplog-signing-keys")
    """Keys that sign access tokens; the first one signs, all of them verify."""

    smtp_url: SmtpAddress | None = Field(
        default=None, validation_alias=AliasChoices("faplog-smtp-url", "FAPLOG_SMTP_URL")
    )
    """Address of the mail server, `smtp://user:password@host:587` (STARTTLS where offered) or `smtps://…`. Without it
    no mail is sent. A file, or on a laptop the variable `FAPLOG_SMTP_URL`."""

    mail_from: str | None = Field(default=None, validate_default=True)
    """Sender of all mail, an address or `Name <address>`. Needed where mail is sent."""

    registration: Literal["open", "invite", "closed"] = "open"
    """Who may create an account: everyone (`open`), or only people with an invite. `invite` and `closed` differ in
    what the pages say."""

    operator_name: str | None = None
    """Who runs this instance, for the privacy page."""

    operator_contact: str | None = None
    """How to reach them: an e-mail address, a web address or a sentence. Shown to people who forgot their password."""

    operator_location: str | None = None
    """Where the data is stored, for the privacy page, such as `a server in Lyon, France`."""

    public_s3_endpoint: HttpAddress | None = None
    """Address of the bucket as browsers reach it. If set, files are served by a redirect to a signed address."""

    analyse_url: HttpAddress | None = None
    """Address of the function `analyse` as this function reaches it, to wake it when an upload begins. If unset, this
    server does not analyse logs without an account."""

    average_url: HttpAddress | None = None
    """Address of the function `average` as this function reaches it. If unset, this server does not compare logs."""

    threads: int = Field(default=128, gt=0)
    """How many requests are answered at once; under gunicorn the variable is always set. Limits the work that waits for
    the object store."""

    cookie_secure: bool = False
    """Whether cookies are for HTTPS only. True wherever people reach the service over TLS."""

    cors_origins: Annotated[tuple[HttpAddress, ...], NoDecode] = ()
    """Other origins that may call the API with credentials, separated by commas."""

    webhooks: Literal["off", "public", "any"] = "off"
    """Where webhooks and ntfy messages that users set up may go: nowhere (`off`), to `public` addresses, or to `any`,
    which lets every user send to machines in this service's own network. `make run` sets `public`."""

    quota_logs: int = Field(default=20_000, gt=0)
    """Maximum number of logs per user."""

    overdue_sec: float = Field(default=60, gt=0)
    """Seconds without a result after which reconcile checks whether a request is still in the stream."""

    upload_sec: float = Field(default=900, gt=0)
    """Seconds after which an upload whose object was never stored is ended."""

    orphan_sec: float = Field(default=3600, gt=0)
    """Age in seconds from which an object without a row is removed."""

    @field_validator("smtp_url")
    @classmethod
    def _with_links_that_work(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("public_url") is None:
            raise ValueError("needs FAPLOG_PUBLIC_URL, for the links in mails")
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("smtp_url") is not None:
            raise ValueError("must be set where faplog-smtp-url is")
        if value is not None:
            mail_address(value)
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _each_origin(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        return value


def mail_address(text: str) -> Address:
    """Return an address, with or without a name before it.

    Raises:
        ValueError: It is malformed, or not exactly one.
    """
    try:
        addresses: tuple[Address, ...] = EmailPolicy().header_factory("From", text).addresses
    except (IndexError, UnicodeError):  # a flaw of the parser
        addresses = ()
    one = len(addresses) == 1 and addresses[0].username and "." in addresses[0].domain
    if not (one and addresses[0].addr_spec.isascii() and text.isprintable()):
        raise ValueError("must be an address such as faplog <noreply@example.com>")
    return addresses[0]


class AdminSettings(PublicSettings):
    """Settings of the operator's command."""

    worker_database: DatabaseAddress = Field(validation_alias="faplog-worker-database")
    """Address of the database, as the role that applies results and reconciles; it owns no table."""


class OwnerSettings(BaseSettings):
    """Settings of the migration job, the only process with the password of the tables' owner."""

    owner_database: DatabaseAddress = Field(validation_alias="faplog-owner-database")
    """Address of the database, as the owner of the tables."""
