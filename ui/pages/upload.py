"""The upload page. The browser sends the files directly to the API and stores those not sent yet."""

from flask import Blueprint, redirect, render_template, url_for

from faplog.contracts.log_rules import MAX_LOG_BYTES, MAX_LOG_MB
from ui import errors
from ui.fragments import Answer
from ui.session import here, perhaps_signed_in

blueprint = Blueprint("upload", __name__)


@blueprint.get("/upload")
def form() -> Answer:
    """Show the form, and the progress of each file."""
    if not perhaps_signed_in():
        return redirect(url_for("account.login", next=here()))
    return render_template(
        "upload.html",
        sends_files=True,
        max_mb=MAX_LOG_MB,
        max_bytes=MAX_LOG_BYTES,
        may_help_to_repeat=errors.may_help_to_repeat(),
    )
