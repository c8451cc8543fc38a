"""Labels for figures that the pages have no translated name for: the English descriptions of the models.

A figure that is added to the analysis is shown at once this way.
"""

from collections.abc import Collection, Iterator
from types import UnionType
from typing import Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from faplog.contracts.analysis import Analysis

ELSEWHERE: Final = frozenset(
    {
        *("nextRegen", "quality", "drives_total", "regens_total", "restriction.n", "restriction.n_after"),
        *("fapRegen.speed", "fapRegen.revs", "fapRegen.fapTemp", "fapRegen.fapPressure", "fapRegen.fapSoot"),
    }
)
"""Sections and figures that the pages show elsewhere, or only in part."""

_UNITS: Final = {
    "c": "°C",
    "gl": "g/l",
    "gl100km": "g/l/100km",
    "gram": "g",
    "kmh": "km/h",
    "l100km": "l/100km",
    "perc": "%",
    "sec": "s",
    "v": "V",
} | {unit: unit for unit in ("bar", "g", "km", "l", "mbar", "ml")}
"""Displayed units by the suffix of a field name."""


def fallback_labels(labelled: Collection[str]) -> Iterator[tuple[str, str, str, int]]:
    """Yield path, English label, unit and decimals of each number that is not in `labelled` and not shown elsewhere."""
    for path, field, decimals in _numeric_fields(Analysis, ""):
        if path not in labelled:
            unit = _UNITS.get(path.rsplit("_", 1)[-1], "")
            yield path, field.description or path.replace(".", " "), unit, decimals


def _numeric_fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo, int]]:
    for name, field in model.model_fields.items():
        path = prefix + name
        if path in ELSEWHERE:
            continue
        for kind in get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,):
            if kind in (int, float):
                yield path, field, 0 if kind is int else 2
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _numeric_fields(kind, f"{path}.")
