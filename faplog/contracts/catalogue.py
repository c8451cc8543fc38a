"""The words of every finding, written once: title, what was seen, advice, urgency and the plot that shows it.

English is the source. The API and the command line print these sentences, the average adds over how many logs it
looked, and the pages translate them: each sentence is a message of their catalogs.

`{value}` stands for a value with its unit, `{which}` for the names of sensors or injectors.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from faplog.contracts.limits import (
    COUNTS,
    DECIMALS,
    HOSES_SWAPPED_BELOW,
    LIMITS,
    Bad,
    Bound,
    Code,
    Confidence,
    Limit,
    Severity,
)


class Urgency(StrEnum):
    """Whether one may drive on with a finding that says `act`."""

    PLAN = "plan"
    WORKSHOP_SOON = "workshop_soon"
    WORKSHOP_GENTLY = "workshop_gently"
    STOP_NOW = "stop_now"


URGENCIES: Final[dict[Urgency, str]] = {
    Urgency.PLAN: "You can drive on. Plan this for one of the next weeks.",
    Urgency.WORKSHOP_SOON: "You can drive on. Have it checked within the next days.",
    Urgency.WORKSHOP_GENTLY: "Drive gently, without full load, and have it checked as soon as possible.",
    Urgency.STOP_NOW: "Do not drive on while this lasts: stop safely and switch the engine off.",
}
"""From harmless to urgent."""

VERDICTS: Final[dict[Severity, str]] = {
    Severity.GOOD: "All good",
    Severity.WATCH: "Keep an eye on it",
    Severity.ACT: "Do something about it",
    Severity.UNKNOWN: "Not enough data for a verdict",
}

CONFIDENCES: Final[dict[Confidence, str]] = {
    Confidence.HIGH: "High confidence",
    Confidence.MEDIUM: "Medium confidence",
    Confidence.LOW: "Low confidence: an indication, not a diagnosis",
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words for one code.

    Attributes:
        title: What is checked.
        seen: What was seen, with `{value}`.
        watch: Advice at `watch`.
        act: Advice at `act`; empty where the limit has no such step.
        urgency: Whether one may drive on, at `act`.
        channel: The channel of the plot that shows it.
        part: How one of several alike is named, with `{which}`.
    """

    title: str
    seen: str
    watch: str = ""
    act: str = ""
    urgency: Urgency | None = None
    channel: str | None = None
    part: str = ""


