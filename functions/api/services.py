"""The services that views and background work are given: built once, frozen."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from flask import Flask

from faplog import function
from faplog.blobs import Blobs
from faplog.settings import SettingsError

from .db import Database
from .delivery.average_requests import AverageRequests
from .delivery.publisher import Publisher
from .mail_queue import MailQueue
from .request_rates import RequestRates
from .settings import Settings
from .signing_keys import SigningKeys
from .store_slots import SlottedBlobs, StoreSlots

PUT_THREADS: Final = 4
"""Objects of zips that are stored at once, for all uploads of the process together."""

_EXTENSION: Final = "faplog.services"


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside a request that the code of one process works with."""

    settings: Settings
    keys: SigningKeys
    database: Database
    publisher: Publisher

    blobs: Blobs
    """The object store. Each call holds one of the slots for single calls."""

    direct_blobs: Blobs
    """The object store without slots, for uploads and downloads, which hold a slot of their own, and for background
    work, which is not one of the request threads."""

    slots: StoreSlots
    """The limits on concurrent work that waits for the object store."""

    token_rates: RequestRates
    """The limit on the requests of each API token."""

    put_pool: ThreadPoolExecutor
    """The threads that store the logs of zips."""

    average_requests: AverageRequests

    mail_queue: MailQueue
    """Mails that requests cause."""

    notifications_due: Event = field(default_factory=Event)
    """Set after the commit of a transaction that wrote notifications; the sender of this process waits for it."""


def build(settings: Settings) -> Services:
    """Build the services of a process. Nothing connects, and no thread starts, before the first use.

    Raises:
        SettingsError: The signing keys are malformed. Without them no login would work, so the start fails.
    """
    try:
        keys = SigningKeys.parse(settings.signing_keys.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"Cannot start, setting 'faplog-signing-keys': {error}.") from None
    database = Database(settings.api_database.get_secret_value(), settings.worker_database.get_secret_value())
    publisher = Publisher(settings.nats.get_secret_value())
    slots, direct_blobs = StoreSlots.of_threads(settings.threads), function.blobs(settings)
    blobs = SlottedBlobs(direct_blobs, slots.calls)
    return Services(
        settings=settings,
        keys=keys,
        database=database,
        publisher=publisher,
        blobs=blobs,
        direct_blobs=direct_blobs,
        slots=slots,
        token_rates=RequestRates(),
        put_pool=ThreadPoolExecutor(PUT_THREADS, "put"),
        average_requests=AverageRequests(database, blobs, publisher),
        mail_queue=MailQueue(),
    )


def install(app: Flask, services: Services) -> None:
    """Give an app its services, before its routes are registered."""
    app.extensions[_EXTENSION] = services


def services_of(app: Flask) -> Services:
    """Return the services that an app was given."""
    given: Services = app.extensions[_EXTENSION]
    return given
