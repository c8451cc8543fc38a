"""What can be wrong with a car, and what a good verdict calls it.

`FAULTS` is the catalogue. Each fault has three degrees and names the codes that are right for it. A fault of the car
(`Wear`) is driven; a fault of a sensor or a counter is written over the log of a healthy car. `log()` makes the log:
the same car for the same seed, log after log.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final, Literal, get_args

from faplog.synthetic import plan
from faplog.synthetic.car import SOOT_TRIGGER_GL, Car
from faplog.synthetic.cells import Cells
from faplog.synthetic.drive import Trip, Wish
from faplog.synthetic.profiles import PRESSURE_INVALID, PROFILES, TEMP_INVALID
from faplog.synthetic.road import Kind
from faplog.synthetic.wear import Wear

Degree = Literal["slight", "clear", "severe"]
DEGREES: Final[tuple[Degree, ...]] = get_args(Degree)
Scene = Literal["drive", "regen", "broken off"]
"""What the log shows: a drive, one in which a regeneration ends well, one in which it is broken off."""

FIRST_DAY: Final = date(2025, 3, 1)
LOGS: Final = 10
"""A car's history has so many logs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a car's history a log stands."""

    number: int
    random: Random

    @property
    def age(self) -> float:
        """From 0 in the first log to 1 in the last."""
        return self.number / (LOGS - 1)


Damage = Callable[[Wear, float], None]
"""Damages the car, by an amount."""
Misreading = Callable[[Cells, float, Place], Cells]
"""Changes what the log says, by an amount."""


@dataclass(frozen=True)
class Fault:
    """One row of the catalogue."""

    name: str
    what: str
    """What the amounts are."""
    codes: tuple[str, ...]
    """The codes any of which is right. Empty: no rule can name it."""
    amounts: tuple[float, float, float]
    """Slight, clear and severe."""
    damage: Damage | None = None
    misreading: Misreading | None = None
    scene: Scene = "drive"
    broken_off: tuple[int, int, int] | None = None
    """Of three regenerations in a row, how many are broken off, for each degree."""
    profiles: tuple[str, ...] = tuple(PROFILES)
    over_logs: bool = False
    """Only the history shows it, no single log."""

    def amount(self, degree: Degree) -> float:
        """How much of the fault that degree is."""
        return self.amounts[DEGREES.index(degree)]

    @property
    def is_driven(self) -> bool:
        """Whether the car has to be driven with it: a healthy car's log does not do."""
        return self.damage is not None or self.broken_off is not None

    def scene_of(self, degree: Degree, number: int) -> Scene:
        """What that log of the history shows."""
        if self.broken_off is None:
            return self.scene
        return "broken off" if number % 3 < self.broken_off[DEGREES.index(degree)] else "regen"


def log(fault: Fault, degree: Degree, seed: int, number: int, profile: str, healthy: Cells | None = None) -> bytes:
    """Return one log of a car with that fault. `healthy` spares driving it where the fault is only written over."""
    amount = fault.amount(degree)
    if healthy is None or fault.is_driven:
        healthy = Cells.parse(healthy_log(seed, number, profile, fault.scene_of(degree, number), fault.damage, amount))
    if fault.misreading is None:
        return healthy.content()
    place = Place(number, Random(f"{fault.name}/{seed}/{number}/{profile}"))
    return fault.misreading(healthy, amount, place).content()


def healthy_log(
    seed: int, number: int, profile: str, scene: Scene = "drive", damage: Damage | None = None, amount: float = 0.0
) -> bytes:
    """Return one log of a healthy car, or of one that is damaged. The first of its history is half an hour's drive."""
    random = Random(f"{seed}/{profile}/{scene}/{number}")
    car = plan.new_car(Random(f"{seed}/{profile}"), "good", 0.0)
    car.random = random
    car.soot_gl, car.last_regen_km = 3.0 + number, 90.0 + 27.0 * number
    car.life_km += 27.0 * number
    if scene != "drive":
        _fill(car, number)
    if damage is not None:
        damage(car.wear, amount)
    on = FIRST_DAY + timedelta(days=number)
    outside = Random(f"{seed}/weather").uniform(-8, 26) + random.uniform(-4, 4)
    return plan.one_day(car, PROFILES[profile], on, random, _trips(random, scene, number), outside)[0]


