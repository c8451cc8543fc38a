"""The words of a finding, as a good mechanic says them: what was seen, when, against which limit, what to do."""

from dataclasses import dataclass
from typing import Final

from faplog.contracts.limits import Bad, Bound, Code, Confidence, Limit, Severity


@dataclass(frozen=True, slots=True)
class Words:
    """For one code: what was seen (a sentence with `{value}`), and what to do at `watch` and at `act`."""

    seen: str
    watch: str
    act: str = ""


WORDS: Final[dict[Code, Words]] = {
    Code.IDLE_PRESSURE: Words(
        "At idle the filter held back {value} mbar on average",
        "Drive half an hour at a steady 80 km/h or more so that the filter can burn free, then log again. With the EGR "
        "shut a healthy filter reads twice as high at idle, so trust the restriction figure more than this one.",
        "Do not put it off: have the pressure lines and the sensor checked and the filter inspected. Do not force a "
        "regeneration on a filter that is nearly blocked.",
    ),
    Code.MAX_PRESSURE: Words(
        "Under load the pressure over the filter rose to {value} mbar",
        "Look whether it comes back on the next drives under the same load; if it does, the filter is getting full.",
        "The filter is close to blocked, or a pressure line is. Avoid full load and have it checked soon.",
    ),
    Code.PRESSURE_ENGINE_OFF: Words(
        "With the engine off, where next to nothing is right, the sensor read {value} mbar",
        "The sensor's zero has drifted a little, so every other pressure here reads too high by about as much.",
        "The sensor's zero is off or its hoses are blocked or wet. Check the hoses, then have the sensor renewed or "
        "its zero taught anew; until then no pressure in this log can be trusted.",
    ),
    Code.COOLANT_MAX: Words(
        "The coolant reached {value} °C",
        "Check the coolant level with the engine cold, and watch the gauge on long climbs.",
        "Stop and let it cool before driving on. Check coolant level, fan and thermostat.",
    ),
    Code.OIL_MAX: Words(
        "The oil reached {value} °C",
        "Check the oil level. After hard driving give the engine a few calm minutes before you stop it.",
        "Ease off at once when this shows while driving. Check oil level and cooling before the next long drive.",
    ),
    Code.ADDITIVE_REMAINING: Words(
        "The ECU reckons {value} ml of additive are left",
        "Plan a refill at the next service; the counter must be reset with it.",
        "Have the additive refilled now, and the counter reset: without it the filter cannot burn free.",
    ),
    Code.REGEN_INTERVAL: Words(
        "The last ten regenerations came {value} km apart on average",
        "Short trips alone can cause this. If your trips are long, look for a cause of extra soot: EGR, a leaking "
        "intake, injectors.",
        "The filter fills far too fast. Have EGR, intake, injectors and the ash load checked before more "
        "regenerations thin the oil.",
    ),
    Code.REGEN_DURATION: Words(
        "The longest regeneration took {value} minutes",
        "Stop-and-go makes it long. If it was an open road, watch the filter temperature of the next one.",
        "The filter did not get hot enough, or the additive is missing. Have both checked, and the oil for fuel in it.",
    ),
    Code.REGENS_ABORTED: Words(
        "Regenerations broken off in a row: {value}",
        "Next time it regenerates, keep driving until it is done: some fifteen minutes at a steady speed.",
        "Take one long drive now and let it finish. If it breaks off again by itself, have the ECU's faults read.",
    ),
    Code.OIL_DILUTION: Words(
        "The ECU reckons {value} % of fuel in the oil",
        "Check the dipstick: a rising level confirms it. Plan the oil change early, and avoid breaking off "
        "regenerations.",
        "Change the oil now: oil this thin no longer protects bearings and turbocharger.",
    ),
    Code.FILTER_LIFE_LEFT: Words(
        "The ECU extrapolates {value} km of life left for this filter",
        "Ask for the ash load at the next service. The figure is extrapolated and has been wrong both ways.",
    ),
    Code.BATTERY_BEFORE_START: Words(
        "Before the start, with the ignition on, the battery had {value} V",
        "Charge it over night, or take a longer drive, and look again.",
        "Charge it and have it tested: it may not start the engine in the cold, and a weak battery keeps a "
        "regeneration from starting.",
    ),
    Code.CHARGING_VOLTAGE: Words(
        "Over ten minutes of running the voltage was {value} V",
        "A smart alternator may rest for a while. Log a longer drive with the lights on and compare.",
        "Have alternator, belt and battery clamps checked before the next long drive.",
    ),
    Code.INJECTOR_CORRECTION: Words(
        "At warm idle injector {which} is corrected by a factor of {value}, the most of all",
        "Watch the trend over several logs: one that moves away from 1 is on its way out.",
        "Have the return flow of this injector measured before it harms the piston or the filter.",
    ),
    Code.INJECTOR_MEAN: Words(
        "At warm idle all injectors together are corrected by a factor of {value}",
        "Watch the trend. All moving together points to fuel, rail pressure or air metering, not to one injector.",
        "All injectors are corrected alike: have fuel quality, rail pressure and the air meter checked.",
    ),
    Code.RAIL_PRESSURE_IDLE: Words(
        "At idle the rail pressure was {value} bar off what was asked for",
        "If the engine runs rough or starts badly, begin with the fuel filter.",
    ),
    Code.BOOST_ERROR: Words(
        "Under lasting boost the pressure was {value} mbar off what was asked for",
        "If it pulls badly, look for a split hose or a sticking turbocharger vane first.",
    ),
    Code.FAULT_CODES: Words(
        "Fault codes stored in the ECU: {value}",
        "Read them out: they say more than any figure here.",
    ),
}

_SURE: Final = {
    Confidence.HIGH: "Sure: the log shows it directly.",
    Confidence.MEDIUM: "Fairly sure, as far as the sensor can be trusted.",
    Confidence.LOW: "Only a hint, no diagnosis.",
}

_BORDERS: Final = {
    Bad.AT_OR_ABOVE: "from {} {unit} up",
    Bad.ABOVE: "above {} {unit}",
    Bad.AT_OR_BELOW: "from {} {unit} down",
    Bad.BELOW: "below {} {unit}",
    Bad.OUTSIDE: "outside {} {unit}",
}


def text(limit: Limit, severity: Severity, value: float, which: str, when: str) -> str:
    """The finding in words."""
    seen = WORDS[limit.code].seen.format(value=_number(value), which=which)
    bound = limit.act if severity is Severity.ACT and limit.act is not None else limit.watch
    border = _border(limit, bound)
    judged = (
        f"That is fine; it becomes noticeable {border}." if severity is Severity.GOOD else f"The limit is {border}."
    )
    return f"{seen} ({when}). {judged} {_SURE[limit.confidence]}"


def advice(code: Code, severity: Severity) -> str | None:
    """What to do about it; nothing where all is well."""
    words = WORDS[code]
    return {Severity.WATCH: words.watch, Severity.ACT: words.act}.get(severity)


def _border(limit: Limit, bound: Bound) -> str:
    shown = f"{_number(bound[0])} to {_number(bound[1])}" if isinstance(bound, tuple) else _number(bound)
    unit = "" if limit.unit in {"ratio", "codes", "in a row"} else limit.unit
    return _BORDERS[limit.bad].format(shown, unit=unit).replace("  ", " ").strip()


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")
