"""A query string as it may come: browsers send percent-encoded UTF-8, but nothing on the way to us makes it so."""

from typing import Any, Final
from urllib.parse import quote_from_bytes

import flask

_ASCII: Final = "".join(map(chr, range(128)))


class Request(flask.Request):
    """A request whose query may hold any bytes; werkzeug reads it as UTF-8 and raises where it is none."""

    def __init__(self, environ: dict[str, Any], *more: Any, **named: Any) -> None:
        """Bytes beyond ASCII are percent-encoded, which changes nothing in what they mean."""
        super().__init__(environ, *more, **named)
        self.query_string = quote_from_bytes(self.query_string, safe=_ASCII).encode()
