"""Every number of an analysis by name: the table of raw figures, and what two logs are compared by."""

from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from ui.unnamed import unnamed


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: where it stands in the analysis, its name, unit and decimals."""

    path: str
    name: LazyString | str
    unit: str = ""
    decimals: int = 0

    def of(self, analysis: dict[str, Any] | None) -> float | None:
        """Its value in an analysis; None where it is missing."""
        found: Any = analysis
        for part in self.path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that belong together."""

    name: LazyString
    figures: tuple[Figure, ...]


def _range(path: str, name: str, unit: str, suffix: str, decimals: int = 0) -> tuple[Figure, ...]:
    """Lowest, mean and highest of one quantity."""
    return tuple(
        Figure(f"{path}.{which}_{suffix}" if suffix else f"{path}.{which}", label, unit, decimals)
        for which, label in zip(("min", "avg", "max"), _NAMES[name], strict=True)
    )


_NAMES: Final = {
    "outside": (
        _("Outside temperature, minimum"),
        _("Outside temperature, average"),
        _("Outside temperature, maximum"),
    ),
    "speed": (_("Speed, minimum"), _("Speed, average"), _("Speed, maximum")),
    "revs": (_("Engine speed, minimum"), _("Engine speed, average"), _("Engine speed, maximum")),
    "coolant": (
        _("Coolant temperature, minimum"),
        _("Coolant temperature, average"),
        _("Coolant temperature, maximum"),
    ),
    "oil": (_("Oil temperature, minimum"), _("Oil temperature, average"), _("Oil temperature, maximum")),
    "pressure": (_("Back pressure, minimum"), _("Back pressure, average"), _("Back pressure, maximum")),
    "idle": (
        _("Back pressure at idle, minimum"),
        _("Back pressure at idle, average"),
        _("Back pressure at idle, maximum"),
    ),
    "temp": (_("Filter temperature, minimum"), _("Filter temperature, average"), _("Filter temperature, maximum")),
}

NAMED: Final = (
    Group(
        _("Drive"),
        (
            Figure("overall.distance_km", _("Distance"), "km", 2),
            Figure("overall.duration.overall_sec", _("Recorded time"), "s"),
            Figure("overall.duration.engineOn_sec", _("Time with the engine on"), "s"),
            Figure("overall.duration.engineOff_sec", _("Time with the engine off"), "s"),
            Figure("overall.duration.driving_sec", _("Driving time"), "s"),
            Figure("overall.duration.idle_sec", _("Idling time"), "s"),
            *_range("overall.externalTemp", "outside", "°C", "c"),
            *_range("driving.speed", "speed", "km/h", "kmh"),
            *_range("driving.revs", "revs", "rpm", ""),
            Figure("driving.revs.avgDriving", _("Engine speed while driving, average"), "rpm"),
            Figure("driving.acceleration.avg_perc", _("Accelerator pedal, average while pressed"), "%"),
            Figure("driving.acceleration.max_perc", _("Accelerator pedal, maximum"), "%"),
        ),
    ),
    Group(
        _("Filter"),
        (
            Figure("fap.soot.start_gl", _("Soot at the start"), "g/l", 2),
            Figure("fap.soot.end_gl", _("Soot at the end"), "g/l", 2),
            Figure("fap.soot.diff_gl", _("Change in soot"), "g/l", 2),
            Figure("sootRate_gl100km", _("Soot build-up outside regenerations"), "g/l/100km", 2),
            *_range("fap.pressure", "pressure", "mbar", "mbar", 1),
            *_range("fap.pressure_idle", "idle", "mbar", "mbar", 1),
            *_range("fap.temp", "temp", "°C", "c"),
            Figure("restriction.kv", _("Filter restriction (k_v)"), "mbar·h/m³", 3),
            Figure("restriction.kv_afterRegen", _("Filter restriction after a regeneration (k_v)"), "mbar·h/m³", 3),
            Figure("fap.lastRegen_km", _("Since the last regeneration"), "km"),
            Figure("fap.last10Regen_km", _("Distance between regenerations, average of the last ten"), "km"),
            Figure("fap.life.life_km", _("Distance driven with this filter"), "km"),
            Figure("fap.life.left_km", _("Filter life left (ECU estimate)"), "km"),
            Figure("fap.additive.vol_ml", _("Additive volume"), "ml"),
            Figure("fap.additive.remain_ml", _("Additive left"), "ml"),
            Figure("fap.deposits.weight_gram", _("Ash mass"), "g", 1),
            Figure("fap.deposits.percentage_perc", _("Ash load"), "%", 1),
        ),
    ),
    Group(
        _("Regeneration"),
        (
            Figure("fapRegen.duration_sec", _("Duration"), "s"),
            Figure("fapRegen.distance_km", _("Distance"), "km", 1),
            Figure("fapRegen.previousRegen_km", _("Since the previous one"), "km"),
            Figure("fapRegen.fapSoot.start_gl", _("Soot at the start"), "g/l", 2),
            Figure("fapRegen.fapSoot.end_gl", _("Soot at the end"), "g/l", 2),
            Figure("fapRegen.fapTemp.avg_c", _("Filter temperature, average"), "°C"),
            Figure("fapRegen.fapTemp.max_c", _("Filter temperature, maximum"), "°C"),
            Figure("fapRegen.fapPressure.avg_mbar", _("Back pressure, average"), "mbar", 1),
            Figure("fapRegen.fapPressure.max_mbar", _("Back pressure, maximum"), "mbar", 1),
            Figure("fapRegen.speed.avg_kmh", _("Speed, average"), "km/h"),
            Figure("fapRegen.revs.avg", _("Engine speed, average"), "rpm"),
            Figure("fapRegen.fuelConsumption.regen_l100km", _("Fuel economy during regenerations"), "l/100km", 2),
            Figure("fapRegen.fuelConsumption.nonRegen_l100km", _("Fuel economy outside regenerations"), "l/100km", 2),
        ),
    ),
    Group(
        _("Engine"),
        (
            *_range("engine.coolantTemp", "coolant", "°C", "c"),
            *_range("engine.oilTemp", "oil", "°C", "c"),
            Figure("engine.engineWarmup.coolant_sec", _("Coolant warm-up time to 80 °C"), "s"),
            Figure("engine.engineWarmup.oil_sec", _("Oil warm-up time to 80 °C"), "s"),
            Figure("warmup.to70_sec", _("Coolant warm-up time to 70 °C"), "s"),
            Figure("warmup.to70_l", _("Fuel used during warm-up"), "l", 2),
            Figure("engine.oilDilution_perc", _("Fuel in the oil"), "%"),
            Figure("engine.oilCarbonate_perc", _("Soot in the oil"), "%"),
            Figure("engine.battery.beforeDrive_v", _("Battery before the start"), "V", 2),
            Figure("engine.battery.engineRunning_v", _("Battery with the engine running"), "V", 2),
            Figure("engine.injector.injector1", _("Injector 1 correction"), "ratio", 2),
            Figure("engine.injector.injector2", _("Injector 2 correction"), "ratio", 2),
            Figure("engine.injector.injector3", _("Injector 3 correction"), "ratio", 2),
            Figure("engine.injector.injector4", _("Injector 4 correction"), "ratio", 2),
            Figure("engine.injector.average", _("Injector correction, average"), "ratio", 2),
            Figure("engine.fuelPressure.avg_diff_idle_bar", _("Rail pressure at idle, off its target"), "bar", 2),
            Figure("engine.boost.avg_diff_mbar", _("Boost pressure, off its target"), "mbar", 1),
            Figure("engine.errors", _("Stored fault codes"), "codes"),
        ),
    ),
    Group(
        _("Fuel"),
        (
            Figure("fuelConsumption.overall.avg_l100km", _("Fuel economy"), "l/100km", 2),
            Figure("fuelConsumption.overall.total_l", _("Fuel used"), "l", 2),
        ),
    ),
)
"""What these pages have words for, in the order it is shown."""


