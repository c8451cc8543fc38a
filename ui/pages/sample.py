"""The sample report: a synthetic drive that was analysed when the pages were built. Needs no account."""

from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Response, abort, render_template, send_from_directory

from ui import files
from ui.make_sample import FOLDER
from ui.report import report

blueprint = Blueprint("sample", __name__)


@cache
def exists() -> bool:
    """Return whether the sample has been built. If not, no page links to it."""
    return (FOLDER / "log.json").is_file()


@cache
def _log() -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((FOLDER / "log.json").read_bytes())
    return loaded


@blueprint.get("/sample")
def page() -> str:
    """Show the report as a user's own report would look."""
    if not exists():
        abort(404)
    return render_template("sample.html", api_base="/sample", log_id="sample", **report(_log()))


@blueprint.get("/sample/series")
def series() -> Response:
    """Return the plot series of the sample."""
    return files.send(FOLDER, "series.json")


@blueprint.get("/sample/file")
def file() -> Response:
    """Return the CSV file of the sample."""
    return send_from_directory(FOLDER, "log.csv", as_attachment=True, download_name=_log()["fileName"])
