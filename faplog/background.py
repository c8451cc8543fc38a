"""Work beside the requests of a worker process: gunicorn starts it when the worker is ready and stops it at its end.

Every program that gunicorn runs reads this, the pages too, so it imports no package.
"""

from typing import Any, Final, Protocol

_KEY: Final = "faplog.background"


class Background(Protocol):
    """Work beside the requests of a worker process."""

    def start(self) -> None:
        """Begin, in the worker and after its application was made; returns at once."""

    def stop(self) -> None:
        """End, after the last request."""


class Extensible(Protocol):
    """An application with Flask's dictionary for extensions."""

    extensions: dict[str, Any]


def run_in_background(app: Extensible, task: Background) -> None:
    """Let gunicorn start the task when a worker is ready, and stop it at the worker's end."""
    app.extensions.setdefault(_KEY, []).append(task)


def tasks(app: object) -> list[Background]:
    """Return the background tasks of an application; none where it has none or could not be loaded."""
    found: list[Background] = getattr(app, "extensions", {}).get(_KEY, [])
    return found