def _fill(car: Car, number: int) -> None:
    """Let a regeneration be due, and have every third log's life between."""
    car.soot_gl = SOOT_TRIGGER_GL + 0.1
    car.last_regen_km = car.soot_gl * car.random.uniform(26, 29)
    car.life_km += car.last_regen_km * number


def _trips(random: Random, scene: Scene, number: int) -> list[Trip]:
    wish: Wish = "aborted" if scene == "broken off" else "complete"
    if scene != "drive":
        return [Trip(7.5 * 3600, "commute", 900, wish)]
    kind: Kind = ("commute", "errand", "motorway")[number % 3]
    trips = [
        Trip(7.5 * 3600, kind, random.uniform(8, 14) * 60 if kind == "errand" else random.uniform(24, 28) * 60, wish)
    ]
    if number % 2:
        trips.append(Trip(12 * 3600, "errand", random.uniform(6, 12) * 60, wish))
    return trips


# what is damaged in the car


def _set(name: str) -> Damage:
    def damage(wear: Wear, amount: float) -> None:
        setattr(wear, name, amount)

    return damage


# what is misread


def _set_to(name: str, decimals: int = 0) -> Misreading:
    return lambda cells, amount, _: cells.map(name, lambda _: amount, decimals)


def _add(name: str, decimals: int = 0) -> Misreading:
    return lambda cells, amount, _: cells.map(name, lambda value: value + amount, decimals)


def _times(name: str, decimals: int = 0) -> Misreading:
    return lambda cells, amount, _: cells.map(name, lambda value: value * amount, decimals)


def _up_to(name: str) -> Misreading:
    """Let a temperature rise to that, as far as it rose at all."""
    return lambda cells, amount, _: cells.map(name, lambda value: value * max(1.0, amount / cells.highest(name)))


def _stuck_at(name: str, low: float, high: float) -> Misreading:
    """Hold one value in the last `amount` of the log."""

    def misread(cells: Cells, amount: float, place: Place) -> Cells:
        value = round(place.random.uniform(low, high))
        return cells.map(name, lambda _: value, since=1.0 - amount)

    return misread


def _no_value(name: str, text: str) -> Misreading:
    """Answer "no value" in that share of the rows, in one piece at the end."""

    def misread(cells: Cells, amount: float, _: Place) -> Cells:
        old = cells.columns[name]
        first = round((1.0 - amount) * len(old))
        return cells.with_column(name, [cell if row < first or not cell else text for row, cell in enumerate(old)])

    return misread


def _dead_pressure(cells: Cells, amount: float, place: Place) -> Cells:
    """Read nothing but the sensor's own noise in the last `amount` of the log."""
    return cells.map("FAPpressure", lambda _: place.random.choice((0, 0, 0, 1)), since=1.0 - amount)


def _hose_off(cells: Cells, amount: float, place: Place) -> Cells:
    """Read only that share of the pressure, and a little wind."""
    return cells.map("FAPpressure", lambda value: value * amount + place.random.choice((0, 0, 1)))


def _hose_blocked(cells: Cells, amount: float, _: Place) -> Cells:
    """Let the pressure creep after the true one: about `amount` seconds late."""
    state: list[float] = []

    def creep(value: float) -> float:
        if not state:
            state.append(value)
        state[0] += (value - state[0]) * min(1.0, 3.5 / amount)
        return state[0]

    return cells.map("FAPpressure", creep)


def _before_start(cells: Cells, amount: float, _: Place) -> Cells:
    resting = [not running for running in cells.running()]
    return cells.where("Battery", resting, lambda _: amount, 2)


def _charging(cells: Cells, amount: float, _: Place) -> Cells:
    shift = amount - 14.4
    return cells.where("Battery", cells.running(), lambda value: value + shift, 2)


def _injector(name: str) -> Misreading:
    return lambda cells, amount, _: cells.map(name, lambda value: value and value + amount - 1.0, 2)


def _all_injectors(cells: Cells, amount: float, place: Place) -> Cells:
    for number in range(1, 5):
        cells = _injector(f"Inj.{number}FlowCorr")(cells, amount, place)
    return cells


def _ash(cells: Cells, amount: float, place: Place) -> Cells:
    return _set_to("FAPdeposits")(_set_to("FAPcinder")(cells, amount, place), amount * 0.9, place)


