"""The columns of a FAP log: their names, what is plausible in them, and which raw values mean "no value"."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final


@dataclass(frozen=True)
class Column:
    """A column, its plausible range (inclusive, in the app's own units), and what its ECU sends for "no value".

    An ECU sends all bits set where it has no value, so the sentinels follow from the width and the scale of its field.
    """

    name: str
    low: float
    high: float
    sentinels: tuple[float, ...] = ()
    whole: bool = False
    """Whether the app writes it without decimals."""

    @cached_property
    def plausible_sentinels(self) -> tuple[float, ...]:
        """The sentinels that the range alone does not void."""
        return tuple(value for value in self.sentinels if self.low <= value <= self.high)


UNBOUNDED: Final = 1e7
"""Upper bound where only "not negative" is known; larger than any value that a car can show."""

MOST_CODES: Final = 254.0
"""The largest count of fault codes, which an ECU stores in a byte."""

PRESSURE_INVALID: Final = 65280.0  # 0xFF00: the sensor sent nothing
TEMPERATURE_INVALID: Final = 25855.0  # 0x64FF

U8: Final = 255.0
U16: Final = 65535.0
U24: Final = 16777215.0
U32: Final = 4294967295.0
S16: Final = 32767.0

WORD: Final = (U16, S16, 6553.5, 655.35, 65.535, 65.53, 65.54)
KILOMETRES: Final = (U24, U32)
DEGREES: Final = (205.0, 215.0, U8, U16, S16, 6553.5, 3276.7, 6503.5, 6513.5)
"""A byte less 50 or 40, a word, and a word of tenths with and without that offset."""


def _columns(
    names: str, low: float, high: float, sentinels: tuple[float, ...] = (), *, whole: bool = False
) -> list[Column]:
    """Return columns of one kind; of the sentinels those that could not be a reading."""
    return [Column(name, low, high, sentinels, whole) for name in names.split()]


NUMBERS: Final[tuple[Column, ...]] = (
    *_columns("Revs", 0, 6000, (U16, 16383.75, 8191.875, 16383, 8191), whole=True),
    *_columns("Speed", 0, 260, (U8, U16, 655.35, 6553.5)),
    *_columns("AccelPedalPos EGRpos EGRposInstr TurboVarGeom TurboGeomInstr", -10, 110, (U8, U16, 655.35, 6553.5)),
    *_columns("AirMixer AirMixerInstr FuelFlowReg AlternatorLoad", -10, 110, (U8, U16, 655.35, 6553.5)),
    *_columns("AirFlow", 0, 2500, (U16, S16, 6553.5), whole=True),
    *_columns("InjFlow", 0, 150, (U8, U16, 6553.5, 655.35)),
    *_columns("FuelPress FuelPressInstr", -50, 2500, (U16, S16, 6553.5), whole=True),
    *_columns("Turbopress TurboInstr AtmosphPress", 300, 3500, (U8, U16, S16, 6553.5), whole=True),
    Column("FAPpressure", -20, 2000, (PRESSURE_INVALID, U16, S16, 6553.5), whole=True),
    Column("FAPtemp", -40, 1100, (TEMPERATURE_INVALID, U16, S16, 6553.5, 6503.5), whole=True),
    *_columns("FAPsoot", 0, 200, (U8, *WORD)),
    *_columns("FAPdeposits FAPcinder", 0, UNBOUNDED, (U8, U16, 6553.5, 655.35)),
    *_columns("FAPAdditiveVol FAPAdditiveRemain", 0, 10_000, (U16, S16, 6553.5), whole=True),
    *_columns("LastRegen Avg10regen", 0, 20_000, (U16, S16, 6553.5), whole=True),
    Column("FAP life", 0, UNBOUNDED, KILOMETRES, whole=True),
    *_columns("FAPlifeLeft", 0, UNBOUNDED, KILOMETRES, whole=True),
    *_columns(
        "Coolant OilTemp FuelTemp ExternalTemp AirManifold AlternatorTemp AncBattTemp", -50, 200, DEGREES, whole=True
    ),
    *_columns("Battery", 5, 18, (U8, U16, 25.5, 65.535, 65.53, 65.54, 655.35)),
    *_columns("AncBattCharge OilDilution OilCarbon", 0, 100, (U8, U16, 655.35)),
    *_columns("Inj.1FlowCorr Inj.2FlowCorr Inj.3FlowCorr Inj.4FlowCorr", -50, 50, (U8, *WORD)),
    *_columns("Errors", 0, MOST_CODES, (U8, U16)),
    *_columns("REGEN BR CL", 0, 1, (U8, U16)),
)
"""Every column that is read as numbers, in the order in which missing ones are listed."""

TEXTS: Final = ("GearA", "GearB")
"""Known columns of words; no figure rests on them, so they are not read."""

INJECTORS: Final = ("Inj.1FlowCorr", "Inj.2FlowCorr", "Inj.3FlowCorr", "Inj.4FlowCorr")

DATE: Final = "date"
TIME: Final = "time"


def plain(name: str) -> str:
    """Return a column's name as names are compared: without case, blanks, dots and quotes."""
    return "".join(name.casefold().split()).replace(".", "").replace('"', "").replace("'", "").lstrip("\ufeff")


POSITIONS: Final[dict[str, int]] = {plain(column.name): index for index, column in enumerate(NUMBERS)}
"""Where a column stands in `NUMBERS`, by its plain name."""

KNOWN: Final = frozenset(POSITIONS) | {plain(name) for name in TEXTS}
"""The plain names of all columns that make a file a log."""
