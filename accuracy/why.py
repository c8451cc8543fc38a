"""Explanations of the faults that miss the bar: printed beside them, and published with them."""

from typing import Final

WHY: Final[dict[str, str]] = {}
"""By the name of the fault, or `healthy`. None misses it at present."""


def why(fault: str) -> str:
    """Return the explanation, or say that there is none yet."""
    return WHY.get(fault, "Not explained yet.")
