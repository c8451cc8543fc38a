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
        drive, stop = random.uniform(8, 30), random.choice([0, random.uniform(4, 40)])
        yield Leg(random.choice((random.uniform(6, 30), random.uniform(28, 54), random.uniform(38, 68))), drive)
        if stop:
            yield Leg(0, stop)
        left -= drive + stop


def _country(random: Random, seconds: float) -> Iterator[Leg]:
    left = seconds
    while left > 0:
        drive = random.uniform(15, 100)
        yield Leg(random.uniform(58, 96), drive)
        if random.random() < 0.3:
            slow = random.uniform(8, 25)
            yield Leg(random.uniform(28, 52), slow)
            left -= slow
        left -= drive


def _motorway(random: Random, seconds: float) -> Iterator[Leg]:
    left = seconds
    while left > 0:
        drive = random.uniform(30, 150)
        yield Leg(random.uniform(92, 131), drive)
        left -= drive
