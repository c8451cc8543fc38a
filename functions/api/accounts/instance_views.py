"""The route that tells what this instance is: who may register, how passwords are reset, who runs it, what it keeps."""

from typing import Literal

from flask.typing import ResponseReturnValue
from pydantic import Field

from ..services import Services
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import Output, json_response
from ..web.routes import Routes
from . import audit, password_reset, rate_limit, sessions

blueprint = Routes("instance", __name__, url_prefix=PREFIX)


class Operator(Output):
    """Who runs this instance, in their own words."""

    name: str | None
    contact: str | None
    location: str | None = Field(description="Where the data is stored.")


class Kept(Output):
    """How long is kept what is not deleted with a log or an account."""

    session_days: int = Field(description="A session that is not used ends after this many days.")
    event_days: int = Field(description="Account events, such as logins with their network address.")
    known_address_days: int = Field(description="Hashes of account and network address after a login.")
    failed_login_days: int = Field(description="Hashes of account and network address after a failed login.")
    reset_link_minutes: int = Field(description="How long a link to set a new password works.")


class Instance(Output):
    """What this instance is."""

    registration: Literal["open", "invite", "closed"]
    reset_by_mail: bool = Field(
        description="Whether a link to set a new password is mailed; else its operator makes it."
    )
    operator: Operator
    kept: Kept


@blueprint.get("/instance")
@describe(
    summary="Get what this instance is",
    tag="description",
    description="Who may register, how a forgotten password is reset, who runs it and how long it keeps data.",
    responses={200: Instance},
)
def show(services: Services) -> ResponseReturnValue:
    """Answer the settings that people outside may know."""
    settings = services.settings
    return json_response(
        Instance(
            registration=settings.registration,
            reset_by_mail=settings.smtp_url is not None,
            operator=Operator(
                name=settings.operator_name, contact=settings.operator_contact, location=settings.operator_location
            ),
            kept=Kept(
                session_days=sessions.IDLE.days,
                event_days=audit.KEPT.days,
                known_address_days=rate_limit.TRUST.days,
                failed_login_days=rate_limit.KEPT.days,
                reset_link_minutes=int(password_reset.LIFETIME.total_seconds()) // 60,
            ),
        )
    )
