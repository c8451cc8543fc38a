"""The columns of a FAP log: their names, what is plausible in them, and which raw values mean "no value"."""

from dataclasses import dataclass
from math import nan
from typing import Final


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its plausible range (inclusive, in the app's own units) and its sentinel (NaN where it has none)."""

    name: str
    low: float
    high: float
    sentinel: float = nan


UNBOUNDED: Final = 1e7
"""Where only "not negative" is known: larger than any kilometre or gram a car can show."""

PRESSURE_INVALID: Final = 65280.0  # 0xFF00: the sensor sent nothing
TEMPERATURE_INVALID: Final = 25855.0  # 0x64FF


def _columns(names: str, low: float, high: float) -> list[Column]:
    return [Column(name, low, high) for name in names.split()]


NUMBERS: Final[tuple[Column, ...]] = (
    *_columns("Revs", 0, 6000),
    *_columns("Speed", 0, 260),
    *_columns("AccelPedalPos EGRpos EGRposInstr TurboVarGeom TurboGeomInstr", -10, 110),
    *_columns("AirMixer AirMixerInstr FuelFlowReg AlternatorLoad", -10, 110),
    *_columns("AirFlow", 0, 2500),
    *_columns("InjFlow", 0, 150),
    *_columns("FuelPress FuelPressInstr", -50, 2500),
    *_columns("Turbopress TurboInstr AtmosphPress", 300, 3500),
    Column("FAPpressure", -20, 2000, PRESSURE_INVALID),
    Column("FAPtemp", -40, 1100, TEMPERATURE_INVALID),
    *_columns("FAPsoot", 0, 200),
    *_columns("FAPdeposits FAPcinder", 0, UNBOUNDED),
    *_columns("FAPAdditiveVol FAPAdditiveRemain", 0, 10_000),
    *_columns("LastRegen Avg10regen", 0, 20_000),
    Column("FAP life", 0, UNBOUNDED),
    *_columns("FAPlifeLeft", 0, UNBOUNDED),
    *_columns("Coolant OilTemp FuelTemp ExternalTemp AirManifold AlternatorTemp AncBattTemp", -50, 200),
    *_columns("Battery", 5, 18),
    *_columns("AncBattCharge OilDilution OilCarbon", 0, 100),
    *_columns("Inj.1FlowCorr Inj.2FlowCorr Inj.3FlowCorr Inj.4FlowCorr", -50, 50),
    *_columns("Errors", 0, UNBOUNDED),
    *_columns("REGEN BR CL", 0, 1),
)
"""Every column that is read as numbers, in the order in which missing ones are listed."""

TEXTS: Final = ("GearA", "GearB")
"""Known columns of words; no figure rests on them, so they are not read."""

INJECTORS: Final = ("Inj.1FlowCorr", "Inj.2FlowCorr", "Inj.3FlowCorr", "Inj.4FlowCorr")

DATE: Final = "date"
TIME: Final = "time"


def plain(name: str) -> str:
    """A column's name as names are compared: case, blanks, dots and quotes do not count."""
    return "".join(name.casefold().split()).replace(".", "").replace('"', "").replace("'", "").lstrip("\ufeff")


POSITIONS: Final[dict[str, int]] = {plain(column.name): index for index, column in enumerate(NUMBERS)}
"""Where a column stands in `NUMBERS`, by its plain name."""

KNOWN: Final = frozenset(POSITIONS) | {plain(name) for name in TEXTS}
"""The plain names of all columns that make a file a log."""
