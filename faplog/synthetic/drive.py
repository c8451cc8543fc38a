"""One drive: moves the car along its road, lets the app log it, and records the truth."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Literal

from faplog.contracts.log_rules import GAP_SEC
from faplog.synthetic.app import DayFile
from faplog.synthetic.car import SOOT_TRIGGER_GL, Car
from faplog.synthetic.road import Kind, legs
from faplog.synthetic.truth import DriveTruth, PauseTruth, RegenTruth

Wish = Literal["complete", "aborted", "unknown"]

AFTER_COMPLETE_SEC = 520.0
"""Longer than the app takes to read the counter again, and than the 400 s an analysis waits for."""
BEFORE_ABORT_SEC = (150.0, 260.0)
MAX_OVERTIME_SEC = 3600.0


@dataclass(frozen=True)
class Trip:
    """A planned drive.

    Attributes:
        start_sec: Start, seconds after midnight.
        kind: Kind of road.
        seconds: Planned duration.
        wish: Outcome of a regeneration that starts in it.
        pauses: How often at most the app pauses.
    """

    start_sec: float
    kind: Kind
    seconds: float
    wish: Wish
    pauses: int = 1


class Drive:
    """Simulation of a trip, step by step. Afterwards `regens`, `pauses` and `end_sec` hold what happened."""

    def __init__(self, trip: Trip, car: Car, file: DayFile, random: Random, index: int) -> None:
        self.trip, self.car, self.file, self.random, self.index = trip, car, file, random, index
        self.dt = file.row_sec
        self.now = trip.start_sec
        self.end_sec = trip.start_sec
        self.hidden_until = 0.0
        self.last_row: float | None = None
        self.seen_km = self.driven_km = self.seen_mg = self.on_sec = 0.0
        self.pauses: list[PauseTruth] = []
        self.regens: list[RegenTruth] = []
        self.regen_ends: list[tuple[float, float]] = []
        """Of each regeneration: when it ended (seconds after midnight), and the engine-on seconds seen until then."""
        self._pending_km = self._pending_mg = self._pending_on = 0.0
        self._rate_before = 0.0
        self._open: tuple[RegenTruth, float] | None = None
        self._ended = 0.0
        self._stop_at: float | None = None

    def run(self) -> DriveTruth:
        """Switch the ignition on, drive, switch it off, and return the truth."""
        car, random = self.car, self.random
        soot, coolant = car.soot_gl, car.coolant_c
        car.running_sec = 0.0
        self.file.start()
        self._stand(random.uniform(14, 28), wake=random.uniform(9, 12))
        car.start()
        self._go()
        car.stop()
        self._watch_regen()
        self._stand(random.uniform(10, 26))
        return DriveTruth(
            start=self._iso(self.trip.start_sec),
            end=self._iso(self.end_sec),
            distance_km=round(self.seen_km, 4),
            driven_km=round(self.driven_km, 4),
            fuel_l=round(self.seen_mg / 837_500.0, 5),
            engine_on_sec=round(self.on_sec, 1),
            soot_start_gl=round(soot, 3),
            soot_end_gl=round(car.soot_gl, 3),
            coolant_start_c=round(coolant, 1),
            cold_start=coolant < 40,
            regen=bool(self.regens),
        )

    def _stand(self, seconds: float, wake: float | None = None) -> None:
        """Stand with the ignition on and the engine off. Until `wake` seconds the ECU answers with pseudo-values."""
        begin = self.now
        while self.now - begin < seconds:
            if wake is not None and self.now - begin > wake:
                self.car.awake = True
            self._tick(0.0)

    def _go(self) -> None:
        """Drive until the planned time is over (a regeneration may shorten or lengthen it), then brake and stop."""
        car, dt = self.car, self.dt
        pauses = self._plan_pauses()
        begin = self.now
        for leg in legs(self.trip.kind, self.random):
            until = self.now + leg.seconds
            while self.now < until:
                if pauses and self.now - begin > pauses[0][0] and not self._regen_is_near():
                    self.hidden_until = self.now + pauses.pop(0)[1]
                self._tick(car.step(dt, leg.target_kmh))
                self._watch_regen()
                if self._over(self.now - begin):
                    break
            else:
                continue
            break
        while car.speed_kmh > 0:
            self._tick(car.step(dt, 0.0))
            self._watch_regen()
        idle = self.now + self.random.uniform(4, 12)
        while self.now < idle:
            self._tick(car.step(dt, 0.0))
            self._watch_regen()

    def _over(self, elapsed: float) -> bool:
        if self._stop_at is not None:
            return self.now >= self._stop_at
        if self.car.regen:
            return False
        return elapsed >= self.trip.seconds

    def _regen_is_near(self) -> bool:
        """Return whether a regeneration may begin within minutes. The app does not pause then, so that it is logged."""
        return self.car.regen or self.car.regen_wanted or self.car.soot_gl > SOOT_TRIGGER_GL - 0.3

    def _plan_pauses(self) -> list[tuple[float, float]]:
        """Return start (seconds after that of the drive) and length of the app's pauses."""
        latest = self.trip.seconds - 200
        count = sum(self.random.random() < 0.5 for _ in range(self.trip.pauses)) if latest > 240 else 0
        lengths = (self.random.choice((self.random.uniform(3, 8), self.random.uniform(14, 150))) for _ in range(count))
        return sorted((self.random.uniform(200, latest), length) for length in lengths)

    def _tick(self, distance_km: float) -> None:
        """Let `dt` pass: write a row unless the app pauses, and add up what a reader of the rows can see."""
        car, dt = self.car, self.dt
        rate, self._rate_before = self._rate_before, car.fuel_mg_s
        if self.last_row is not None:
            self.driven_km += distance_km
            self._pending_km += distance_km
            self._pending_mg += (rate + car.fuel_mg_s) / 2.0 * dt
            self._pending_on += dt if car.engine_on else 0.0
        if self.now >= self.hidden_until:
            self.file.row(self.now, car)
            passed = self.now - self.last_row if self.last_row is not None else 0.0
            if passed <= GAP_SEC:
                self.seen_km += self._pending_km
                self.seen_mg += self._pending_mg
                self.on_sec += self._pending_on
            if self.last_row is not None and passed > 3 * dt:
                self.pauses.append(PauseTruth(start=self._iso(self.last_row), sec=round(passed, 1)))
            self._pending_km = self._pending_mg = self._pending_on = 0.0
            self.last_row = self.end_sec = self.now
        self.now += dt

    def _watch_regen(self) -> None:
        """Open and close the truth of a regeneration as the ECU's flag rises and falls; follow what comes after."""
        car = self.car
        if car.regen and self._open is None:
            self._open = (self._begin(), self.now)
            if self.trip.wish != "complete":
                self._stop_at = self.now + self.random.uniform(*BEFORE_ABORT_SEC)
            else:
                self._stop_at = self.now + MAX_OVERTIME_SEC
        elif self._open is not None:
            regen, since = self._open
            regen["temp_max_c"] = max(regen["temp_max_c"], round(car.fap_c, 1))
            if not car.regen:
                self._end(regen, since)
        elif self.regens:
            self._follow(self.regens[-1])

    def _begin(self) -> RegenTruth:
        car = self.car
        return RegenTruth(
            drive=self.index,
            start=self._iso(self.now),
            end="",
            duration_sec=0.0,
            distance_km=self.driven_km,
            soot_start_gl=round(car.soot_gl, 3),
            soot_end_gl=0.0,
            soot_after_gl=0.0,
            temp_max_c=0.0,
            interval_km=None,
            last_regen_start_km=round(car.last_regen_km, 2),
            outcome="unknown",
            ecu_outcome="aborted",
            reset_shown=False,
            running_after_sec=0.0,
        )

    def _end(self, regen: RegenTruth, since: float) -> None:
        car = self.car
        regen["end"] = self._iso(self.now)
        regen["duration_sec"] = round(self.now - since, 1)
        regen["distance_km"] = round(self.driven_km - regen["distance_km"], 3)
        regen["soot_end_gl"] = regen["soot_after_gl"] = round(car.soot_gl, 3)
        if car.last_regen_km < regen["last_regen_start_km"]:
            regen["ecu_outcome"] = "complete"
            regen["interval_km"] = round(car.last_interval_km, 2)
        self.regens.append(regen)
        self._open = None
        self._ended = self.now
        self.regen_ends.append((self.now, self.on_sec))
        if self.trip.wish == "complete":
            self._stop_at = max(self.now + AFTER_COMPLETE_SEC, self.trip.start_sec + self.trip.seconds)

    def _follow(self, regen: RegenTruth) -> None:
        if self.now - self._ended <= 300:
            regen["soot_after_gl"] = min(regen["soot_after_gl"], round(self.car.soot_gl, 3))

    def _iso(self, at_sec: float) -> str:
        tenths = int(at_sec * 10 + 1e-6)
        at = datetime.combine(self.file.day, time()) + timedelta(milliseconds=tenths * 100)
        return at.isoformat(timespec="milliseconds")[:-2]
