"""What every check is called, what a bad value means and what to do about it, in the reader's language."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from flask_babel import lazy_gettext as _

from faplog.contracts.limits import Code

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
