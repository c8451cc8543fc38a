"""The parts a view works with besides the database: settings, object store and publisher of the running app."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final, cast

from flask import Flask, current_app

from faplog.blobs import Blobs

from .delivery.publisher import Publisher
from .settings import Settings
from .store_slots import SlottedBlobs, StoreSlots

_SETTINGS: Final = "faplog.settings"
_BLOBS: Final = "faplog.blobs"
_DIRECT_BLOBS: Final = "faplog.direct-blobs"
_SLOTS: Final = "faplog.store-slots"
_PUTS: Final = "faplog.puts"
_PUBLISHER: Final = "faplog.publisher"

PUTS: Final = 4
"""Objects of zips on their way to the store at once, for all uploads of the process together."""


def install(app: Flask, settings: Settings, blobs: Blobs, publisher: Publisher) -> None:
    """Let the views of this app find its parts."""
    slots = StoreSlots.of_threads(settings.threads)
    app.extensions |= {
        _SETTINGS: settings,
        _BLOBS: SlottedBlobs(blobs, slots.calls),
        _DIRECT_BLOBS: blobs,
        _SLOTS: slots,
        _PUTS: ThreadPoolExecutor(PUTS, "put"),  # its threads start with the first zip, which is after gunicorn's fork
        _PUBLISHER: publisher,
    }


def settings() -> Settings:
    """The settings of the running app."""
    return cast("Settings", current_app.extensions[_SETTINGS])


def blobs() -> Blobs:
    """The object store of the running app; each call holds one of a few slots."""
    return cast("Blobs", current_app.extensions[_BLOBS])


def direct_blobs() -> Blobs:
    """The object store, for requests that hold a slot of their own: uploads and downloads."""
    return cast("Blobs", current_app.extensions[_DIRECT_BLOBS])


def slots() -> StoreSlots:
    """The limits on work that waits for the object store."""
    return cast("StoreSlots", current_app.extensions[_SLOTS])


def puts() -> ThreadPoolExecutor:
    """The threads that put the logs of zips into the object store."""
    return cast("ThreadPoolExecutor", current_app.extensions[_PUTS])


def publisher() -> Publisher:
    """The publisher of the running app."""
    return cast("Publisher", current_app.extensions[_PUBLISHER])
