"""Signs: the value that each row of the table of limits is judged by, and the rows it was taken from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from faplog.contracts.catalogue import Named
from faplog.contracts.limits import FILTER_LIFE_KNOWN_KM, LIMITS, Code, Severity

from . import stats
from .engine import before_start, boosted, corrections
from .log import Log, Mask
from .reading import Floats
from .regen import Episode
from .sections import Section
from .warmup import never_warm

ENGINE_OFF_SEC: Final = 10.0
BOOST_ROWS: Final = 60
"""Least number of rows under boost that its error is judged by."""
EGR_SETTLED_SEC: Final = 5.0
"""After this long the valve has followed its demand, and both have been read again."""
EGR_OPEN_PERC: Final = 5.0
"""Demand from which on the valve must be open."""
EGR_ROWS: Final = 30
CHARGING_SEC: Final = 600.0
IDLE_SEC: Final = 60.0
"""The shortest idle that counts: in less, the engine is slowing down and the pressure still that of the former flow."""
SETTLED_IDLE_SEC: Final = 5.0
SETTLED_ROWS: Final = 10
IDLE_ROWS: Final = 30
"""Rows of settled idle that the rail pressure is judged by, and rows of any idle if fewer are settled."""
CHARGING_GOOD_V: Final = 14.1


@dataclass(frozen=True, slots=True)
class Sign:
    """A value for a finding.

    Attributes:
        code: What it is about.
        value: The value, in the unit of its limit.
        rows: The rows it was taken from.
        which: Sensors or injectors it is about, the worst first.
        flow_m3h: For the highest pressure: the exhaust flow at that moment.
    """

    code: Code
    value: float
    rows: npt.NDArray[np.intp]
    which: tuple[Named, ...] = ()
    flow_m3h: float | None = None

    @property
    def rounded(self) -> float:
        """The value, rounded as it is judged and shown."""
        decimals = LIMITS[self.code].decimals
        return round(float(self.value), decimals) if decimals else round(float(self.value))


@dataclass(frozen=True, slots=True)
class Observed:
    """Input of the signs: the log, its regenerations, its sections, and the exhaust flow (m³/h)."""

    log: Log
    episodes: list[Episode]
    sections: Section
    flow: Floats


def signs(seen: Observed) -> Iterator[Sign]:
    """Yield every sign of filter and engine, in the order of the table of limits."""
    for rule in _RULES:
        yield from rule(seen)


def lasting(log: Log, mask: Mask, seconds: float) -> Mask:
    """Return the rows at which the mask has held for that long without a gap."""
    begins = np.ones(len(mask), bool)
    begins[1:] = ~mask[:-1] | log.gap[1:]
    begin = np.maximum.accumulate(np.where(begins, np.arange(len(mask)), 0))
    return np.asarray(mask & (log.t - log.t[begin] >= seconds))


def _known_rows(values: Floats, mask: Mask | None = None) -> npt.NDArray[np.intp]:
    known = ~np.isnan(values)
    return np.flatnonzero(known if mask is None else known & mask)


def _kv(seen: Observed) -> float | None:
    """Return the resistance before the first regeneration; where that is not known, after the last one."""
    section = seen.sections["restriction"]
    kv: float | None = section["kv_afterRegen"] if section["kv"] is None else section["kv"]
    return kv


def _resists(kv: float | None) -> bool:
    """Return False only if the filter is known to have far too little resistance."""
    return kv is None or LIMITS[Code.RESTRICTION_LOW].judge(kv) is Severity.GOOD


def _restriction(seen: Observed) -> Iterator[Sign]:
    kv = _kv(seen)
    if kv is not None:
        rows = _known_rows(seen.log["FAPpressure"], seen.log.engine_on)
        yield Sign(Code.RESTRICTION_LOW, kv, rows)
        if _resists(kv):
            yield Sign(Code.RESTRICTION_HIGH, kv, rows)


def _pressure(seen: Observed) -> Iterator[Sign]:
    """Yield the pressures. Where the filter resists far too little, a low pressure does not count as good."""
    log, fap = seen.log, seen.sections["fap"]
    pressure, resists = log["FAPpressure"], _resists(_kv(seen))
    idle, highest = fap["pressure_idle"]["avg_mbar"], fap["pressure"]["max_mbar"]
    if idle is not None and resists and log.dt[log.idle].sum() >= IDLE_SEC:
        yield Sign(Code.IDLE_PRESSURE, idle, _known_rows(pressure, log.idle))
    if highest is not None and resists:
        top = np.flatnonzero(log.engine_on & (pressure == np.nanmax(pressure[log.engine_on])))
        flow = float(seen.flow[top[0]])
        yield Sign(Code.MAX_PRESSURE, highest, top, flow_m3h=flow if np.isfinite(flow) else None)
    still = lasting(log, log.engine_off & ~log.driving, ENGINE_OFF_SEC)  # a car that moves: Revs may be dead
    rest = stats.median(pressure, still)
    if rest is not None:
        yield Sign(Code.PRESSURE_ENGINE_OFF, rest, _known_rows(pressure, still))


def _temperatures(seen: Observed) -> Iterator[Sign]:
    for code, name, key in ((Code.COOLANT_MAX, "Coolant", "coolantTemp"), (Code.OIL_MAX, "OilTemp", "oilTemp")):
        highest = seen.sections["engine"][key]["max_c"]
        if highest is not None:
            yield Sign(code, highest, np.flatnonzero(seen.log[name] == np.nanmax(seen.log[name])))
    coolant = never_warm(seen.log)
    if coolant is not None:
        yield Sign(Code.NEVER_WARM, *coolant)


def _additive(seen: Observed) -> Iterator[Sign]:
    additive = seen.sections["fap"]["additive"]
    remain = additive["remain_ml"]
    if remain is not None and additive["vol_ml"] != 0:  # without a tank both read 0
        yield Sign(Code.ADDITIVE_REMAINING, remain, _known_rows(seen.log["FAPAdditiveRemain"]))


def _regenerations(seen: Observed) -> Iterator[Sign]:
    episodes, sections = seen.episodes, seen.sections
    interval = sections["fap"]["last10Regen_km"]
    if interval:
        yield Sign(Code.REGEN_INTERVAL, interval, _known_rows(seen.log["Avg10regen"]))
    entries: list[Section] = sections["regens"]
    on_the_road = [index for index, entry in enumerate(entries) if not entry["service"]]
    if on_the_road:
        longest = max(on_the_road, key=lambda index: entries[index]["duration_sec"])
        minutes = entries[longest]["duration_sec"] / 60
        yield Sign(Code.REGEN_DURATION, minutes, _rows_of(episodes[longest : longest + 1]))
    runs = [(outcome, list(run)) for outcome, run in groupby(range(len(entries)), lambda i: entries[i]["outcome"])]
    aborted = max((run for outcome, run in runs if outcome == "aborted"), key=len, default=[])
    judged = aborted or [index for index, entry in enumerate(entries) if entry["outcome"] == "complete"]
    if judged:
        yield Sign(Code.REGENS_ABORTED, len(aborted), _rows_of([episodes[index] for index in judged]))


def _rows_of(episodes: list[Episode]) -> npt.NDArray[np.intp]:
    return np.concatenate([np.arange(episode.first, episode.last + 1) for episode in episodes])


def _oil(seen: Observed) -> Iterator[Sign]:
    dilution = seen.sections["engine"]["oilDilution_perc"]
    if dilution is not None:
        yield Sign(Code.OIL_DILUTION, dilution, _known_rows(seen.log["OilDilution"], seen.log.engine_on))


def _filter_life(seen: Observed) -> Iterator[Sign]:
    fap = seen.sections["fap"]
    life, ash = fap["life"], fap["deposits"]["percentage_perc"]
    if life["left_km"] is not None and (life["life_km"] or 0) >= FILTER_LIFE_KNOWN_KM:
        yield Sign(Code.FILTER_LIFE_LEFT, life["left_km"], _known_rows(seen.log["FAPlifeLeft"]))
    if ash is not None:
        yield Sign(Code.ASH_SHARE, ash, _known_rows(seen.log["FAPcinder"]))


def _battery(seen: Observed) -> Iterator[Sign]:
    before = seen.sections["engine"]["battery"]["beforeDrive_v"]
    if before is not None:
        yield Sign(Code.BATTERY_BEFORE_START, before, _known_rows(seen.log["Battery"], before_start(seen.log)))
    charging = _charging(seen.log)
    if charging is not None:
        yield charging


def _charging(log: Log) -> Sign | None:
    """Return the mean over ten minutes of running in one drive that is furthest from a healthy 14.1 V."""
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


def _injection(seen: Observed) -> Iterator[Sign]:
    section = seen.sections["engine"]["injector"]
    if section["average"] is not None:
        _, rows, ratios = corrections(seen.log)
        if ratios:
            which = _injectors(section)
            yield Sign(Code.INJECTOR_CORRECTION, which[0].value, rows, which=which)
            yield Sign(Code.INJECTOR_MEAN, section["average"], rows)
    yield from _rail(seen)


def _rail(seen: Observed) -> Iterator[Sign]:
    """Yield the mean error of the rail pressure at idle; where mean or median is beyond its limits, the median.

    Demand and reading are polled one after the other, so while the revs fall to idle they belong to different moments.
    A few such rows spoil a mean. The median is that of settled idle, or of all idle where little of it is settled.
    """
    log, limit = seen.log, LIMITS[Code.RAIL_PRESSURE_IDLE]
    mean = seen.sections["engine"]["fuelPressure"]["avg_diff_idle_bar"]
    if mean is None:
        return
    error = log["FuelPress"] - log["FuelPressInstr"]
    idle = _known_rows(error, log.idle)
    settled = _known_rows(error, lasting(log, log.idle, SETTLED_IDLE_SEC))
    rows = settled if len(settled) >= SETTLED_ROWS else idle
    fine = limit.judge(mean) is Severity.GOOD
    if len(rows) >= (SETTLED_ROWS if rows is settled else IDLE_ROWS):
        median = float(np.median(error[rows]))
        if not fine or limit.judge(median) is not Severity.GOOD:
            yield Sign(limit.code, median, rows)
            return
    if fine:
        yield Sign(limit.code, mean, idle)


def _injectors(section: Section) -> tuple[Named, ...]:
    """Return the injectors outside their limits, the furthest from 1 first; if all are good, only the furthest."""
    values = [Named(str(number), section[f"injector{number}"]) for number in range(1, 5)]
    known = sorted((one for one in values if one.value is not None), key=lambda one: -abs(one.value - 1))
    limit = LIMITS[Code.INJECTOR_CORRECTION]
    return tuple(one for one in known if limit.judge(one.value) is not Severity.GOOD) or (known[0],)


def _boost(seen: Observed) -> Iterator[Sign]:
    """Yield the mean boost error over all rows in which boost is asked for or there.

    The app reads boost and demand seconds apart. The errors while the demand rises and while it falls cancel out in
    that mean.
    """
    error = seen.sections["engine"]["boost"]["avg_diff_mbar"]
    rows = _known_rows(seen.log["Turbopress"] - seen.log["TurboInstr"], boosted(seen.log))
    if error is not None and len(rows) >= BOOST_ROWS:
        yield Sign(Code.BOOST_ERROR, error, rows)


def _egr(seen: Observed) -> Iterator[Sign]:
    """Yield the larger error of the EGR valve: while it must be shut, or while it must be open."""
    log = seen.log
    error = log["EGRpos"] - log["EGRposInstr"]
    running = log.engine_on & ~log.regenerating & ~np.isnan(error)
    worst: Sign | None = None
    for demanded in (log["EGRposInstr"] == 0, log["EGRposInstr"] >= EGR_OPEN_PERC):
        rows = np.flatnonzero(lasting(log, running & demanded, EGR_SETTLED_SEC))
        if len(rows) < EGR_ROWS:
            continue
        sign = Sign(Code.EGR_ERROR, float(np.median(error[rows])), rows)
        if worst is None or abs(sign.value) > abs(worst.value):
            worst = sign
    if worst is not None:
        yield worst


def _faults(seen: Observed) -> Iterator[Sign]:
    errors = seen.sections["engine"]["errors"]
    if errors is not None:
        yield Sign(Code.FAULT_CODES, errors, np.flatnonzero(seen.log["Errors"] == np.nanmax(seen.log["Errors"])))


_RULES: Final[tuple[Callable[[Observed], Iterator[Sign]], ...]] = (
    _restriction,
    _pressure,
    _temperatures,
    _additive,
    _regenerations,
    _oil,
    _filter_life,
    _battery,
    _injection,
    _boost,
    _egr,
    _faults,
)
