"""Two logs compared: every figure with its difference, and overlaid plots."""

from typing import Any
from uuid import UUID

from flask import Blueprint, request

from faplog.contracts.messages import AnalysisStatus
from ui.figures import GROUPS
from ui.fragments import Answer, fetch, page
from ui.report import report

blueprint = Blueprint("compare", __name__)


def _log_id(name: str) -> str | None:
    try:
        return str(UUID(request.args.get(name, "")))
    except ValueError:
        return None


@blueprint.get("/compare")
def two() -> Answer:
    """Compare the logs `a` and `b` of the query; offer a choice for a missing one."""
    first, second = _log_id("a"), _log_id("b")

    def read() -> dict[str, Any]:
        finished = AnalysisStatus.SUCCESS.value
        choice = fetch("/analyses", limit=100, sortBy="logDate", order="desc", status=finished, superseded="false")
        known: dict[str, Any] = {"choice": choice.get("data", [])}
        if not (first and second):
            return known
        one, other = fetch(f"/analyses/{first}"), fetch(f"/analyses/{second}")
        return known | {"one": report(one), "other": report(other), "groups": _comparison(one, other)}

    return page("compare.html", "compare_body.html", read, first=first, second=second)


def _comparison(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[Any, list[tuple[Any, Any, Any]]]]:
    a, b = one.get("analysis"), other.get("analysis")
    return [
        (group.name, rows)
        for group in GROUPS
        if (
            rows := [
                (figure, figure.of(a), figure.of(b))
                for figure in group.figures
                if figure.of(a) is not None or figure.of(b) is not None
            ]
        )
    ]
