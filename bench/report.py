"""The form of a measurement: its value, its limit, and the reference that it is compared with."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


class Reference(StrEnum):
    """Work that is no part of the product, measured beside it: a slower machine is slower at both."""

    READ_CSV = "read_csv"
    IMPORT_PANDAS = "import pandas"
    FLASK_REPLY = "Flask reply"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `holds` is None if there is no limit, or if the limit is a multiple of the reference.

    A value with a reference is in milliseconds, or a rate per second where more is better, and is compared as a
    multiple of it. A value without one does not depend on the machine's speed: a ratio, a size, a count.
    """

    name: str
    value: float
    bar: str | None = None
    holds: bool | None = None
    detail: str = ""
    reference: Reference | None = None
    more_is_better: bool = False
    limit: float | None = None
    """The bar as a multiple of the reference, which is only known when the section has been measured."""


def row(
    name: str,
    value: float,
    bar: float | None = None,
    *,
    at_most: bool = True,
    detail: str = "",
    reference: Reference | None = None,
) -> Row:
    """Return a measurement with its upper (or lower) limit, compared before the value is rounded.

    With a reference the limit is a multiple of it, since a time says nothing on another machine.
    """
    rounded = round(value, 2)
    if bar is None:
        return Row(name, rounded, detail=detail, reference=reference, more_is_better=not at_most)
    text = f"{'≤' if at_most else '≥'} {bar:g}"
    if reference is not None:
        return Row(name, rounded, f"{text} × {reference}", None, detail, reference, not at_most, bar)
    holds = value <= bar if at_most else value >= bar
    return Row(name, rounded, text, holds, detail, more_is_better=not at_most)
