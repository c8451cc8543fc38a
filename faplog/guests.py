"""Guests: functions that answer in the process of another one, each below `/<its name>/`.

On Knative `average` is a guest of `analyse`, so that an upload starts one pod from zero instead of two (ADR 62).
"""

from collections.abc import Iterable
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Final

from werkzeug.middleware.dispatcher import DispatcherMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MODULE: Final = "functions.{name}.handler"
"""The module of a guest, in the image as in the checkout."""


class Guest:
    """The application of a guest. Its first request loads it, so that the start of its host waits for nothing."""

    def __init__(self, name: str) -> None:
        """Name the function, such as `average`."""
        self._name = name
        self._loading = Lock()
        self._application: WSGIApplication | None = None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request.

        Raises:
            SettingsError: A setting of the guest is missing; each request tries again.
        """
        with self._loading:
            if self._application is None:
                self._application = import_module(MODULE.format(name=self._name)).create_app()
        return self._application(environ, start_response)


def with_guests(host: "WSGIApplication", names: Iterable[str]) -> "WSGIApplication":
    """Return the application that hands requests below `/<name>/` to that guest, and all others to the host.

    Background work of guests is not started; none of ours has any.
    """
    guests: dict[str, WSGIApplication] = {f"/{name}": Guest(name) for name in names}
    return DispatcherMiddleware(host, guests) if guests else host
