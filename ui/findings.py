"""Findings in words: what was looked at, what it means, and what to do, in the reader's language.

The API judges; this only translates. A code that is new to these pages is shown with the API's own sentences.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from faplog.contracts.limits import LIMITS, RANK, Code, Severity
from ui import units

Text: TypeAlias = Any
"""A text in the reader's language: a string, or one that is translated when it is shown."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a check is called, what a bad value means and what to do about it, and which plot shows it."""

    title: Text
    advice: Text
    channel: str | None = None
    decimals: int = 0


WORDS: Final[dict[Code, Words]] = {
    Code.IDLE_PRESSURE: Words(
        _("Back pressure at idle"),
        _(
            "Exhaust gas has to push harder through the filter than it should at idle. Take a drive of 20 minutes or "
            "more on an open road so that a regeneration can finish. If it stays this high, have the filter's ash "
            "load and the hoses of its pressure sensor checked."
        ),
        "pressure",
        1,
    ),
    Code.MAX_PRESSURE: Words(
        _("Highest back pressure"),
        _(
            "Under load the filter holds the exhaust back more than a healthy one does. Look at how full of soot it "
            "was; if this also happens after a complete regeneration, ash is the likely cause and a workshop should "
            "measure it."
        ),
        "pressure",
    ),
    Code.PRESSURE_ENGINE_OFF: Words(
        _("Pressure with the engine off"),
        _(
            "Without exhaust gas the sensor should read zero. It does not, so every other pressure is off by about as "
            "much. Have the pressure sensor and its hoses checked before trusting the filter's values."
        ),
        "pressure",
        1,
    ),
    Code.COOLANT_MAX: Words(
        _("Hottest coolant"),
        _(
            "The coolant got hotter than it should. Check its level when the engine is cold. If it happens again, "
            "have the thermostat, the fan and the water pump looked at before driving far."
        ),
        "coolant",
    ),
    Code.OIL_MAX: Words(
        _("Hottest oil"),
        _("The oil got hotter than it should. Check its level, drive gently, and have the cooling looked at."),
        "oil",
    ),
    Code.ADDITIVE_REMAINING: Words(
        _("Additive left"),
        _(
            "The additive that helps soot burn is running out. Have it refilled at the next service; without it "
            "regenerations become longer and rarer."
        ),
    ),
    Code.REGEN_INTERVAL: Words(
        _("Distance between regenerations"),
        _(
            "The filter has to be cleaned unusually often. Many short drives do this; so do an engine that soots too "
            "much or a filter full of ash. If your drives have not become shorter, have injectors and air intake "
            "checked."
        ),
        "soot",
    ),
    Code.REGEN_DURATION: Words(
        _("Longest regeneration"),
        _(
            "Burning the soot took longer than usual. Keep a steady speed above 60 km/h while it runs. If it stays "
            "this long, the filter may not get hot enough or the additive may be low."
        ),
        "temp",
        1,
    ),
    Code.REGENS_ABORTED: Words(
        _("Interrupted regenerations in a row"),
        _(
            "A regeneration was cut short, so soot stays in the filter and fuel gets into the oil. When the next one "
            "starts, keep driving until it has finished: about 15 to 20 minutes."
        ),
        "soot",
    ),
    Code.OIL_DILUTION: Words(
        _("Fuel in the oil"),
        _(
            "Diesel from interrupted regenerations thins the oil and wears the engine. Change the oil sooner than the "
            "service plan says, and let regenerations finish."
        ),
    ),
    Code.FILTER_LIFE_LEFT: Words(
        _("Filter life left, as the car reckons"),
        _("The car expects the filter to be full of ash before long. Ask a workshop what cleaning it would cost."),
    ),
    Code.BATTERY_BEFORE_START: Words(
        _("Battery before the start"),
        _(
            "The battery was low before the engine started. A longer drive or a charger helps; if it comes back, have "
            "the battery tested. Many cars skip regenerations when the battery is weak."
        ),
        None,
        2,
    ),
    Code.CHARGING_VOLTAGE: Words(
        _("Charging voltage"),
        _("The alternator does not charge as it should. Have the alternator and its belt tested."),
        None,
        2,
    ),
    Code.INJECTOR_CORRECTION: Words(
        _("Injector correction"),
        _(
            "One injector needs more correction than the others to keep the engine running smoothly. Note whether it "
            "grows from log to log; have the injectors tested if it does."
        ),
        None,
        2,
    ),
    Code.INJECTOR_MEAN: Words(
        _("Injector correction, mean of all"),
        _("All injectors are corrected the same way. Fuel quality or rail pressure may be the cause, not an injector."),
        None,
        2,
    ),
    Code.RAIL_PRESSURE_IDLE: Words(
        _("Rail pressure at idle, off its target"),
        _("The fuel pressure does not quite follow its target at idle. Change the fuel filter if it is due."),
        "rail",
        1,
    ),
    Code.BOOST_ERROR: Words(
        _("Boost pressure, off its target"),
        _("The turbo does not quite deliver what is asked of it. Look for a loose or split hose and a blocked filter."),
        "boost",
    ),
    Code.FAULT_CODES: Words(
        _("Stored fault codes"),
        _("The car has stored a fault. Read the code with the app or at a workshop; it says where to look first."),
    ),
    Code.INTERVAL_DROP: Words(
        _("Regenerations closer together than before"),
        _(
            "The last regenerations came clearly closer together than they used to on this car. If your drives have "
            "not become shorter, have it looked at."
        ),
    ),
    Code.RESTRICTION_RISE: Words(
        _("Filter resistance rising"),
        _(
            "Measured right after regenerations, the clean filter resists the exhaust more than it used to: ash is "
            "building up. Plan a cleaning; it is not urgent."
        ),
    ),
}

