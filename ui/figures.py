"""The figures of an analysis with their labels: the table of all values, and the comparison of two logs."""

from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from ui.fallback_labels import fallback_labels


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an analysis: its path, label, unit and decimals."""

    path: str
    name: LazyString | str
    unit: str = ""
    decimals: int = 0

    def of(self, analysis: dict[str, Any] | None) -> float | None:
        """Return its value in an analysis, or None if it is missing."""
        value: Any = analysis
        for part in self.path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Group:
    """Figures under one heading."""

    name: LazyString
    figures: tuple[Figure, ...]


def _range(path: str, name: str, unit: str, suffix: str, decimals: int = 0) -> tuple[Figure, ...]:
    """Return the figures for minimum, average and maximum of one quantity."""
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

LABELLED: Final = (
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
"""The figures with translated labels, in the order in which they are shown."""


def with_fallback_labels(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Return the groups with the unlabelled figures added: each to the group of its section, else to the first one."""
    added: list[list[Figure]] = [[] for _group in groups]
    sections = [{figure.path.split(".")[0] for figure in group.figures} for group in groups]
    for label in fallback_labels({figure.path for group in groups for figure in group.figures}):
        figure = Figure(*label)
        section = figure.path.split(".")[0]
        added[next((index for index, names in enumerate(sections) if section in names), 0)].append(figure)
    return tuple(Group(group.name, (*group.figures, *new)) for group, new in zip(groups, added, strict=True))


GROUPS: Final = with_fallback_labels(LABELLED)


MIN_TELLING_KM: Final = 0.2
FULL_KM: Final = 2.0
"""From this distance on the fuel economy of a speed range is as good as it gets: its bar is not pale."""

FAINTEST: Final = 0.25


@dataclass(frozen=True, slots=True)
class SpeedBand:
    """Fuel economy within a range of road speed, and the distance driven in it."""

    low_kmh: int
    high_kmh: int | None
    l100km: float
    km: float
    share: float
    """Length of its bar: percent of the highest consumption of all bands with enough distance, at most 100."""

    @property
    def opacity(self) -> float:
        """Return how opaque its bar is: the less was driven in it, the paler."""
        return round(max(FAINTEST, min(1.0, self.km / FULL_KM)), 2)

    @property
    def slight(self) -> bool:
        """Whether the distance is too short for a meaningful figure, as when pulling away or slowing down."""
        return self.km < MIN_TELLING_KM


def speed_bands(analysis: dict[str, Any]) -> list[SpeedBand]:
    """Return fuel economy by speed, slowest first, without the bands that have no value."""
    bands = (analysis.get("fuelConsumption") or {}).get("bySpeedRange") or {}
    rows: list[tuple[int, int | None, float, float]] = []
    for key, value in bands.items():
        if not key.endswith("_l100km") or key.startswith("_") or value is None:
            continue
        name = key.removesuffix("_l100km")
        low, _sign, high = name.rstrip("+").partition("-")
        rows.append((int(low), int(high) if high else None, float(value), float(bands.get(f"_{name}_km") or 0)))
    telling = [row for row in rows if row[3] >= MIN_TELLING_KM] or rows
    highest = max((row[2] for row in telling), default=0) or 1
    return [SpeedBand(*row, share=min(row[2] / highest * 100, 100.0)) for row in sorted(rows, key=lambda row: row[0])]
