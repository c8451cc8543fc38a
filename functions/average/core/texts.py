"""The sentences of a finding over many logs: what was seen, and what to do about it."""

from typing import Final

from faplog.contracts.limits import Code, Severity

_SEEN: Final[dict[Code, str]] = {
    Code.IDLE_PRESSURE: "At idle the filter held back {value:g} mbar, {median}.",
    Code.RESTRICTION_RISE: "Burned out, the filter resists the exhaust {value:.0f} % more than at first, over {logs}.",
    Code.REGEN_INTERVAL: "On average {value:.0f} km lie between regenerations, over {logs}.",
    Code.INTERVAL_DROP: "The last three regenerations came {value:.0f} % sooner than is usual for this car.",
    Code.REGENS_ABORTED: "Regenerations broken off in a row, up to the last one: {value:.0f}.",
    Code.OIL_DILUTION: "Fuel makes up {value:g} % of the oil, {median}.",
    Code.ADDITIVE_REMAINING: "{value:.0f} ml of additive remain, {median}.",
    Code.BATTERY_BEFORE_START: "Before the start the battery gave {value:g} V, {median}.",
}

_ADVICE: Final[dict[Code, tuple[str, str]]] = {
    Code.IDLE_PRESSURE: (
        "Idle pressure also rises with a hot filter and a shut EGR valve: look at the restriction before you worry.",
        "Let a workshop check the filter and the hoses of its pressure sensor soon.",
    ),
    Code.RESTRICTION_RISE: (
        "What a regeneration leaves behind is ash. Plan for a cleaned or a new filter, and watch how fast it goes on.",
        "What a regeneration leaves behind is ash. Have the filter cleaned or replaced.",
    ),
    Code.REGEN_INTERVAL: (
        "Short trips, a stuck EGR valve, tired injectors or a full filter shorten the interval. Drive longer stretches "
        "now and then; if that does not help, look for the cause.",
        "So many regenerations thin the oil and wear the filter. Have the cause found: injectors, EGR valve, sensor.",
    ),
    Code.INTERVAL_DROP: (
        "Something changed: more short trips, or more soot than before. Compare the months, then have injectors and "
        "EGR valve looked at.",
        "Something changed: have injectors and EGR valve looked at.",
    ),
    Code.REGENS_ABORTED: (
        "Do not stop the engine while it regenerates: give the next one a quarter of an hour above 60 km/h.",
        "Drive half an hour at steady speed until a regeneration ends. If it does not, let a workshop start one and "
        "find out why.",
    ),
    Code.OIL_DILUTION: (
        "Shorten the oil change interval, and avoid stopping in a regeneration.",
        "Change the oil now: thinned oil no longer protects the engine.",
    ),
    Code.ADDITIVE_REMAINING: (
        "Plan to have the additive tank filled at the next service.",
        "Have the additive tank filled before the car refuses to regenerate.",
    ),
    Code.BATTERY_BEFORE_START: (
        "Charge the battery, and have it tested before winter.",
        "Have the battery tested now: the car may not start, and a weak battery also prevents regenerations.",
    ),
}


def say(code: Code, severity: Severity, value: float, logs: int) -> tuple[str, str | None]:
    """What was seen, and the advice for it; no advice where nothing is wrong."""
    text = _SEEN[code].format(
        value=value,
        logs="one log" if logs == 1 else f"{logs} logs",
        median="in one log" if logs == 1 else f"the median of the last {logs} logs",
    )
    if severity is Severity.WATCH:
        return text, _ADVICE[code][0]
    return text, _ADVICE[code][1] if severity is Severity.ACT else None
