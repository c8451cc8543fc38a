"""What the verdict looks at: one value for each row of the table of limits, and the rows it rests on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from faplog.contracts.limits import FILTER_LIFE_KNOWN_KM, Code

from . import stats
from .engine import BOOST_MBAR, before_start, corrections
from .log import Log, Mask
from .reading import Floats
from .regen import Episode
from .sections import Section

ENGINE_OFF_SEC: Final = 10.0
BOOST_SUSTAINED_SEC: Final = 5.0
CHARGING_SEC: Final = 600.0
CHARGING_GOOD_V: Final = 14.1


@dataclass(frozen=True, slots=True)
class Sign:
    """A value for a finding; `rows` are those it was taken from, `which` names one of several alike."""

    code: Code
    value: float
    rows: npt.NDArray[np.intp]
    which: str = ""


def signs(log: Log, found: list[Episode], sections: Section) -> Iterator[Sign]:
    """Every sign this log shows, in the order of the table."""
    for look in _LOOKS:
        yield from look(log, found, sections)


def lasting(log: Log, mask: Mask, seconds: float) -> Mask:
    """Rows at which the mask has held for that long without a gap."""
    begins = np.ones(len(mask), bool)
    begins[1:] = ~mask[:-1] | log.gap[1:]
    begin = np.maximum.accumulate(np.where(begins, np.arange(len(mask)), 0))
    return np.asarray(mask & (log.t - log.t[begin] >= seconds))


def _known(values: Floats, mask: Mask | None = None) -> npt.NDArray[np.intp]:
    known = ~np.isnan(values)
    return np.flatnonzero(known if mask is None else known & mask)


def _pressure(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    pressure = log["FAPpressure"]
    idle = sections["fap"]["pressure_idle"]["avg_mbar"]
    if idle is not None:
        yield Sign(Code.IDLE_PRESSURE, idle, _known(pressure, log.idle))
    highest = sections["fap"]["pressure"]["max_mbar"]
    if highest is not None:
        top = float(np.nanmax(pressure[log.engine_on]))
        yield Sign(Code.MAX_PRESSURE, highest, np.flatnonzero(log.engine_on & (pressure == top)))
    still = lasting(log, log.engine_off, ENGINE_OFF_SEC)
    rest = stats.median(pressure, still)
    if rest is not None:
        yield Sign(Code.PRESSURE_ENGINE_OFF, rest, _known(pressure, still))


def _temperatures(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    for code, name, key in ((Code.COOLANT_MAX, "Coolant", "coolantTemp"), (Code.OIL_MAX, "OilTemp", "oilTemp")):
        highest = sections["engine"][key]["max_c"]
        if highest is not None:
            yield Sign(code, highest, np.flatnonzero(log[name] == np.nanmax(log[name])))


def _additive(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    remain, volume = sections["fap"]["additive"]["remain_ml"], sections["fap"]["additive"]["vol_ml"]
    if remain is not None and volume != 0:  # without a tank both read 0
        yield Sign(Code.ADDITIVE_REMAINING, remain, _known(log["FAPAdditiveRemain"]))


def _regenerations(log: Log, found: list[Episode], sections: Section) -> Iterator[Sign]:
    interval = sections["fap"]["last10Regen_km"]
    if interval:
        yield Sign(Code.REGEN_INTERVAL, interval, _known(log["Avg10regen"]))
    entries: list[Section] = sections["regens"]
    if not entries:
        return
    longest = max(range(len(entries)), key=lambda index: entries[index]["duration_sec"])
    yield Sign(Code.REGEN_DURATION, entries[longest]["duration_sec"] / 60, _rows(found[longest : longest + 1]))
    runs = [(outcome, list(run)) for outcome, run in groupby(range(len(entries)), lambda i: entries[i]["outcome"])]
    aborted = max((run for outcome, run in runs if outcome == "aborted"), key=len, default=[])
    judged = aborted or [index for index, entry in enumerate(entries) if entry["outcome"] == "complete"]
    if judged:
        yield Sign(Code.REGENS_ABORTED, len(aborted), _rows([found[index] for index in judged]))


def _rows(found: list[Episode]) -> npt.NDArray[np.intp]:
    return np.concatenate([np.arange(episode.first, episode.last + 1) for episode in found])


def _oil(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    dilution = sections["engine"]["oilDilution_perc"]
    if dilution is not None:
        yield Sign(Code.OIL_DILUTION, dilution, _known(log["OilDilution"], log.engine_on))


def _filter_life(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    life = sections["fap"]["life"]
    if life["left_km"] is not None and (life["life_km"] or 0) >= FILTER_LIFE_KNOWN_KM:
        yield Sign(Code.FILTER_LIFE_LEFT, life["left_km"], _known(log["FAPlifeLeft"]))


def _battery(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    before = sections["engine"]["battery"]["beforeDrive_v"]
    if before is not None:
        yield Sign(Code.BATTERY_BEFORE_START, before, _known(log["Battery"], before_start(log)))
    charging = _charging(log)
    if charging is not None:
        yield charging


def _charging(log: Log) -> Sign | None:
    """Of all means over ten minutes of running in one drive the one furthest from a healthy 14.1 V."""
    worst: Sign | None = None
    for drive in log.drives:
        rows = drive.start + np.flatnonzero(log.engine_on[drive] & ~np.isnan(log["Battery"][drive]))
        ran = np.cumsum(log.dt[rows])
        if not len(rows) or ran[-1] < CHARGING_SEC:
            continue
        volts = np.cumsum(log["Battery"][rows] * log.dt[rows])
        ends = np.flatnonzero(ran >= CHARGING_SEC)
        begins = np.searchsorted(ran, ran[ends] - CHARGING_SEC, side="right") - 1
        ran_before = np.where(begins >= 0, ran[begins], 0.0)
        volts_before = np.where(begins >= 0, volts[begins], 0.0)
        means = (volts[ends] - volts_before) / (ran[ends] - ran_before)
        index = int(np.abs(means - CHARGING_GOOD_V).argmax())
        mean = float(means[index])
        if worst is None or abs(mean - CHARGING_GOOD_V) > abs(worst.value - CHARGING_GOOD_V):
            worst = Sign(Code.CHARGING_VOLTAGE, mean, rows[begins[index] + 1 : ends[index] + 1])
    return worst


def _injection(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    section = sections["engine"]["injector"]
    if section["average"] is not None:
        _, rows, ratios = corrections(log)
        if ratios:
            known = {number: section[f"injector{number}"] for number in range(1, 5)}
            values = {number: value for number, value in known.items() if value is not None}
            number = max(values, key=lambda one: abs(values[one] - 1))
            yield Sign(Code.INJECTOR_CORRECTION, values[number], rows, which=str(number))
            yield Sign(Code.INJECTOR_MEAN, section["average"], rows)
    rail = sections["engine"]["fuelPressure"]["avg_diff_idle_bar"]
    if rail is not None:
        yield Sign(Code.RAIL_PRESSURE_IDLE, rail, _known(log["FuelPress"] - log["FuelPressInstr"], log.idle))


def _boost(log: Log, _found: list[Episode], _sections: Section) -> Iterator[Sign]:
    demanded = lasting(log, (log["TurboInstr"] > BOOST_MBAR) & ~log.regenerating, BOOST_SUSTAINED_SEC)
    error = log["Turbopress"] - log["TurboInstr"]
    mean = stats.mean(error, log.dt, demanded)
    if mean is not None:
        yield Sign(Code.BOOST_ERROR, mean, _known(error, demanded))


def _faults(log: Log, _found: list[Episode], sections: Section) -> Iterator[Sign]:
    errors = sections["engine"]["errors"]
    if errors is not None:
        yield Sign(Code.FAULT_CODES, errors, np.flatnonzero(log["Errors"] == np.nanmax(log["Errors"])))


_LOOKS: Final[tuple[Callable[[Log, list[Episode], Section], Iterator[Sign]], ...]] = (
    _pressure,
    _temperatures,
    _additive,
    _regenerations,
    _oil,
    _filter_life,
    _battery,
    _injection,
    _boost,
    _faults,
)
