"""Login, registration and account. The browser sends the forms to the API; no password reaches the pages."""

from typing import Final

from flask import Blueprint, render_template, request

from ui.fragments import Answer, fetch, page
from ui.session import local_path

blueprint = Blueprint("account", __name__)

HOME: Final = "/logs"


def _target() -> str:
    """Return where to continue after login; never another login page."""
    target = local_path(request.args.get("next"), HOME)
    return HOME if target.startswith(("/login", "/register")) else target


@blueprint.get("/login")
def login() -> str:
    """Show the login form; after login the browser continues at `next`."""
    return render_template("login.html", target=_target(), ended="ended" in request.args, signed_in=False)


@blueprint.get("/register")
def register() -> str:
    """Show the registration form; afterwards the browser continues at `next`."""
    return render_template("register.html", target=_target(), signed_in=False)


@blueprint.get("/account")
def settings() -> Answer:
    """Show the account: e-mail address, language, theme, units, export and deletion."""
    return page("account.html", "account_email.html", lambda: {"who": fetch("/account")})