WORDS: Final[dict[Code, Words]] = {
    Code.PRESSURE_NOT_FOLLOWING_FLOW: Words(
        title="Pressure sensor against exhaust flow",
        seen="Correlation of the pressure with the exhaust flow: {value}",
        watch="The pressure follows the exhaust flow only loosely: a hose of the sensor may be partly blocked. Log "
        "another drive of half an hour, and have the hoses checked if it shows the same.",
        act="The filter cannot be judged until the pressure sensor works: its pressure does not follow the exhaust "
        "flow. The sensor is stuck, or its hoses are blocked or off. Have both checked.",
        urgency=Urgency.WORKSHOP_SOON,
        channel="pressure",
    ),
    Code.PRESSURE_UNREADABLE: Words(
        title="Unusable pressure readings",
        seen="Pressure readings without a usable value: {value}",
        watch="The pressure sensor sometimes sends nothing usable. If this becomes more frequent, have its plug and "
        "wiring checked.",
        act="The filter cannot be judged until the pressure sensor sends usable values. Have the sensor, its plug and "
        "its hoses checked.",
        urgency=Urgency.WORKSHOP_SOON,
        channel="pressure",
    ),
    Code.SENSOR_UNREADABLE: Words(
        title="Sensor without a usable value",
        seen="Up to {value} of the readings had no usable value: {which}",
        watch="The sensor or its wiring is probably faulty, or the ECU does not support this value. Figures that need "
        "it are missing, or rest on the other readings. If other logs of this car do have the value, have sensor and "
        "plug checked.",
    ),
    Code.SENSOR_STUCK: Words(
        title="Stuck sensor",
        seen="No change for {value} while the engine was working: {which}",
        watch="The sensor or its wiring is probably faulty. Everything that needs it is left out of this report. Have "
        "it checked.",
    ),
    Code.COLD_START_MISMATCH: Words(
        title="Temperatures before a cold start",
        seen="Before a cold start, when all temperatures should be alike, one sensor was {value} off the others: "
        "{which}",
        watch="This sensor probably reads wrong values. Everything that needs it is left out of this report. Compare "
        "it again after a night's rest; if it is still off, have it checked.",
    ),
    Code.RESTRICTION_LOW: Words(
        title="Filter restriction, lower limit",
        seen="The restriction of the filter is {value}",
        act="The filter resists the exhaust far too little: it is missing or broken, or a pressure hose is off. The "
        "filter cannot be judged until the cause is found. Have filter and hoses checked.",
        urgency=Urgency.WORKSHOP_SOON,
        channel="pressure",
    ),
    Code.RESTRICTION_HIGH: Words(
        title="Filter restriction",
        seen="The restriction of the filter is {value}",
        watch="The filter is filling up. Drive half an hour at a steady 80 km/h or more so that it can regenerate, and "
        "compare afterwards.",
        act="The filter is close to blocked, with soot or with ash. Have it checked before anything else; do not force "
        "a regeneration before that.",
        urgency=Urgency.WORKSHOP_GENTLY,
        channel="pressure",
    ),
    Code.NEVER_WARM: Words(
        title="Coolant temperature after 20 minutes",
        seen="In at least 20 minutes of running the coolant reached {value}",
        watch="The thermostat probably stays open. Have it checked: a cold engine uses more fuel, and the ECU may "
        "refuse to regenerate.",
        channel="coolant",
    ),
    Code.ASH_SHARE: Words(
        title="Ash in the filter",
        seen="According to the ECU the filter holds {value} of the ash it can take",
        watch="Ask a workshop about cleaning or replacing the filter, and compare with the restriction: the ECU "
        "calculates this value, it does not measure it.",
    ),
    Code.REGENS_ABORTED_SHARE: Words(
        title="Share of interrupted regenerations",
        seen="{value} of the last regenerations were interrupted",
        watch="Give regenerations the time they need: 15 to 20 minutes at a steady speed, without switching the engine "
        "off.",
        act="Most regenerations are interrupted, so soot stays in the filter and fuel gets into the oil. Let the next "
        "one finish on a long drive and check the oil level. If it stops by itself, have the cause found.",
        urgency=Urgency.WORKSHOP_SOON,
    ),
    Code.IDLE_PRESSURE: Words(
        title="Back pressure at idle",
        seen="At idle the back pressure of the filter was {value} on average",
        watch="Drive half an hour at a steady 80 km/h or more so that the filter can regenerate, then log again. With "
        "the EGR valve closed a healthy filter reads twice as high at idle, so trust the restriction more than this "
        "value.",
        act="Do not put it off: have the pressure lines, the sensor and the filter checked. Do not force a "
        "regeneration on a filter that is nearly blocked.",
        urgency=Urgency.WORKSHOP_GENTLY,
        channel="pressure",
    ),
    Code.MAX_PRESSURE: Words(
        title="Highest back pressure",
        seen="Under load the back pressure of the filter rose to {value}",
        watch="Check whether it comes back on the next drives under the same load. If it does, the filter is getting "
        "full.",
        act="The filter or a pressure line is close to blocked. Avoid full load and have it checked soon.",
        urgency=Urgency.WORKSHOP_GENTLY,
        channel="pressure",
    ),
    Code.PRESSURE_ENGINE_OFF: Words(
        title="Pressure with the engine off",
        seen="With the engine off the pressure sensor read {value}; it should read almost zero",
        watch="The zero of the sensor has drifted a little: every other pressure here is off by about as much.",
        act="The zero of the sensor is off, or its hoses are blocked or wet. Have the hoses checked, then the sensor "
        "replaced or its zero taught in again. Until then no pressure in this log can be trusted.",
        urgency=Urgency.WORKSHOP_SOON,
        channel="pressure",
    ),
    Code.COOLANT_MAX: Words(
        title="Highest coolant temperature",
        seen="The coolant reached {value}",
        watch="Check the coolant level with the engine cold, and watch the gauge on long climbs.",
        act="Stop and let the engine cool before you drive on. Have coolant level, fan, water pump and thermostat "
        "checked.",
        urgency=Urgency.STOP_NOW,
        channel="coolant",
    ),
    Code.OIL_MAX: Words(
        title="Highest oil temperature",
        seen="The oil reached {value}",
        watch="Check the oil level. After hard driving let the engine idle for a few minutes before you switch it off.",
        act="Stop and let the engine cool before you drive on. Check the oil level, and have the cooling checked "
        "before the next long drive.",
        urgency=Urgency.STOP_NOW,
        channel="oil",
    ),
    Code.ADDITIVE_REMAINING: Words(
        title="Additive left",
        seen="According to the ECU {value} of additive are left",
        watch="Plan a refill at the next service, and have the counter reset with it.",
        act="Have the additive refilled now and the counter reset: without additive the filter cannot regenerate.",
        urgency=Urgency.WORKSHOP_SOON,
    ),
    Code.REGEN_INTERVAL: Words(
        title="Distance between regenerations",
        seen="The last regenerations were {value} apart on average",
        watch="Short trips alone can cause this. If your trips are long, look for a cause of extra soot: EGR valve, a "
        "leaking intake, injectors.",
        act="The filter fills far too fast. Have EGR valve, intake, injectors and the ash load checked before more "
        "regenerations thin the oil.",
        urgency=Urgency.WORKSHOP_SOON,
    ),
    Code.REGEN_DURATION: Words(
        title="Longest regeneration",
        seen="The longest regeneration took {value}",
        watch="Stop-and-go traffic makes it long. If the road was open, watch the filter temperature in the next one.",
        act="The filter did not get hot enough, or the additive is missing. Have both checked, and the oil for fuel in "
        "it.",
        urgency=Urgency.WORKSHOP_SOON,
        channel="temp",
    ),
    Code.REGENS_ABORTED: Words(
        title="Interrupted regenerations in a row",
        seen="Regenerations interrupted in a row: {value}",
        watch="At the next regeneration keep driving until it is complete: 15 to 20 minutes at a steady speed.",
        act="Take one long drive now and let a regeneration finish. If it stops again by itself, have the fault codes "
        "of the ECU read.",
        urgency=Urgency.WORKSHOP_SOON,
        channel="soot",
    ),
    Code.OIL_DILUTION: Words(
        title="Fuel in the oil",
        seen="According to the ECU the oil contains {value} of fuel",
        watch="Check the dipstick: a rising level confirms it. Plan the oil change early and let regenerations finish.",
        act="Change the oil now: oil this thin no longer protects bearings and turbocharger.",
        urgency=Urgency.WORKSHOP_GENTLY,
    ),
    Code.FILTER_LIFE_LEFT: Words(
        title="Filter life left",
        seen="The ECU extrapolates {value} of life left for this filter",
        watch="Ask for the ash load at the next service. The value is extrapolated and has been wrong both ways.",
    ),
    Code.BATTERY_BEFORE_START: Words(
        title="Battery before the start",
        seen="Before the start, with the ignition on, the battery had {value}",
        watch="Charge it overnight or take a longer drive, and check again.",
        act="Charge the battery and have it tested: it may not start the engine in the cold, and a weak battery can "
        "prevent regenerations.",
        urgency=Urgency.PLAN,
    ),
    Code.CHARGING_VOLTAGE: Words(
        title="Charging voltage",
        seen="Over ten minutes of running the voltage was {value}",
        watch="A smart alternator may pause for a while. Log a longer drive with the lights on and compare.",
        act="Have alternator, belt and battery clamps checked before the next long drive.",
        urgency=Urgency.WORKSHOP_SOON,
    ),
    Code.INJECTOR_CORRECTION: Words(
        title="Injector correction",
        seen="At warm idle the largest correction is a factor of {value}, at injector {which}",
        watch="Follow it over several logs: an injector whose correction moves away from 1 is wearing out.",
        act="Have the return flow of this injector measured before it harms the piston or the filter.",
        urgency=Urgency.WORKSHOP_SOON,
        part="Injector {which}",
    ),
    Code.INJECTOR_MEAN: Words(
        title="Injector correction, mean of all",
        seen="At warm idle all injectors together are corrected by a factor of {value}",
        watch="Follow it over several logs. All of them moving together points to fuel, rail pressure or air metering, "
        "not to one injector.",
        act="All injectors are corrected alike: have fuel quality, rail pressure and the air mass meter checked.",
        urgency=Urgency.WORKSHOP_SOON,
    ),
    Code.RAIL_PRESSURE_IDLE: Words(
        title="Rail pressure at idle, off its target",
        seen="At idle the rail pressure was {value} off its target",
        watch="If the engine runs roughly or starts badly, begin with the fuel filter.",
        channel="rail",
    ),
    Code.BOOST_ERROR: Words(
        title="Boost pressure, off its target",
        seen="Under boost the pressure was on average {value} off its target",
        watch="If the engine pulls badly, look first for a split hose or a sticking turbocharger vane.",
        channel="boost",
    ),
    Code.EGR_ERROR: Words(
        title="EGR valve, off its target",
        seen="The position of the EGR valve was {value} off its target",
        watch="The valve may stick: soot builds up on it, and a valve that stays open makes the filter fill faster. If "
        "other logs show the same, have the valve cleaned or checked.",
        channel="egr",
    ),
    Code.FAULT_CODES: Words(
        title="Stored fault codes",
        seen="Fault codes stored in the ECU: {value}",
        watch="Have them read, with the app or at a workshop: they say more than any figure here.",
    ),
    Code.INTERVAL_DROP: Words(
        title="Regenerations closer together than before",
        seen="The last three regenerations came {value} sooner than is usual for this car",
        watch="Something has changed: more short trips, or more soot than before. Compare the months; if the trips are "
        "the same, have injectors and EGR valve checked.",
    ),
    Code.RESTRICTION_RISE: Words(
        title="Filter restriction rising",
        seen="After regenerations the filter resists the exhaust {value} more than at first",
        watch="What a regeneration leaves behind is ash. Plan to have the filter cleaned or replaced, and watch how "
        "fast the restriction rises.",
        act="What a regeneration leaves behind is ash, and there is much more of it. Have the filter measured, then "
        "cleaned or replaced.",
        urgency=Urgency.PLAN,
    ),
}

