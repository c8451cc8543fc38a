"""Two logs compared, or a car before and after work on it: what changed most, every figure, and overlaid plots."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, request

from faplog.contracts.comparison import MOST_LOGS
from faplog.contracts.errors import ErrorCode
from faplog.contracts.messages import AnalysisStatus
from ui import cars, changes, errors
from ui.api import NotFound, Refused, Unavailable
from ui.figures import GROUPS
from ui.fragments import Answer, fetch, page, wants_fragment
from ui.report import report

blueprint = Blueprint("compare", __name__)

MOST_CARS: Final = 5
"""Cars whose maintenance is offered for a comparison: each is a request to the API."""


def _id(name: str) -> str | None:
    try:
        return str(UUID(request.args.get(name, "")))
    except ValueError:
        return None


@blueprint.get("/compare")
def two() -> Answer:
    """Compare the logs `a` and `b` of the query, or the `car` before and after its `note`.

    Offers a choice for a missing log.
    """
    if "note" in request.args:
        return _around_note(_id("car"), _id("note"))
    first, second = _id("a"), _id("b")

    def read() -> dict[str, Any]:
        finished = AnalysisStatus.SUCCESS.value
        choice = fetch("/analyses", limit=100, sortBy="logDate", order="desc", status=finished, superseded="false")
        known: dict[str, Any] = {"choice": choice.get("data", [])}
        if not (first and second):
            return known | ({} if first or second else {"works": _works()})
        one, other = fetch(f"/analyses/{first}"), fetch(f"/analyses/{second}")
        known |= {"one": report(one), "other": report(other), "groups": _comparison(one, other)}
        return known | (_changes(first, second) if one.get("analysis") and other.get("analysis") else {})

    return page("compare.html", "compare_body.html", read, first=first, second=second)


def _works() -> list[dict[str, Any]]:
    """Return the works on the cars that can be compared, newest first, each with its `car_label`."""
    try:
        every = fetch("/cars").get("data", [])
    except NotFound:  # an API of the release before
        return []
    return [
        note | {"title": cars.kind(note.get("kind")), "car_label": cars.label(car, every) if len(every) > 1 else ""}
        for car in every[:MOST_CARS]
        for note in fetch(f"/cars/{car['id']}/notes").get("data", [])
        if cars.is_comparable(note)
    ]


def _changes(first: str, second: str) -> dict[str, Any]:
    """Return what changed most between two logs. The rest of the page does not need it."""
    if first == second:
        return _missing(ErrorCode.COMPARISON_SAME_LOG)
    try:
        return _template_variables(fetch("/comparison", before=first, after=second))
    except NotFound:  # an API of the release before, or one that cannot reach the function
        return _missing(ErrorCode.COMPARISON_NOT_OFFERED)
    except Unavailable:
        if not wants_fragment():  # the browser asks again, with more patience
            raise
        return _missing(ErrorCode.UNAVAILABLE)


def _missing(code: ErrorCode) -> dict[str, Any]:
    return {"changes": [], "changes_missing": errors.text({"code": code})}


def _template_variables(comparison: dict[str, Any]) -> dict[str, Any]:
    listed = changes.changes(comparison)
    return {
        "changes": listed,
        "changes_missing": errors.text({"code": ErrorCode.COMPARISON_LOG_WITHOUT_RESULT}),
        "changes_outcome": changes.outcome(listed),
        "judged": bool(comparison.get("enough")),
    }


def _around_note(car_id: str | None, note_id: str | None) -> Answer:
    def read() -> dict[str, Any]:
        every = fetch("/cars").get("data", [])
        car = next((one for one in every if one["id"] == car_id), None)
        if car is None:
            raise Refused({"code": ErrorCode.CAR_NOT_FOUND})
        notes = [one | {"title": cars.kind(one.get("kind"))} for one in fetch(f"/cars/{car_id}/notes").get("data", [])]
        note = next((one for one in notes if one["id"] == note_id), None)
        if note is None:
            raise Refused({"code": ErrorCode.NOTE_NOT_FOUND})
        if not cars.is_comparable(note):
            raise Refused({"code": ErrorCode.COMPARISON_NOTE_NOT_DONE})
        try:
            comparison = fetch(f"/cars/{car_id}/comparison", note=note_id)
        except NotFound:
            raise Refused({"code": ErrorCode.COMPARISON_NOT_OFFERED}) from None
        sides = {side: comparison.get(side) or {} for side in ("before", "after")}
        return _template_variables(comparison) | {
            "car": car,
            "car_label": cars.label(car, every),
            "note": note,
            "done": [one for one in notes if cars.is_comparable(one)],
            "few": changes.too_few(comparison),
            "both": all(side.get("logs") for side in sides.values()),
            **{name: changes.period(side) for name, side in sides.items()},
        }

    return page("compare_note.html", "compare_note_body.html", read, most_logs=MOST_LOGS)


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
