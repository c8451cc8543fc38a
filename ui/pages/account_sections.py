"""The data of the account page's sections from the API. Each section has a function here, and a template."""

from collections.abc import Callable
from typing import Any, Final

from ui import findings
from ui.api import NotFound
from ui.fragments import fetch


def account() -> dict[str, Any]:
    """Return the account, for the sections of e-mail address and password."""
    return {"who": fetch("/account")}


def sessions() -> dict[str, Any]:
    """Return the sessions, for their section."""
    return {"sessions": fetch("/account/sessions").get("sessions", [])}


def links() -> dict[str, Any]:
    """Return the open links to reports and cars, for their section."""
    try:
        found = fetch("/account/links").get("data", [])
    except NotFound:  # an API of the release before, during an upgrade, has no list of them
        found = []
    return {"links": [one | {"label": _label(one), "path": _PATHS.get(one.get("kind"), "")} for one in found]}


def _label(link: dict[str, Any]) -> str:
    """Return how the log or the car of a link is called."""
    return str(link.get("name") or findings.profile(link.get("profile") or "unknown"))


_PATHS: Final = {"log": "/analyses", "car": "/cars"}
READERS: Final[tuple[Callable[[], dict[str, Any]], ...]] = (account, sessions, links)


def read() -> dict[str, Any]:
    """Return the variables of all sections."""
    variables: dict[str, Any] = {}
    for reader in READERS:
        variables |= reader()
    return variables
