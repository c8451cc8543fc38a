"""What a visitor chose: language, theme and units. Kept in cookies for a year; the browser's language until then."""

from enum import StrEnum
from typing import Final, TypeVar

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ui.session import local_path

LANGUAGES: Final = {"en": "English", "fr": "Français", "pl": "Polski"}


class Theme(StrEnum):
    """Light, dark, or as the device says."""

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
    """The chosen language, else the best of the browser's that we speak, else English."""
    chosen = request.cookies.get(COOKIES["language"])
    if chosen in LANGUAGES:
        return chosen
    spoken = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in spoken if language in LANGUAGES), "en")


def locale() -> str:
    """The locale of dates and numbers: this English is read in Europe."""
    return "en_GB" if language() == "en" else language()


def theme() -> Theme:
    """The chosen theme."""
    return _chosen("theme", Theme.AUTO)


def units() -> Units:
    """The chosen units."""
    return _chosen("units", Units.METRIC)


def _chosen(name: str, default: E) -> E:
    try:
        return type(default)(request.cookies.get(COOKIES[name], default))
    except ValueError:
        return default


@blueprint.post("/preferences")
def choose() -> Response:
    """Remember what the form says, and go back to where it was sent from. What is not on offer is ignored."""
    response = redirect(local_path(request.form.get("next"), "/"), 303)
    secure = request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
    for name, cookie in COOKIES.items():
        value = request.form.get(name)
        if value is not None and value in _ALLOWED[name]:
            response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=secure)
    return response