HOSES_SWAPPED: Final = replace(
    WORDS[Code.PRESSURE_NOT_FOLLOWING_FLOW],
    act="The filter cannot be judged until the hoses of the pressure sensor are connected the right way round: the "
    "pressure falls when the exhaust flow rises, so they are swapped. Have them checked.",
)
"""The words for a pressure that falls with the flow."""


class NoteCode(StrEnum):
    """What a note is about: something worth knowing that is no finding."""

    ENGINE_NOT_WARM = "engine_not_warm"
    REGENERATION_DUE = "regeneration_due"


NOTES: Final[dict[NoteCode, str]] = {
    NoteCode.ENGINE_NOT_WARM: "The engine did not get warm: the coolant reached {value} at most. Back pressure "
    "and fuel economy of a cold engine say little.",
    NoteCode.REGENERATION_DUE: "A regeneration is due in about {value}. It needs 15 to 20 minutes of steady driving.",
}

NOTE_UNITS: Final[dict[NoteCode, str]] = {NoteCode.ENGINE_NOT_WARM: "°C", NoteCode.REGENERATION_DUE: "km"}

REGENERATION_DUE_NOW: Final = "A regeneration is due at any moment. It needs 15 to 20 minutes of steady driving."

OUTSIDE: Final = "Outside the limits: {list}"
"""Sentence for injectors, where more than one is outside its limits."""

