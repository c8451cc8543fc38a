"""What the road asks of the driver: target speeds, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

Kind = Literal["errand", "commute", "motorway"]


@dataclass(frozen=True)
class Leg:
    """Hold a target speed for some seconds, counted from the moment it is asked for."""

    target_kmh: float
    seconds: float


def legs(kind: Kind, random: Random) -> Iterator[Leg]:
    """An endless road: out of town first, then what the kind of drive is made of. The driver decides when to stop."""
    yield Leg(0, random.uniform(4, 15))
    yield from _town(random, 150 if kind == "motorway" else 210)
    while True:
        if kind == "errand":
            yield from _town(random, 240)
        elif kind == "commute":
            yield from _country(random, 420)
            yield from _town(random, 60)
        else:
            yield from _motorway(random, 900)


def _town(random: Random, seconds: float) -> Iterator[Leg]:
    left = seconds
    while left > 0:
        drive, stop = random.uniform(25, 70), random.choice([0, 0, random.uniform(6, 35)])
        yield Leg(random.uniform(24, 52), drive)
        if stop:
            yield Leg(0, stop)
        left -= drive + stop


def _country(random: Random, seconds: float) -> Iterator[Leg]:
    left = seconds
    while left > 0:
        drive = random.uniform(50, 160)
        yield Leg(random.uniform(62, 94), drive)
        if random.random() < 0.3:
            yield Leg(random.uniform(30, 50), random.uniform(15, 30))
        left -= drive


def _motorway(random: Random, seconds: float) -> Iterator[Leg]:
    left = seconds
    while left > 0:
        drive = random.uniform(60, 200)
        yield Leg(random.uniform(104, 131), drive)
        left -= drive
