"""Reads analyses of any version, or malformed ones, from plain JSON. Values that are missing or no number are None."""

from collections.abc import Iterable, Sequence
from math import fsum
from typing import Any, Final, NamedTuple

Json = dict[str, Any]

LARGEST: Final = 1e12
"""The largest credible figure. Products and sums of smaller ones stay finite."""

LEAST: Final = 1e-4
"""The smallest measured value above 0: weights are whole seconds and hundredths of a km."""

NO_PROFILE: Final = "unknown"

READ: Final = (
    "overall",
    "driving",
    "engine",
    "fap",
    "fapRegen",
    "fuelConsumption",
    "restriction",
    "sootRate_gl100km",
    "regens",
    "regens_total",
)
"""The sections an average is made of, besides the profile in `quality` and what `health` says at `act`."""

_NOTHING: Final[Json] = {}


class Log(NamedTuple):
    """One analysis with what it is sorted and grouped by."""

    date: str | None
    start: str
    id: str | None
    profile: str
    analysis: Json


def number(value: Any) -> int | float | None:
    """Return the value if it is a finite number of sane size, else None. A bool is no number."""
    if (type(value) is float or type(value) is int) and -LARGEST < value < LARGEST:
        return value
    return None


def positive(value: Any) -> int | float | None:
    """Return the value if it is a number well above 0, as a weight or divisor has to be, else None."""
    if (type(value) is float or type(value) is int) and LEAST < value < LARGEST:
        return value
    return None


def text(value: Any) -> str | None:
    """Return the value if it is text that Postgres takes, which is any without a NUL, else None."""
    return value if type(value) is str and "\x00" not in value else None


def section(tree: Any, *path: str) -> Json:
    """Return the object at a path, or an empty one."""
    for name in path:
        if type(tree) is not dict:
            return _NOTHING
        tree = tree.get(name)
    return tree if type(tree) is dict else _NOTHING


def logs(items: Iterable[Any]) -> list[Log]:
    """Return the analyses among the items: wrapped as in an `average.request`, or bare ones that have an `overall`."""
    usable = []
    for item in items:
        if type(item) is not dict:
            continue
        wrapped = item.get("analysis")
        if type(wrapped) is dict:
            usable.append(_log(wrapped, item))
        elif type(item.get("overall")) is dict and "analysis" not in item:
            usable.append(_log(item, _NOTHING))
    return usable


def driven_after(logs: Sequence[Log], index: int) -> float:
    """Return the km driven in the logs after this one."""
    distances = (number(section(log.analysis, "overall").get("distance_km")) for log in logs[index + 1 :])
    return fsum(distance for distance in distances if distance is not None)


def slim(item: Any) -> Any:
    """Return the item with its analysis reduced to what an average reads: 10,000 whole ones need too much memory."""
    if type(item) is not dict:
        return None
    analysis = item.get("analysis", item)
    if type(analysis) is not dict:
        return None
    kept = {name: analysis[name] for name in READ if name in analysis}
    if "health" in analysis:
        kept["health"] = _acts(section(analysis, "health"))
    kept["quality"] = {"profile": section(analysis, "quality").get("profile")}
    return {"analysisId": item.get("analysisId"), "logDate": item.get("logDate"), "analysis": kept}


def _acts(health: Json) -> Json:
    """Return a log's verdict and its findings at `act`; all of them together would be half of what is kept of a log."""
    listed = health.get("findings")
    acts = [one for one in listed if type(one) is dict and one.get("severity") == "act"] if type(listed) is list else []
    return {"verdict": health.get("verdict"), "findings": acts}


def _log(analysis: Json, item: Json) -> Log:
    when = section(analysis, "overall", "date")
    log_date = text(item.get("logDate"))
    return Log(
        text(when.get("date")) or (log_date[:10] if log_date else None),
        text(when.get("start")) or "",
        text(item.get("analysisId")),
        text(section(analysis, "quality").get("profile")) or NO_PROFILE,
        analysis,
    )
