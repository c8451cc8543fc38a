"""The API's description of this instance: who may register, how passwords are reset, who runs it, what it keeps."""

from typing import Any

from flask import current_app

from ui.api import NotFound, NotSignedIn, Refused, Unavailable
from ui.fragments import fetch_anonymously


def instance() -> dict[str, Any]:
    """Return what the API says, or nothing if it does not answer in time.

    The pages then show their forms, and the API refuses what it does not allow.
    """
    try:
        return fetch_anonymously("/instance")
    except (NotFound, NotSignedIn, Refused, Unavailable) as error:
        current_app.logger.warning("api unavailable", extra={"reason": str(error)})
        return {}