def _rising_pressure(cells: Cells, amount: float, place: Place) -> Cells:
    return _times("FAPpressure")(cells, 1.0 + amount / 100.0 * place.age, place)


def _shorter_intervals(cells: Cells, amount: float, place: Place) -> Cells:
    """The last four regenerations come sooner by that many per cent."""
    if place.number < LOGS - 4:
        return cells
    share = 1.0 - amount / 100.0
    return cells.map("LastRegen", lambda value: value * share if value > 60 else value)


def _more_soot(amount: float) -> float:
    """Return how many times the usual soot an engine makes whose EGR valve is stuck so far open."""
    return 1.0 + amount / 40.0


def _stuck_egr(wear: Wear, amount: float) -> None:
    wear.egr_stuck_perc, wear.soot_factor = amount, _more_soot(amount)


def _sooty_history(cells: Cells, amount: float, _: Place) -> Cells:
    return cells.map("Avg10regen", lambda value: value / _more_soot(amount))


_FLAT: Final = ("pressure_not_following_flow", "restriction_low", "sensor_stuck")
_UNREADABLE: Final = (*_FLAT, "pressure_unreadable")
_STUCK: Final = ("sensor_stuck",)
_BLOCKED: Final = ("restriction_high", "max_pressure", "idle_pressure")
_DCM62: Final = ("DCM62v2",)
"""The profile whose injector corrections are ratios (the other's have no known unit, and are not judged), and that
knows the oil's dilution."""

