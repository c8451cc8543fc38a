"""Pages in two steps: a frame that is always there at once, and a body that needs the API.

If the API answers within the page's patience, the body is sent with the frame. If it is slow, away, or wants a fresh
access token, the frame goes out with a skeleton, and the browser asks for the body alone (`?fragment=1`), renewing
its session and trying again as needed. One template renders the body in both cases.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ui import errors
from ui.api import Api, Away, NotSignedIn, NotThere, Refused
from ui.session import api_cookies, here, perhaps_signed_in
from ui.settings import Settings

FLAG: Final = "fragment"

Answer = str | Response | tuple[str, int]


def wants_fragment() -> bool:
    """Whether the browser asks for the body alone."""
    return FLAG in request.args


def fetch(path: str, **query: str | int | None) -> dict[str, Any]:
    """The API's answer for the browser this request came from, waiting as long as this request may."""
    return _ask(path, api_cookies(), query)


def fetch_list(path: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a list of the API, for the browser this request came from."""
    api, patience = _api_and_patience()
    body = api.get_json(path, api_cookies(), patience)
    if not isinstance(body, list):
        raise Away("an answer that is no list")
    return [item for item in body if isinstance(item, dict)]


def fetch_for_anybody(path: str) -> dict[str, Any]:
    """The API's answer for somebody without an account, whatever cookies came with this request."""
    return _ask(path, {}, {})


def _ask(path: str, cookies: dict[str, str], query: dict[str, str | int | None]) -> dict[str, Any]:
    api, patience = _api_and_patience()
    return api.get(path, cookies, patience, **query)


def _api_and_patience() -> tuple[Api, float]:
    """Return the API's client, and how many seconds this request may wait for it."""
    settings: Settings = current_app.extensions["settings"]
    return current_app.extensions["api"], settings.api_timeout if wants_fragment() else settings.api_patience


def page(frame: str, body: str, read: Callable[[], dict[str, Any]], **known: Any) -> Answer:
    """The page made of the templates `frame` and `body`; `read` gets from the API what `body` shows.

    `known` is what both templates know without the API.
    """
    if wants_fragment():
        return _fragment(body, read, known)
    if not perhaps_signed_in():
        return redirect(url_for("account.login", next=here()))
    try:
        content = render_template(body, **known, **read())
    except (Away, NotSignedIn):
        content = None
    except NotThere:
        return render_template("not_found.html", of_user=True), 404
    except Refused as error:
        return render_template(
            frame, **known, content=render_template("refused.html", sentence=errors.text(error.error))
        ), 400
    return render_template(frame, **known, content=content)


def _fragment(body: str, read: Callable[[], dict[str, Any]], known: dict[str, Any]) -> Answer:
    g.fragment = True
    try:
        return render_template(body, **known, **read())
    except NotSignedIn:
        return "", 401
    except NotThere:
        return render_template("missing.html"), 404
    except Refused as error:
        return render_template("refused.html", sentence=errors.text(error.error)), 400
    except Away as error:
        current_app.logger.warning("api away", extra={"reason": str(error)})
        return render_template("away.html"), 503