NEVER_RAN: Final = "The engine never ran in this log. Upload one of a drive to learn more."
ENGINE_UNREAD: Final = "The engine speed was never read, so this log does not tell whether the engine ran."
PRESSURE_UNREAD: Final = "The pressure of the filter was never read, and without it the filter cannot be judged."

MEANINGS: Final[dict[Severity, str]] = {
    Severity.GOOD: "Nothing in this log needs attention.",
    Severity.WATCH: "The car can be driven as usual. Something is worth watching.",
    Severity.ACT: "Something is outside its limits and needs attention soon.",
    Severity.UNKNOWN: "The engine ran for less than five minutes. A longer drive says more.",
}
"""What the verdict over one log means; `UNKNOWN` where the sentences above do not give the reason."""


def words(code: Code, value: float | None = None) -> Words:
    """Return the words for a code; for one value of it they differ: swapped hoses."""
    if code is Code.PRESSURE_NOT_FOLLOWING_FLOW and value is not None and value < HOSES_SWAPPED_BELOW:
        return HOSES_SWAPPED
    return WORDS[code]


def advice(code: Code, severity: Severity, value: float | None = None) -> str | None:
    """Return what to do about a finding; None where nothing is to be done."""
    entry = words(code, value)
    return {Severity.WATCH: entry.watch, Severity.ACT: entry.act}.get(severity) or None


