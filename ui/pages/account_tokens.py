"""The list of API tokens on the account page. The browser creates and revokes them by the API itself."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, url_for

from faplog.contracts.api_tokens import MAX_NAME_CHARS
from ui.fragments import Answer, fetch, page, wants_fragment
from ui.units import parse_time

blueprint = Blueprint("account_tokens", __name__)


@blueprint.get("/account/tokens")
def tokens() -> Answer:
    """Show the list of API tokens. This is part of the account page, not a page of its own."""
    if not wants_fragment():
        return redirect(url_for("account.settings", _anchor="tokens"))

    def read() -> dict[str, Any]:
        now = datetime.now(UTC)
        return {"tokens": [one | {"expired": _has_expired(one, now)} for one in fetch("/account/tokens")["data"]]}

    return page("account.html", "account_tokens_list.html", read)


@blueprint.app_context_processor
def _of_the_dialog() -> dict[str, int]:
    """Return what the section of the account page needs besides the list."""
    return {"max_token_name": MAX_NAME_CHARS}


def _has_expired(token: dict[str, Any], now: datetime) -> bool:
    expires = parse_time(token.get("expiresAt"))
    return expires is not None and expires <= now
