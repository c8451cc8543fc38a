"""What is stored, where and how long, and who runs this instance."""

from flask import Blueprint, render_template

from ui.pages.instance import instance

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/privacy")
def show() -> str:
    """Show the privacy page; without the API it leaves out the operator and the numbers of days."""
    return render_template("privacy.html", instance=instance())
