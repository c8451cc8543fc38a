"""Language, theme and units, stored in cookies for a year. The default language is the browser's."""

from enum import StrEnum
from typing import Final, TypeVar

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ui.session import local_path

LANGUAGES: Final = {"en": "English", "fr": "Français", "pl": "Polski"}


class Theme(StrEnum):
    """Light, dark, or the setting of the device."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Units(StrEnum):
    """Kilometres and litres, or miles and miles per imperial gallon."""

    METRIC = "km"
    IMPERIAL = "mi"


COOKIES: Final = {"language": "faplog_language", "theme": "faplog_theme", "units": "faplog_units"}
_ALLOWED: Final[dict[str, set[str]]] = {"language": {*LANGUAGES}, "theme": {*Theme}, "units": {*Units}}
_YEAR: Final = 365 * 24 * 3600

E = TypeVar("E", bound=StrEnum)

blueprint = Blueprint("preferences", __name__)


def language() -> str:
    """Return the chosen language, else the first supported one of the browser, else English."""
    chosen = request.cookies.get(COOKIES["language"])
    if chosen in LANGUAGES:
        return chosen
    spoken = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in spoken if language in LANGUAGES), "en")


def locale() -> str:
    """Return the locale of dates and numbers; English uses the British formats."""
    return "en_GB" if language() == "en" else language()


def theme() -> Theme:
    """Return the chosen theme."""
    return _cookie_choice("theme", Theme.AUTO)


def units() -> Units:
    """Return the chosen units."""
    return _cookie_choice("units", Units.METRIC)


def _cookie_choice(name: str, default: E) -> E:
    try:
        return type(default)(request.cookies.get(COOKIES[name], default))
    except ValueError:
        return default


@blueprint.post("/preferences")
def choose() -> Response:
    """Store the choices of the form and redirect to the page it was sent from. Unknown values are ignored.

    So is a form on another site, which browsers name in `Sec-Fetch-Site`.
    """
    response = redirect(local_path(request.form.get("next"), "/"), 303)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return response
    secure = request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
    for name, cookie in COOKIES.items():
        value = request.form.get(name)
        if value is not None and value in _ALLOWED[name]:
            response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=secure)
    return response
