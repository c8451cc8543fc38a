"""A clean drive log: rows in the order of time, implausible cells void, the steps and states every figure rests on."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from faplog.contracts import log_rules

from .reading import Floats
from .text import Integers

Mask = npt.NDArray[np.bool_]

GAP_SEC: Final = log_rules.GAP_SEC
"""A longer step is a gap: nothing is integrated over it."""

DRIVE_GAP_SEC: Final = 300.0
"""A gap this long ends a drive."""

IDLE_RPM: Final = 1000.0
"""Idle means standing with the engine on and below this."""

DIESEL_KG_L: Final = 0.8375
LITRES_PER_MG: Final = 1e-6 / DIESEL_KG_L


@dataclass(frozen=True)
class Log:
    """The cleaned log. Row i stands for the step from row i−1 to it, of `dt[i]` seconds (0 over a gap)."""

    clock_ms: Integers
    """Local wall clock, ms since 1970-01-01, rising."""
    columns: dict[str, Floats]
    """The known columns by name; a void cell is NaN."""
    written_ms: Integers | None = None
    """The clock as written, before jumps were taken out; None where it is `clock_ms`."""

    def __getitem__(self, name: str) -> Floats:
        """Return a column's values; all NaN for a column the file does not have."""
        column = self.columns.get(name)
        return self._nothing if column is None else column

    def unknown(self, name: str) -> bool:
        """Return whether a column is missing or has no value at all."""
        column = self.columns.get(name)
        return column is None or bool(np.isnan(column).all())

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.clock_ms)

    @cached_property
    def _nothing(self) -> Floats:
        return np.full(len(self), np.nan)

    @cached_property
    def t(self) -> Floats:
        """Seconds since the first row."""
        return np.asarray((self.clock_ms - self.clock_ms[0]) / 1000.0)

    @cached_property
    def step(self) -> Floats:
        """Seconds since the row before, gaps included; 0 for the first row."""
        return np.diff(self.t, prepend=0.0)

    @cached_property
    def gap(self) -> Mask:
        """Rows that follow a gap."""
        return self.step > GAP_SEC

    @cached_property
    def dt(self) -> Floats:
        """Seconds a row stands for: its step, 0 over a gap. The weight of every average."""
        return np.where(self.gap, 0.0, self.step)

    @cached_property
    def drives(self) -> list[slice]:
        """The rows of each drive."""
        cuts = [0, *np.flatnonzero(self.step >= DRIVE_GAP_SEC).tolist(), len(self)]
        return [slice(start, end) for start, end in pairwise(cuts)]

    @cached_property
    def drive_start(self) -> Integers:
        """For each row the first row of its drive."""
        return np.maximum.accumulate(np.where(self.step >= DRIVE_GAP_SEC, np.arange(len(self)), 0))

    @cached_property
    def engine_on(self) -> Mask:
        """Rows with the engine turning. A void Revs is neither on nor off."""
        return np.asarray(self["Revs"] > 0)

    @cached_property
    def engine_off(self) -> Mask:
        """Rows with the engine known to stand still."""
        return np.asarray(self["Revs"] == 0)

    @cached_property
    def driving(self) -> Mask:
        """Rows with the car moving."""
        return np.asarray(self["Speed"] > 0)

    @cached_property
    def standing(self) -> Mask:
        """Rows with the engine on and the car not moving."""
        return np.asarray(self.engine_on & (self["Speed"] == 0))

    @cached_property
    def idle(self) -> Mask:
        """Rows standing below 1000 rpm."""
        return np.asarray(self.standing & (self["Revs"] < IDLE_RPM))

    @cached_property
    def regenerating(self) -> Mask:
        """Rows with the regeneration flag set; a void flag keeps the state before it, within its drive."""
        return np.asarray(self.held(self["REGEN"]) == 1)

    @cached_property
    def km(self) -> Floats:
        """Kilometres driven in each step (trapezoid of Speed); NaN where one of its two speeds is void."""
        return self._integrated(self["Speed"]) / 3600.0

    @cached_property
    def fuel_mg_sec(self) -> Floats:
        """Fuel rate, mg/s: fuel per stroke times two injections a revolution (a four-stroke with four cylinders)."""
        return self["InjFlow"] * self["Revs"] * (2 / 60)

    @cached_property
    def litres(self) -> Floats:
        """Fuel burnt in each step, litres, by the trapezoid; NaN where it is unknown."""
        return self._integrated(self.fuel_mg_sec) * LITRES_PER_MG

    @cached_property
    def consumed(self) -> Mask:
        """Steps of which distance and fuel are both known."""
        return np.asarray(~(np.isnan(self.km) | np.isnan(self.litres)))

    def _integrated(self, rate: Floats) -> Floats:
        """Return the trapezoid of each step: 0 over a gap, NaN where a value is void or all steps are gaps."""
        if not self.dt.any():
            return self._nothing
        area = np.zeros(len(rate))
        area[1:] = rate[1:] + rate[:-1]
        area[1:] *= self.dt[1:] * 0.5
        area[np.isnan(rate) & (self.dt == 0)] = np.nan
        area[self.gap & ~np.isnan(rate)] = 0.0
        return area

    def held(self, values: Floats) -> Floats:
        """Return the values with void cells filled by the last value before them in the same drive."""
        rows = np.where(np.isnan(values), -1, np.arange(len(values)))
        last = np.maximum.accumulate(rows)
        return np.where(last >= self.drive_start, values[last], np.nan)

    def at(self, row: int) -> str:
        """Return the wall clock of a row, ISO 8601, cut off to the second."""
        return str(np.datetime64(int(self.clock_ms[row]) // 1000, "s"))