FAULTS: Final[dict[str, Fault]] = {
    fault.name: fault
    for fault in (
        # the filter
        Fault("filter blocking", "kv", _BLOCKED, (0.38, 0.65, 1.25), damage=_set("restriction_clean")),
        Fault("filter gutted", "share of the pressure", _FLAT, (0.4, 0.1, 0.04), misreading=_times("FAPpressure")),
        Fault("filter full of ash", "% of the maximum", ("ash_share",), (70, 88, 112), misreading=_ash),
        Fault(
            "filter at its end",
            "km left",
            ("filter_life_left",),
            (60_000, 30_000, 3_000),
            misreading=_set_to("FAPlifeLeft"),
        ),
        Fault(
            "filter getting fuller",
            "% over ten logs",
            ("restriction_rise",),
            (8, 45, 110),
            misreading=_rising_pressure,
            scene="regen",
            over_logs=True,
        ),
        # regenerations
        Fault(
            "regenerations too often",
            "km apart",
            ("regen_interval",),
            (330, 260, 120),
            misreading=_set_to("Avg10regen"),
        ),
        Fault(
            "regenerations come sooner",
            "% sooner",
            ("interval_drop", "regen_interval"),
            (12, 45, 75),
            misreading=_shorter_intervals,
            scene="regen",
            over_logs=True,
        ),
        Fault(
            "regenerations too slow",
            "share of the usual rate",
            ("regen_duration",),
            (0.5, 0.34, 0.25),
            damage=_set("burn_factor"),
            scene="regen",
        ),
        Fault(
            "regenerations broken off",
            "of three",
            ("regens_aborted", "regens_aborted_share"),
            (1, 2, 3),
            scene="regen",
            broken_off=(1, 2, 3),
        ),
        Fault(
            "additive running out",
            "ml",
            ("additive_remaining",),
            (330, 200, 0),
            misreading=_set_to("FAPAdditiveRemain"),
        ),
        # the engine
        Fault("overheating", "°C coolant", ("coolant_max",), (101, 106, 115), misreading=_up_to("Coolant")),
        Fault("oil too hot", "°C", ("oil_max",), (112, 119, 131), misreading=_up_to("OilTemp")),
        Fault("thermostat stuck open", "°C", ("never_warm",), (77, 66, 52), damage=_set("thermostat_c")),
        Fault(
            "oil thinned by fuel", "%", ("oil_dilution",), (4, 6, 9), misreading=_set_to("OilDilution"), profiles=_DCM62
        ),
        Fault(
            "battery weak",
            "V before the start",
            ("battery_before_start",),
            (12.1, 11.8, 11.3),
            misreading=_before_start,
        ),
        Fault("charging too low", "V", ("charging_voltage",), (13.4, 13.0, 12.3), misreading=_charging),
        Fault("charging too high", "V", ("charging_voltage",), (14.9, 15.2, 15.8), misreading=_charging),
        Fault(
            "injector tired",
            "correction, beside its own",
            ("injector_correction",),
            (0.98, 0.85, 0.7),
            misreading=_injector("Inj.2FlowCorr"),
            profiles=_DCM62,
        ),
        Fault(
            "injectors all off",
            "correction, beside their own",
            ("injector_mean", "injector_correction"),
            (1.03, 1.08, 1.15),
            misreading=_all_injectors,
            profiles=_DCM62,
        ),
        Fault("rail pressure low", "bar", ("rail_pressure_idle",), (-9, -28, -80), misreading=_add("FuelPress")),
        Fault(
            "boost leak",
            "share of the boost that arrives",
            ("boost_error",),
            (0.85, 0.4, 0.1),
            damage=_set("boost_share"),
        ),
        Fault(
            "EGR stuck",
            "% open",
            ("egr_error", "regen_interval"),
            (10, 35, 60),
            damage=_stuck_egr,
            misreading=_sooty_history,
        ),
        Fault("fault codes stored", "codes", ("fault_codes",), (1, 3, 9), misreading=_set_to("Errors")),
        # the pressure sensor
        Fault("pressure sensor dead", "share of the log", _FLAT, (0.3, 0.8, 1.0), misreading=_dead_pressure),
        Fault(
            "pressure sensor gives no value",
            "share of the log",
            _UNREADABLE,
            (0.3, 0.8, 1.0),
            misreading=_no_value("FAPpressure", PRESSURE_INVALID),
        ),
        Fault(
            "pressure sensor stuck",
            "share of the log",
            (*_FLAT, "pressure_engine_off"),
            (0.3, 0.8, 1.0),
            misreading=_stuck_at("FAPpressure", 4, 60),
        ),
        Fault(
            "pressure sensor's zero drifted",
            "mbar",
            ("pressure_engine_off",),
            (4, 8, 20),
            misreading=_add("FAPpressure"),
        ),
        Fault(
            "pressure hoses swapped",
            "times the pressure",
            _UNREADABLE,
            (-0.1, -0.4, -1.0),
            misreading=_times("FAPpressure"),
        ),
        Fault("pressure hose off", "share of the pressure", _FLAT, (0.4, 0.08, 0.0), misreading=_hose_off),
        Fault("pressure hose blocked", "seconds late", _FLAT, (8, 300, 3000), misreading=_hose_blocked),
        # the other sensors
        Fault(
            "filter temperature gives no value",
            "share of the log",
            _STUCK,
            (0.3, 0.8, 1.0),
            misreading=_no_value("FAPtemp", TEMP_INVALID),
        ),
        Fault(
            "filter temperature stuck",
            "share of the log",
            _STUCK,
            (0.3, 0.8, 1.0),
            misreading=_stuck_at("FAPtemp", -30, 300),
        ),
        Fault("filter temperature drifted", "°C", (), (40, 150, 350), misreading=_add("FAPtemp")),
        Fault("air meter dead", "mg", _STUCK, (0.3, 0.8, 1.0), misreading=_stuck_at("AirFlow", 0, 0)),
        Fault(
            "air meter stuck", "share of the log", _STUCK, (0.3, 0.8, 1.0), misreading=_stuck_at("AirFlow", 350, 900)
        ),
        Fault(
            "air meter drifted",
            "times the air",
            ("restriction_high", "restriction_low"),
            (0.8, 0.35, 0.2),
            misreading=_times("AirFlow"),
        ),
        Fault(
            "coolant sensor stuck",
            "share of the log",
            _STUCK,
            (0.3, 0.8, 1.0),
            misreading=_stuck_at("Coolant", -40, 39),
        ),
        Fault("coolant sensor drifted", "°C", ("coolant_max", "never_warm"), (8, 18, 30), misreading=_add("Coolant")),
        Fault(
            "oil sensor stuck", "share of the log", _STUCK, (0.3, 0.8, 1.0), misreading=_stuck_at("OilTemp", -40, 39)
        ),
        Fault("oil sensor drifted", "°C", ("oil_max",), (15, 30, 50), misreading=_add("OilTemp")),
    )
}
"""Every fault by its name."""
