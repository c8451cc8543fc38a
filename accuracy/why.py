"""Explanations of the faults that miss the bar: printed beside them, and published with them."""

from typing import Final

WHY: Final[dict[str, str]] = {
    "thermostat stuck open": "Its coolant goes up and down with the load and rises by 3 °C in the last minute. The "
    "rule leaves such a log in peace: a healthy engine that still warms up on a cold morning ends the same way. The "
    "car's next log names the fault.",
}
"""By the name of the fault, or `healthy`."""


def why(fault: str) -> str:
    """Return the explanation, or say that there is none yet."""
    return WHY.get(fault, "Not explained yet.")
