"""One log: verdict, findings, gauges, plots, regenerations, drives, fuel, quality and raw figures."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from ui.fragments import Answer, fetch, page
from ui.report import report

blueprint = Blueprint("log", __name__)


@blueprint.get("/logs/<uuid:log_id>")
def one(log_id: UUID) -> Answer:
    """The report of one log; while it is being analysed, a page that waits for it; if it failed, why."""

    def read() -> dict[str, Any]:
        return report(fetch(f"/analyses/{log_id}"))

    return page("log.html", "log_body.html", read, log_id=str(log_id), api_base=f"/api/v1/analyses/{log_id}")