def note(code: NoteCode, value: float) -> str:
    """Return the sentence of a note, with `{value}` to be filled in."""
    return REGENERATION_DUE_NOW if code is NoteCode.REGENERATION_DUE and round(value) <= 0 else NOTES[code]


def note_text(code: NoteCode, value: float) -> str:
    """Return a note as an English sentence."""
    return note(code, value).format(value=quantity(value, NOTE_UNITS[code]))


def urgency(code: Code, severity: Severity) -> Urgency | None:
    """Return whether one may drive on with a finding; None below `act`."""
    return words(code).urgency if severity is Severity.ACT else None


def most_urgent(urgencies: Iterable[Urgency | None]) -> Urgency | None:
    """Return the most urgent; None where there is none."""
    known = [one for one in urgencies if one is not None]
    return max(known, key=list(URGENCIES).index, default=None)


def sentences() -> Iterator[str]:
    """Yield every English sentence that pages translate."""
    for entry in (*WORDS.values(), HOSES_SWAPPED):
        yield from filter(None, (entry.title, entry.seen, entry.watch, entry.act, entry.part))
    for table in (VERDICTS, MEANINGS, URGENCIES, CONFIDENCES, NOTES):
        yield from table.values()
    yield from (NEVER_RAN, ENGINE_UNREAD, PRESSURE_UNREAD, REGENERATION_DUE_NOW, OUTSIDE)


_BORDERS: Final = {
    Bad.AT_OR_ABOVE: "{} or more",
    Bad.ABOVE: "above {}",
    Bad.AT_OR_BELOW: "{} or less",
    Bad.BELOW: "below {}",
    Bad.OUTSIDE: "outside {}",
}


class Named(NamedTuple):
    """One of several sensors or injectors, and its value."""

    name: str
    value: float


def text(code: Code, severity: Severity, value: float, how: str, which: Sequence[Named] = ()) -> str:
    """Return a finding as English sentences: what was seen, against which limit, and how sure it is.

    Args:
        code: What the finding is about.
        severity: How it was judged.
        value: The value, in the unit of the limit.
        how: When it was seen, or over how many logs.
        which: The sensors or injectors it is about, the worst first.
    """
    limit = LIMITS[code]
    entry = words(code, value)
    seen = entry.seen.format(value=quantity(value, limit.unit), which=names(entry, which))
    bound = limit.act if severity is Severity.ACT and limit.act is not None else limit.watch
    border = _border(limit, bound)
    judged = f"The limit is {border}."
    if severity is Severity.GOOD:
        near = ", but close to the limit" if limit.near(value) else ""
        judged = f"This is fine{near}; the limit is {border}."
    if entry.part and len(which) > 1:
        parts = (f"{entry.part.format(which=one.name)}: {quantity(one.value, limit.unit)}" for one in which)
        judged += f" {OUTSIDE.format(list=', '.join(parts))}."
    return f"{seen} ({how}). {judged} {CONFIDENCES[limit.confidence]}."


def names(entry: Words, which: Sequence[Named]) -> str:
    """Return what `{which}` stands for: the worst of several alike, or all sensors."""
    return ", ".join(one.name for one in (which[:1] if entry.part else which))


def quantity(value: float, unit: str) -> str:
    """Return a value with its unit in English; ratios and counts have none."""
    number = f"{value:,.{max(2, DECIMALS.get(unit, 0))}f}".rstrip("0").rstrip(".")
    return number if unit == "ratio" or unit in COUNTS else f"{number} {unit}"


def _border(limit: Limit, bound: Bound) -> str:
    if isinstance(bound, tuple):
        return _BORDERS[limit.bad].format(f"{quantity(bound[0], 'ratio')} to {quantity(bound[1], limit.unit)}")
    return _BORDERS[limit.bad].format(quantity(bound, limit.unit))
