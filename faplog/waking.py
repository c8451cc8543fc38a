"""Wakes a function that sleeps: being asked for its health is what starts it, and its answer is not awaited."""

import time
from threading import Thread
from typing import Final

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

TIMEOUT: Final = urllib3.Timeout(connect=1.0, read=0.2)
"""A function that starts answers later. Its scaler would count a request that waits on as work for a second replica."""
PATIENCE_SEC: Final = 4.0
"""How long a connection is tried for: a cluster's network refuses those of a new pod for a second or two."""
PAUSE_SEC: Final = 0.1


def wake(function: str) -> None:
    """Ask the function whose root has this address for its health, in the background; returns at once."""
    Thread(target=ask, args=(function.rstrip("/") + "/health",), name="wake", daemon=True).start()


def ask(url: str) -> None:
    """Ask at this address, whatever comes of it; again while no connection is taken, for `PATIENCE_SEC`."""
    until = time.monotonic() + PATIENCE_SEC
    while True:
        try:
            urllib3.request("GET", url, timeout=TIMEOUT, retries=False, redirect=False)
        except (NewConnectionError, ConnectTimeoutError):
            if time.monotonic() >= until:
                return
            time.sleep(PAUSE_SEC)
        except HTTPError:
            return
        else:
            return
