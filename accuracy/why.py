"""Why a fault misses the bar: printed beside what misses, and published with it."""

from typing import Final

WHY: Final[dict[str, str]] = {
    "filter temperature gives no value": (
        "Only the pressure sensor is checked for readings without a value. Without the temperature there is no "
        "restriction, which the verdict does not mention. A rule like `pressure_unreadable` would name it."
    ),
    "filter temperature drifted": (
        "No rule compares temperatures. After a night's rest filter, oil and coolant are equally cold: one that is "
        "30 °C off the others before a cold start would show it."
    ),
    "rail pressure low": (
        "A drive with little idling has too few settled rows, and nothing is said; the next logs name it. The median "
        "over all idle rows would need no minimum."
    ),
}
"""By the name of the fault, or `healthy`."""


def why(fault: str) -> str:
    """Return the explanation, or say that there is none yet."""
    return WHY.get(fault, "Not explained yet.")
