"""Figures of an analysis these pages have no name for yet: shown from their first day, in the words of their model."""

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
"""Sections and figures that the pages show in another place, or of which they show what matters."""

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
"""The unit behind the last underscore of a field's name, as these pages write it."""


def unnamed(named: Collection[str]) -> Iterator[tuple[str, str, str, int]]:
    """Path, English name, unit and decimals of each number of the analysis that is not named or shown elsewhere."""
    for path, field, decimals in _numbers(Analysis, ""):
        if path not in named:
            unit = _UNITS.get(path.rsplit("_", 1)[-1], "")
            yield path, field.description or path.replace(".", " "), unit, decimals


def _numbers(model: type[BaseModel], above: str) -> Iterator[tuple[str, FieldInfo, int]]:
    for name, field in model.model_fields.items():
        path = above + name
        if path in ELSEWHERE:
            continue
        for kind in get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,):
            if kind in (int, float):
                yield path, field, 0 if kind is int else 2
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _numbers(kind, f"{path}.")
