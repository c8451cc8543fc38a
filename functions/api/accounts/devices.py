"""Which browser and which kind of device a User-Agent names, in one word each. The header itself is not stored."""

from typing import Final, NamedTuple

_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Most browsers name those they want to be taken for as well, so the first match counts."""

_DEVICES: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


class Device(NamedTuple):
    """A browser and the device it runs on; None where the header names none of those we know."""

    browser: str | None
    device: str | None


UNKNOWN: Final = Device(None, None)


def recognise(user_agent: str) -> Device:
    """Return the browser and the device of a User-Agent header."""
    return Device(_first_named(_BROWSERS, user_agent), _first_named(_DEVICES, user_agent))


def _first_named(names: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for sign, name in names if sign in user_agent), None)