def complete(named: tuple[Group, ...]) -> tuple[Group, ...]:
    """The groups with every other number of an analysis behind those of its section, or in the first group."""
    found = [Figure(*one) for one in unnamed({figure.path for group in named for figure in group.figures})]
    sections = [{figure.path.split(".")[0] for figure in group.figures} for group in named]
    places = [next((i for i, one in enumerate(sections) if new.path.split(".")[0] in one), 0) for new in found]
    return tuple(
        Group(group.name, (*group.figures, *(new for new, place in zip(found, places, strict=True) if place == index)))
        for index, group in enumerate(named)
    )


GROUPS: Final = complete(NAMED)


SLIGHT_KM: Final = 0.2


@dataclass(frozen=True, slots=True)
class SpeedBand:
    """Fuel economy within a band of road speed, and how far was driven in it."""

    low_kmh: int
    high_kmh: int | None
    l100km: float
    km: float
    share: float
    """Of the highest consumption of the bands that were not slight, in percent, at most 100: the length of its bar."""

    @property
    def slight(self) -> bool:
        """Whether so little was driven in it that its figure says little: setting off, or slowing down."""
        return self.km < SLIGHT_KM


def speed_bands(analysis: dict[str, Any]) -> list[SpeedBand]:
    """Fuel by speed, slowest first; bands without a value are left out."""
    bands = (analysis.get("fuelConsumption") or {}).get("bySpeedRange") or {}
    found: list[tuple[int, int | None, float, float]] = []
    for key, value in bands.items():
        if not key.endswith("_l100km") or key.startswith("_") or value is None:
            continue
        name = key.removesuffix("_l100km")
        low, _sign, high = name.rstrip("+").partition("-")
        found.append((int(low), int(high) if high else None, float(value), float(bands.get(f"_{name}_km") or 0)))
    telling = [band for band in found if band[3] >= SLIGHT_KM] or found
    highest = max((band[2] for band in telling), default=0) or 1
    return [
        SpeedBand(*band, share=min(band[2] / highest * 100, 100.0)) for band in sorted(found, key=lambda band: band[0])
    ]
