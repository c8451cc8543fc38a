"""Why a fault misses the bar: printed beside what misses, and published with it."""

from typing import Final

WHY: Final[dict[str, str]] = {}


def why(fault: str) -> str:
    """Return the explanation, or say that there is none yet."""
    return WHY.get(fault, "Not explained yet.")
