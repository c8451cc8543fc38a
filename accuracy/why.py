"""Why a fault misses the bar: printed beside what misses, and published with it."""

from typing import Final

WHY: Final[dict[str, str]] = {
    "filter temperature gives no value": "Only the pressure sensor is checked for readings without a value. The restriction "
    "is then left out, which the verdict does not mention. A rule for the temperature like pressure_unreadable would "
    "name it.",
    "filter temperature drifted": "No rule compares temperatures. After a night's rest the filter, the oil and the coolant "
    "are equally cold: a reading that is 30 °C off the others before a cold start would show it.",
    "pressure hose blocked": "A pressure that creeps five minutes behind still rises from town to country road as the flow "
    "does, and in some cars that is rank correlation enough. Healthy synthetic logs lie above 0.75, real ones above 0.8.",
}


def why(fault: str) -> str:
    """Return the explanation, or say that there is none yet."""
    return WHY.get(fault, "Not explained yet.")
