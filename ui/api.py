"""Client of the REST API for the pages. Sends only GET requests; each error is an exception of its own."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

import httpx
import orjson

from faplog import telemetry


class NotSignedIn(Exception):
    """The API does not accept the session of the browser."""


class NotFound(Exception):
    """The resource does not exist, or it belongs to another account."""


class Unavailable(Exception):
    """The API does not respond, or not in time."""


class Refused(Exception):
    """The API refused the request; `error` is what it said: `message`, `code`, `params`."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", ""))
        self.error = error


class Api:
    """A connection pool to the API. Every call carries the cookies of the browser it is made for."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Open the pool.

        Args:
            url: Base address of the API, without `/api/v1`.
            transport: Replaces the network, for tests.
        """
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
            headers={"Accept": "application/json"},
            trust_env=False,
            transport=transport,
        )

    def get(self, path: str, cookies: dict[str, str], timeout: float, **query: str | int | None) -> dict[str, Any]:
        """Return the JSON object at `path`, within `timeout` seconds. Raises as `get_json` does."""
        body = self.get_json(path, cookies, timeout, **query)
        if not isinstance(body, dict):
            raise Unavailable("the response is not a JSON object")
        return cast(dict[str, Any], body)

    def get_by_link(self, path: str, token: str, timeout: float) -> dict[str, Any]:
        """Return the JSON object at `path` for the holder of a link, without a session. Raises as `get_json` does.

        The token goes into a header, so that no part on the way logs it with the path.
        """
        body = self._get(path, {"Authorization": f"Bearer {token}"}, {}, timeout)
        if not isinstance(body, dict):
            raise Unavailable("the response is not a JSON object")
        return cast(dict[str, Any], body)

    def get_json(self, path: str, cookies: dict[str, str], timeout: float, **query: str | int | None) -> object:
        """Return the JSON at `path`, within `timeout` seconds.

        Raises:
            NotSignedIn: 401. NotFound: 404. Refused: any other 4xx. Unavailable: no answer in time, or a 5xx.
        """
        params = {key: value for key, value in query.items() if value is not None and value != ""}
        header = "; ".join(f"{name}={quote(value, safe=_COOKIE_SAFE)}" for name, value in cookies.items())
        return self._get(path, {"Cookie": header}, params, timeout)

    def _get(self, path: str, headers: dict[str, str], params: Mapping[str, str | int], timeout: float) -> object:
        try:
            response = self._http.get(path, params=params, headers=headers | _trace_header(), timeout=timeout)
        except httpx.HTTPError as error:
            raise Unavailable(type(error).__name__) from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise NotSignedIn
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotFound(_message(response))
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unavailable(_message(response))
        if not response.is_success:
            raise Refused(_error(response))
        return _json(response)


_COOKIE_SAFE = "!#$%&'()*+-./:<=>?@[]^_`{|}~"


def _trace_header() -> dict[str, str]:
    """Return the header that joins the API's spans to the trace of this page."""
    traceparent = telemetry.traceparent()
    return {"traceparent": traceparent} if traceparent else {}


def _json(response: httpx.Response) -> object:
    try:
        return cast(object, orjson.loads(response.content))
    except orjson.JSONDecodeError as error:
        raise Unavailable("the response is not JSON") from error


def _message(response: httpx.Response) -> str:
    return str(_error(response).get("message", ""))


def _error(response: httpx.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
