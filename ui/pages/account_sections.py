"""What the sections of the account page need from the API. A section is a reader here and a template it is shown by."""

from collections.abc import Callable
from typing import Any, Final

from ui.fragments import fetch


def account() -> dict[str, Any]:
    """Return the account, for the sections of e-mail address and password."""
    return {"who": fetch("/account")}


def sessions() -> dict[str, Any]:
    """Return the sessions, for their section."""
    return {"sessions": fetch("/account/sessions").get("sessions", [])}


READERS: Final[tuple[Callable[[], dict[str, Any]], ...]] = (account, sessions)


def read() -> dict[str, Any]:
    """Return the variables of all sections."""
    variables: dict[str, Any] = {}
    for reader in READERS:
        variables |= reader()
    return variables
