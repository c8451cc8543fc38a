"""Login, registration, forgotten passwords and account.

The browser sends the forms to the API. No password reaches the pages, and no token of a link: it is in the fragment of
the address, which browsers keep to themselves.
"""

from typing import Final

from flask import Blueprint, render_template, request

from ui.fragments import Answer, page
from ui.pages import account_sections
from ui.pages.instance import instance
from ui.session import local_path

blueprint = Blueprint("account", __name__)

HOME: Final = "/logs"


def _target() -> str:
    """Return where to continue after login; never another login page."""
    target = local_path(request.args.get("next"), HOME)
    return HOME if target.startswith(("/login", "/register", "/forgot", "/reset")) else target


@blueprint.get("/login")
def login() -> str:
    """Show the login form; after login the browser continues at `next`."""
    return render_template(
        "login.html",
        target=_target(),
        ended="ended" in request.args,
        changed="changed" in request.args,
        signed_in=False,
    )


@blueprint.get("/register")
def register() -> str:
    """Show the registration form; afterwards the browser continues at `next`."""
    return render_template("register.html", target=_target(), instance=instance(), signed_in=False)


@blueprint.get("/forgot")
def forgot() -> str:
    """Show the form that asks for a link to set a new password, or who to ask where no mail is sent."""
    return render_template("forgot.html", instance=instance(), signed_in=False)


@blueprint.get("/reset")
def reset() -> str:
    """Show the form that sets a new password with the token in the fragment of the address."""
    return render_template("reset.html", signed_in=False)


@blueprint.get("/account")
def settings() -> Answer:
    """Show the account in sections; those that need the API are in the body."""
    return page("account.html", "account_body.html", account_sections.read)
