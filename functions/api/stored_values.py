"""Reading values in stored JSON of any shape: an analysis or average may be of another version, or malformed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)


def value_at(tree: object, *path: str) -> Any:
    """Return what is at a path of object keys, or None if it leads nowhere."""
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def number(value: object) -> float | None:
    """Return the value if it is a number, else None. A bool is no number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in a list; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def member(kind: type[E], value: object) -> E | None:
    """Return the member of an enumeration with this value, else None."""
    return kind(value) if isinstance(value, str) and value in set(kind) else None
