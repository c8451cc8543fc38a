"""Years of one car: what its counters show on the days it is logged, and at which kilometre they reach a limit.

A day is one step: kilometres, fuel, a refill of the tank now and then, ash. The rates are never constant: winters,
trips, a driver who moves house, an engine that begins to burn oil. `Life.log()` makes a real log of such a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import cos, exp, pi
from random import Random
from typing import Final, NamedTuple

from faplog.synthetic import plan
from faplog.synthetic.drive import Trip
from faplog.synthetic.profiles import PROFILES

TANK_ML: Final = 1260
FIRST_DAY: Final = date(2012, 1, 1)
LONGEST_KM: Final = 700_000.0
"""A life ends here at the latest."""

LOG_MINUTES: Final = 2.0
"""How long a log has to be for the app to have read every counter."""


class Reading(NamedTuple):
    """What the counters show in one log; None where the app stopped before it read them."""

    day: date
    filter_km: int | None
    additive_ml: int | None
    ash_perc: int | None
    driven_km: float
    """True odometer on the filter at the end of the log."""


@dataclass(frozen=True)
class Reached:
    """When a counter first shows a limit."""

    km: float
    day: date


@dataclass(frozen=True)
class Life:
    """A car's logs in the order of their days, and the truth."""

    seed: int
    profile: str
    readings: list[Reading]
    additive: dict[int, Reached]
    """By limit in ml."""
    ash: dict[int, Reached]
    """By limit in per cent."""

    def log(self, reading: Reading) -> bytes:
        """Return a log of that day: a short drive in which the app reads every counter."""
        random = Random(f"{self.seed}/{reading.day}")
        car = plan.new_car(random, "good", 0.0)
        car.soot_gl, car.last_regen_km = random.uniform(3, 5), random.uniform(80, 130)
        car.life_km = reading.filter_km if reading.filter_km is not None else reading.driven_km
        car.additive_ml = reading.additive_ml if reading.additive_ml is not None else 0.0
        car.ash_perc = reading.ash_perc if reading.ash_perc is not None else 0.0
        trips = [Trip(random.uniform(7, 18) * 3600, "errand", LOG_MINUTES * 60, "complete", pauses=0)]
        return plan.one_day(car, PROFILES[self.profile], reading.day, random, trips, outside_c=random.uniform(-2, 25))[
            0
        ]


class Habits(NamedTuple):
    """How a car is used, and what it needs. Drawn once for each car."""

    commute_km: float
    weekend_km: float
    fuel_l100km: float
    dose_ml_l: float
    """Additive for each litre of fuel."""
    ash_perc_1000km: float
    oil_ages: float
    """By how much more ash the engine makes at 200,000 km."""
    logs_per_day: float


def habits(random: Random) -> Habits:
    """Return the habits of a car: from 8,000 to 40,000 km a year, a log on every second day or twice a month."""
    return Habits(
        commute_km=random.uniform(12, 90),
        weekend_km=random.uniform(10, 90),
        fuel_l100km=random.uniform(4.8, 7.5),
        dose_ml_l=random.uniform(0.12, 0.7),
        ash_perc_1000km=random.uniform(0.3, 0.9),
        oil_ages=random.choice((0.0, 0.0, random.uniform(0.1, 0.6))),
        logs_per_day=random.choice((0.07, 0.15, 0.3, 0.5)),
    )


def life(seed: int, additive: tuple[int, ...] = (300, 100), ash: tuple[int, ...] = (80, 100)) -> Life:
    """Return the life of a car from a new filter and a full tank of additive until every limit is reached.

    Args:
        seed: The same for the same life.
        additive: Limits in ml, from above.
        ash: Limits in per cent, from below.
    """
    random = Random(f"life/{seed}")
    profile = sorted(PROFILES)[seed % len(PROFILES)]
    readings: list[Reading] = []
    additive_reached: dict[int, Reached] = {}
    ash_reached: dict[int, Reached] = {}
    for step in _days(random, habits(random)):
        if step.reading is not None:
            readings.append(step.reading)
        reached = Reached(step.km, step.day)
        for limit in additive:
            if round(step.additive_ml) <= limit:
                additive_reached.setdefault(limit, reached)
        for limit in ash:
            if round(step.ash_perc) >= limit:
                ash_reached.setdefault(limit, reached)
        if len(additive_reached) == len(additive) and len(ash_reached) == len(ash):
            break
    return Life(seed, profile, readings, additive_reached, ash_reached)


class _Day(NamedTuple):
    day: date
    km: float
    additive_ml: float
    ash_perc: float
    reading: Reading | None


def _days(random: Random, car: Habits) -> Iterator[_Day]:
    """Yield the days of a life, each with the state at its end."""
    day = FIRST_DAY + timedelta(days=random.randrange(365))
    km, additive_ml, ash_perc, used_l, refill_l = 0.0, float(TANK_ML), 0.0, 0.0, random.uniform(28, 50)
    use, thirst, oil, logging = 1.0, 1.0, 0.0, True
    while km < LONGEST_KM:
        day += timedelta(days=1)
        if random.random() < 1 / 1200:  # another job, another home
            use, thirst = random.uniform(0.6, 1.6), random.uniform(0.9, 1.12)
        if random.random() < 1 / 90:
            logging = random.random() < 0.8
        today = _km(random, car, day) * use
        winter = 1 + 0.07 * cos(2 * pi * (day.timetuple().tm_yday - 20) / 365)
        long_trip = 0.88 if today > 200 else 1.0
        litres = today / 100 * car.fuel_l100km * winter * thirst * long_trip * random.uniform(0.88, 1.12)
        kept = exp(-today / 8000)
        oil = oil * kept + random.gauss(0, 0.2) * (1 - kept * kept) ** 0.5
        ages = 1 + car.oil_ages * km / 200_000
        ash_perc += car.ash_perc_1000km * ages * (today * exp(oil) * 0.6 + litres * 100 / car.fuel_l100km * 0.4) / 1000
        km, used_l = km + today, used_l + litres
        if used_l >= refill_l:
            additive_ml = max(0.0, additive_ml - used_l * car.dose_ml_l * random.uniform(0.95, 1.05))
            used_l, refill_l = 0.0, random.uniform(28, 50)
        reading = None
        if today and logging and random.random() < car.logs_per_day:
            if random.random() < 0.08:
                reading = Reading(day, None, None, None, km)
            else:
                reading = Reading(day, int(km), round(additive_ml), min(round(ash_perc), 254), km)
        yield _Day(day, km, additive_ml, ash_perc, reading)


def _km(random: Random, car: Habits, day: date) -> float:
    """Return the distance of a day: to work and back, errands at the weekend, holidays in July and at Christmas."""
    week = day.isocalendar().week
    if week in (29, 30, 31, 52):
        return random.choice((0.0, 0.0, random.uniform(5, 60), random.uniform(150, 700)))
    if day.weekday() < 5:
        return 0.0 if random.random() < 0.12 else car.commute_km * random.uniform(0.85, 1.25)
    return random.choice((0.0, car.weekend_km * random.uniform(0.2, 2.0)))
