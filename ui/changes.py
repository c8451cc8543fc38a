"""Before and after in words: the names of the compared figures, and what a change means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext, pgettext

from faplog.contracts.comparison import COMPARED, MIN_LOGS, Judgement
from ui import units
from ui.figures import Figure

NAMES: Final = {
    "sootRate_gl100km": lazy_gettext("Soot build-up"),
    "kv": lazy_gettext("Filter restriction (k_v)"),
    "kv_afterRegen": lazy_gettext("Filter restriction after a regeneration (k_v)"),
    "fap.pressure_idle.avg_mbar": lazy_gettext("Back pressure at idle, average"),
    "fap.pressure.avg_mbar": lazy_gettext("Back pressure, average"),
    "fap.temp.avg_c": lazy_gettext("Filter temperature, average"),
    "ash_perc": lazy_gettext("Ash load"),
    "filter_life_left_km": lazy_gettext("Filter life left (ECU estimate)"),
    "additive_ml": lazy_gettext("Additive left"),
    "fapRegen.previousRegen_km": lazy_gettext("Distance between regenerations, average"),
    "regens_interrupted_perc": lazy_gettext("Interrupted regenerations"),
    "fapRegen.duration_sec": lazy_gettext("Regeneration time, average"),
    "fapRegen.fapTemp.avg_c": lazy_gettext("Filter temperature in regenerations"),
    "fapRegen.fapSoot.start_gl": lazy_gettext("Soot at the start of regenerations"),
    "fuelConsumption.overall.avg_l100km": lazy_gettext("Fuel economy"),
    "oilDilution_perc": lazy_gettext("Fuel in the oil"),
    "engine.battery.beforeDrive_v": lazy_gettext("Battery before the start"),
    "engine.battery.engineRunning_v": lazy_gettext("Battery with the engine running"),
    "engine.injector.injector1": lazy_gettext("Injector 1 correction"),
    "engine.injector.injector2": lazy_gettext("Injector 2 correction"),
    "engine.injector.injector3": lazy_gettext("Injector 3 correction"),
    "engine.injector.injector4": lazy_gettext("Injector 4 correction"),
    "engine.injector.average": lazy_gettext("Injector correction, average"),
    "engine.fuelPressure.avg_diff_idle_bar": lazy_gettext("Rail pressure at idle, off its target"),
    "engine.boost.avg_diff_mbar": lazy_gettext("Boost pressure, off its target"),
    "errors": lazy_gettext("Stored fault codes"),
    "engine.engineWarmup.coolant_sec": lazy_gettext("Coolant warm-up time to 80 °C"),
    "driving.speed.avg_kmh": lazy_gettext("Speed, average"),
    "driving.revs.avgDriving": lazy_gettext("Engine speed while driving, average"),
    "driving.acceleration.avg_perc": lazy_gettext("Accelerator pedal, average while pressed"),
}

TINTS: Final = {Judgement.BETTER: "good", Judgement.WORSE: "watch", Judgement.SIMILAR: "unknown"}


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after, ready for a template."""

    figure: Figure
    before: float | None
    after: float | None
    judgement: str
    word: str
    tint: str


def changes(comparison: Mapping[str, Any]) -> list[Change]:
    """Return the figures of a comparison in its order, those of a later release with their names in the API."""
    return [_change(one) for one in comparison.get("figures") or []]


def _change(one: Mapping[str, Any]) -> Change:
    key = str(one.get("key"))
    known = COMPARED.get(key)
    figure = Figure(key, NAMES.get(key, key), str(one.get("unit") or ""), known.decimals if known else 2)
    judgement = one.get("judgement")
    said = Judgement(judgement) if judgement in set(Judgement) else Judgement.NEITHER
    return Change(figure, one.get("before"), one.get("after"), said.value, word(said), TINTS.get(said, ""))


def word(judgement: Judgement) -> str:
    """Return what a change means in a word."""
    match judgement:
        case Judgement.BETTER:
            return str(pgettext("what changed", "better"))
        case Judgement.WORSE:
            return str(pgettext("what changed", "worse"))
        case Judgement.SIMILAR:
            return str(_("about the same"))
        case Judgement.NEITHER:
            return str(_("no judgement"))


def too_few(comparison: Mapping[str, Any]) -> str:
    """Return the sentence that says why nothing is judged around a note; empty where there are logs enough."""
    if comparison.get("enough"):
        return ""
    before, after = (int((comparison.get(side) or {}).get("logs") or 0) for side in ("before", "after"))
    if not before:
        return str(_("There are no logs from before this work, so there is nothing to compare with."))
    if not after:
        return str(_("There are no logs from after this work yet. Once there are, they are compared here."))
    return str(
        _(
            "Too few logs to tell better from worse: it takes %(least)s before the work and %(least)s after it.",
            least=MIN_LOGS,
        )
    )


def period(side: Mapping[str, Any]) -> str:
    """Return the logs of a side in words, for example “12 logs · 812 km · 3 Jan 2025 – 9 Mar 2025”."""
    parts = [units.logs(int(side.get("logs") or 0))]
    if side.get("distance_km") is not None:
        parts.append(units.quantity(side["distance_km"], "km"))
    if side.get("from"):
        first, last = (units.day(side.get(end), "medium") for end in ("from", "to"))
        parts.append(first if first == last else f"{first} – {last}")
    return " · ".join(parts)


def outcome(listed: list[Change]) -> str:
    """Return how many figures got better and how many worse, as a sentence."""
    better, worse = (sum(one.judgement == judgement for one in listed) for judgement in ("better", "worse"))
    if not better and not worse:
        return str(_("Nothing changed by more than the usual differences."))
    parts = [
        ngettext("%(num)s value is better", "%(num)s values are better", better) if better else "",
        ngettext("%(num)s value is worse", "%(num)s values are worse", worse) if worse else "",
    ]
    return ", ".join(part for part in parts if part) + "."
