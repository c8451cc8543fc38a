"""Whether a new process reaches its servers yet.

A cluster's network policies refuse the connections of a new pod until they know its address, for a second or two. An
upload would wait for the store meanwhile, and after as many as there are slots, the next ones would be told to wait.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

from psycopg.conninfo import conninfo_to_dict

from faplog.reachable import Address, takes_connection

PATIENCE_SEC: Final = 3.0
"""How long connections are awaited. A server that is away for longer is no reason to answer nothing."""
CONNECT_SEC: Final = 0.3


class FirstConnections:
    """Asks each server for a connection until it gave one."""

    def __init__(self, addresses: Iterable[Address], clock: Callable[[], float] = time.monotonic) -> None:
        """Await a connection to each address, from now on."""
        self._waiting = set(addresses)
        self._clock = clock
        self._until = clock() + PATIENCE_SEC

    def made(self) -> bool:
        """Try the addresses that are still awaited; return whether there was none, or the time for it is over."""
        if self._waiting and self._clock() < self._until:
            self._waiting -= {address for address in set(self._waiting) if takes_connection(address, CONNECT_SEC)}
            return not self._waiting
        return True


def of_database(url: str) -> Address:
    """Return host and port of a database's address, of the first where it names several."""
    given = conninfo_to_dict(url)
    host, port = (str(given.get(name) or "").partition(",")[0] for name in ("host", "port"))
    return host or "localhost", int(port or 5432)
