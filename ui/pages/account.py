"""Getting in and out, and the account itself. Forms are sent by the browser to the API; no password passes here."""

from typing import Final

from flask import Blueprint, render_template, request

from ui.fragments import Answer, fetch, page
from ui.session import local_path

blueprint = Blueprint("account", __name__)

HOME: Final = "/logs"


def _target() -> str:
    """Where to go on to: not to another entrance, for that would lead back here."""
    target = local_path(request.args.get("next"), HOME)
    return HOME if target.startswith(("/login", "/register")) else target


@blueprint.get("/login")
def login() -> str:
    """Log in, then go on to `next`."""
    return render_template("login.html", target=_target(), ended="ended" in request.args, signed_in=False)


@blueprint.get("/register")
def register() -> str:
    """Make an account, then go on to `next`."""
    return render_template("register.html", target=_target(), signed_in=False)


@blueprint.get("/account")
def settings() -> Answer:
    """Who is signed in; language, theme, units; export and deletion."""
    return page("account.html", "account_who.html", lambda: {"who": fetch("/account")})
