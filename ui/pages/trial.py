"""A log without an account: the page that sends it to the API, and its report. The pages keep nothing of it."""

from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from faplog.contracts.analysis import Analysis
from faplog.contracts.log_rules import MAX_LOG_BYTES, MAX_LOG_MB
from faplog.contracts.messages import AnalysisStatus
from ui import errors
from ui.pages.instance import instance
from ui.report import report
from ui.session import perhaps_signed_in

blueprint = Blueprint("trial", __name__)

MAX_BODY_BYTES: Final = 4 * 1024 * 1024


class _Answer(BaseModel):
    """What the API answered, without the series, and the name of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    file_name: str = Field(min_length=1, max_length=255)
    analysis: Analysis


def form_variables() -> dict[str, Any]:
    """Return the variables of the form, for each page that has one."""
    return {
        "sends_files": True,
        "max_mb": MAX_LOG_MB,
        "max_bytes": MAX_LOG_BYTES,
        "may_help_to_repeat": errors.may_help_to_repeat(),
    }


@blueprint.get("/try")
def page() -> str:
    """Show the form, and in its place the report of the file that was chosen."""
    return render_template("try.html", **form_variables())


@blueprint.post("/try/report")
def rendered() -> tuple[str, int] | Response | str:
    """Return the report of an analysis that the browser got from the API.

    Only scripts of these pages can ask: a form of another site cannot send JSON.
    """
    request.max_content_length = MAX_BODY_BYTES
    if not request.is_json:
        return _("This page is out of date. Reload it and try again."), 415
    try:
        answer = _Answer.model_validate_json(request.get_data())
    except ValidationError:
        return _("This page is out of date. Reload it and try again."), 400
    analysis = answer.analysis.model_dump(mode="json", by_alias=True)
    log = {"fileName": answer.file_name, "status": AnalysisStatus.SUCCESS, "analysis": analysis}
    known = {"api_base": "", "log_id": None, "shared": True, "keep_at": _where_to_keep()}
    return render_template("tried.html", **known, **report(log))


def _where_to_keep() -> str:
    """Return the page that takes the file into an account: the login where new accounts need an invite."""
    upload = url_for("upload.form")
    if perhaps_signed_in():
        return upload
    closed = instance().get("registration") in ("invite", "closed")
    return url_for("account.login" if closed else "account.register", next=upload)
