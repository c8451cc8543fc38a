"""Hand-made analyses: small literals, everything not given is null or absent."""

from typing import Any

Json = dict[str, Any]


def analysis(at: Json | None = None, *, date: str | None = "2025-03-14", profile: str = "DCM62v2", **top: Any) -> Json:
    """Return an analysis with values at dotted paths such as `{"fap.temp.avg_c": 200}`, and others by name."""
    made: Json = {"overall": {"date": {"date": date, "start": "07:41:03"}}, "quality": {"profile": profile}}
    for path, value in [*(at or {}).items(), *top.items()]:
        node = made
        *parents, leaf = path.split(".")
        for name in parents:
            node = node.setdefault(name, {})
        node[leaf] = value
    return made


def regen(**known: Any) -> Json:
    """Return an entry of `regens[]`."""
    return {"outcome": "complete", "interval_km": None} | known


def seconds(overall: float | None = 100, **states: float | None) -> Json:
    """Durations for `overall.duration`."""
    return {"overall_sec": overall, **states}
