"""The upload page. The browser sends the files directly to the API and stores those not sent yet."""

from flask import Blueprint, redirect, render_template, request, url_for

from ui.fragments import Answer
from ui.pages.trial import form_variables
from ui.session import here, perhaps_signed_in

blueprint = Blueprint("upload", __name__)


@blueprint.get("/upload")
def form() -> Answer:
    """Show the form, and the progress of each file."""
    if not perhaps_signed_in():
        return redirect(url_for("account.login", next=here()))
    return render_template("upload.html", share=request.args.get("share"), host=request.host, **form_variables())
