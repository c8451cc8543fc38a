"""Getting in and out, and the account itself. Forms are sent by the browser to the API; no password passes here."""

from flask import Blueprint, render_template, request

from ui.fragments import Answer, fetch, page
from ui.session import local_path

blueprint = Blueprint("account", __name__)


def _target() -> str:
    return local_path(request.args.get("next"), "/logs")


@blueprint.get("/login")
def login() -> str:
    """Log in, then go on to `next`."""
    return render_template("login.html", target=_target(), ended="ended" in request.args)


@blueprint.get("/register")
def register() -> str:
    """Make an account, then go on to `next`."""
    return render_template("register.html", target=_target())


@blueprint.get("/account")
def settings() -> Answer:
    """Who is signed in; language, theme, units; export and deletion."""
    return page("account.html", "account_who.html", lambda: {"who": fetch("/account")})