CONFIDENCE: Final = {
    "low": _("low confidence: an indication, not a diagnosis"),
    "medium": _("medium confidence"),
    "high": _("high confidence"),
}

VERDICT: Final = {
    Severity.GOOD: _("All good"),
    Severity.WATCH: _("Keep an eye on it"),
    Severity.ACT: _("Do something about it"),
    Severity.UNKNOWN: _("Too little to judge"),
}

VERDICT_MEANING: Final = {
    Severity.GOOD: _("Nothing in this log asks for attention."),
    Severity.WATCH: _("The car can be driven as usual. Something is worth watching."),
    Severity.ACT: _("Something is outside its limits and should be looked after soon."),
    Severity.UNKNOWN: _("The engine ran for less than five minutes. A longer drive says more."),
}

NEVER_RAN: Final = _("The engine never ran in this log. Upload one of a drive to learn more.")
ENGINE_UNREAD: Final = _("The engine’s speed was never read, so this log does not tell whether it ran.")
PRESSURE_UNREAD: Final = _("The filter’s pressure was never read, and without it there is no judging the filter.")

SEVERITY: Final = {
    Severity.GOOD: _("good"),
    Severity.WATCH: _("watch"),
    Severity.ACT: _("act"),
    Severity.UNKNOWN: _("unknown"),
}

ICON: Final = {
    Severity.GOOD: "check-circle-fill",
    Severity.WATCH: "eye-fill",
    Severity.ACT: "exclamation-triangle-fill",
    Severity.UNKNOWN: "question-circle-fill",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding ready for a template."""

    code: str
    severity: Severity
    title: Text
    advice: Text | None
    value: float | None
    unit: str
    decimals: int
    normal: str
    confidence: Text | None
    channel: str | None
    rows: int | None
    start: str | None
    end: str | None
    profile: str | None
    """The engine control unit it was seen on, where the API names it: over many logs there may be several."""

    @property
    def icon(self) -> str:
        """The icon of its severity."""
        return ICON[self.severity]

    @property
    def severity_name(self) -> Text:
        """Its severity in a word."""
        return SEVERITY[self.severity]


def profile(name: str) -> str:
    """An engine control unit as it is shown; the API says "unknown" for files whose name does not tell."""
    return str(gettext("unknown car")) if name == "unknown" else name


def severity(text: Any) -> Severity:
    """A severity as the API writes it; `UNKNOWN` for anything else."""
    try:
        return Severity(text)
    except ValueError:
        return Severity.UNKNOWN


def shown(findings: Iterable[dict[str, Any]] | None) -> list[Shown]:
    """All findings of an analysis or average, the worst first, else in the API's order."""
    every = [_one(finding) for finding in findings or ()]
    return sorted(every, key=lambda finding: -RANK.index(finding.severity))


def _one(finding: dict[str, Any]) -> Shown:
    code, level = str(finding.get("code", "")), severity(finding.get("severity"))
    words = WORDS.get(Code(code)) if code in set(Code) else None
    evidence = finding.get("evidence") or {}
    unit = str(finding.get("unit") or "")
    alarming = level in (Severity.WATCH, Severity.ACT)
    return Shown(
        code=code,
        severity=level,
        title=words.title if words else str(finding.get("text") or code),
        advice=(words.advice if words else finding.get("advice")) if alarming else None,
        value=finding.get("value"),
        unit=unit,
        decimals=words.decimals if words else 1,
        normal=_normal(code),
        confidence=CONFIDENCE.get(str(finding.get("confidence"))),
        channel=words.channel if words else None,
        rows=evidence.get("rows"),
        start=evidence.get("from"),
        end=evidence.get("to"),
        profile=evidence.get("profile"),
    )


def _normal(code: str) -> str:
    """What a good value is, in words: e.g. “below 15 mbar”."""
    if code not in set(Code):
        return ""
    limit = LIMITS[Code(code)]
    if limit.unit in ("codes", "in a row"):
        return "0"
    unit = units.unit_name(limit.unit)
    behind = f"{units.NARROW_SPACE}{unit}" if unit else ""
    if isinstance(limit.watch, tuple):
        low, high = (units.bound(value, limit.unit) for value in limit.watch)
        return str(gettext("%(low)s to %(high)s", low=low, high=high + behind))
    bound = units.bound(limit.watch, limit.unit) + behind
    match limit.bad.value:
        case ">=":
            return str(gettext("below %(bound)s", bound=bound))
        case ">":
            return str(gettext("at most %(bound)s", bound=bound))
        case "<=":
            return str(gettext("above %(bound)s", bound=bound))
        case _:
            return str(gettext("at least %(bound)s", bound=bound))
