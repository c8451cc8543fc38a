"""The parts a view works with besides the database: settings, object store and publisher of the running app."""

from typing import Final, cast

from flask import Flask, current_app

from faplog.blobs import Blobs

from .publisher import Publisher
from .settings import Settings

_SETTINGS: Final = "faplog.settings"
_BLOBS: Final = "faplog.blobs"
_PUBLISHER: Final = "faplog.publisher"


def install(app: Flask, settings: Settings, blobs: Blobs, publisher: Publisher) -> None:
    """Let the views of this app find its parts."""
    app.extensions |= {_SETTINGS: settings, _BLOBS: blobs, _PUBLISHER: publisher}


def settings() -> Settings:
    """The settings of the running app."""
    return cast("Settings", current_app.extensions[_SETTINGS])


def blobs() -> Blobs:
    """The object store of the running app."""
    return cast("Blobs", current_app.extensions[_BLOBS])


def publisher() -> Publisher:
    """The publisher of the running app."""
    return cast("Publisher", current_app.extensions[_PUBLISHER])
