"""Pages in two parts: a frame that is sent at once, and a body that needs the API.

If the API responds within `api_patience`, the body is sent with the frame. If it is slow, not available, or needs a
fresh access token, the frame is sent with a placeholder, and the browser requests the body alone (`?fragment=1`),
renews its session and tries again as needed. One template renders the body in both cases.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ui import errors
from ui.api import Api, NotFound, NotSignedIn, Refused, Unavailable
from ui.session import api_cookies, here, perhaps_signed_in
from ui.settings import Settings

FLAG: Final = "fragment"

Answer = str | Response | tuple[str, int]


def wants_fragment() -> bool:
    """Return whether the browser requests the body alone."""
    return FLAG in request.args


def fetch(path: str, **query: str | int | None) -> dict[str, Any]:
    """Return the API's response for the current user, within the time limit of this request."""
    api, patience = _api_and_patience()
    return api.get(path, api_cookies(), patience, **query)


def fetch_list(path: str, **query: str | int | None) -> list[dict[str, Any]]:
    """Return the JSON objects of a list of the API, for the browser this request came from."""
    api, patience = _api_and_patience()
    body = api.get_json(path, api_cookies(), patience, **query)
    if not isinstance(body, list):
        raise Unavailable("an answer that is no list")
    return [item for item in body if isinstance(item, dict)]


def fetch_anonymously(path: str) -> dict[str, Any]:
    """Return the API's response to a request without cookies."""
    api, patience = _api_and_patience()
    return api.get(path, {}, patience)


def fetch_by_link(path: str, token: str) -> dict[str, Any]:
    """Return the API's response to the holder of a link, without cookies."""
    api, patience = _api_and_patience()
    return api.get_by_link(path, token, patience)


def _api_and_patience() -> tuple[Api, float]:
    """Return the API's client, and how many seconds this request may wait for it."""
    settings: Settings = current_app.extensions["settings"]
    return current_app.extensions["api"], settings.api_timeout if wants_fragment() else settings.api_patience


def page(frame: str, body: str, read: Callable[[], dict[str, Any]], **known: Any) -> Answer:
    """Render the page made of two templates.

    Args:
        frame: Template of the whole page.
        body: Template of the part that needs the API.
        read: Gets the variables of `body` from the API.
        known: Variables of both templates that do not need the API.
    """
    if wants_fragment():
        return _fragment(body, read, known)
    if not perhaps_signed_in():
        return redirect(url_for("account.login", next=here()))
    try:
        content = render_template(body, **known, **read())
    except (Unavailable, NotSignedIn):
        content = None
    except NotFound:
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
    except NotFound:
        return render_template("missing.html"), 404
    except Refused as error:
        return render_template("refused.html", sentence=errors.text(error.error)), 400
    except Unavailable as error:
        current_app.logger.warning("api unavailable", extra={"reason": str(error)})
        return render_template("away.html"), 503
