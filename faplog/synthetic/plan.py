"""Plan of a car's days: drives, kilometres without the app, ageing, and the outcome of regenerations."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Final, Literal

from faplog.contracts.log_rules import GAP_SEC
from faplog.synthetic.app import ROW_SEC, DayFile
from faplog.synthetic.car import RESTRICTION_PER_GL, Car
from faplog.synthetic.drive import Drive, Trip, Wish
from faplog.synthetic.profiles import PROFILES, Profile
from faplog.synthetic.road import Kind
from faplog.synthetic.truth import DriveTruth, FileTruth, RegenTruth

Health = Literal["good", "worn"]

SHOWN_AFTER_SEC: Final = 400.0
"""The missing reset of a counter proves an aborted regeneration after this much further running."""

WISHES: Final[dict[Health, tuple[Wish, ...]]] = {
    "good": ("complete", "aborted", "complete", "unknown", "complete", "complete"),
    "worn": (
        *("complete", "aborted", "aborted", "aborted", "complete", "unknown", "aborted", "complete"),
        *("complete", "aborted", "aborted", "aborted", "aborted"),
    ),
}
"""Outcomes of the regenerations, in order."""


def new_car(random: Random, health: Health, wear: float) -> Car:
    """Return a car between two regenerations. No two healthy cars are alike."""
    soot = random.uniform(12.2, 13.4)
    car = Car(
        random,
        soot_gl=soot,
        last_regen_km=soot * random.uniform(26, 29) / (1.7 if health == "worn" else 1.0),
        avg10_km=round(random.uniform(395, 440) / (1.6 if health == "worn" else 1.0)),
        life_km=random.uniform(60_000, 90_000) if health == "worn" else random.uniform(10_500, 22_000),
        additive_ml=round(random.uniform(520, 980)),
        battery_rest_v=random.uniform(12.2, 12.5),
    )
    car.wear.restriction_clean = random.uniform(0.175, 0.205)
    car.wear.injector_spread = random.uniform(0.7, 1.25)
    car.wear.oil_dilution = random.uniform(1, 3)
    age(car, health, wear)
    return car


def age(car: Car, health: Health, wear: float) -> None:
    """Set what wears: a good car stays as it is, a worn one fails as `wear` goes from 0 to 1."""
    if health == "good":
        return
    car.wear.restriction_clean = 0.22 + 0.55 * wear
    car.wear.soot_factor = 1.5 + 0.6 * wear
    car.wear.burn_factor = 0.8 - 0.25 * wear
    car.wear.pressure_zero_mbar = 6.0 * wear
    car.wear.injector_spread = 1.0 + 1.3 * wear
    car.wear.oil_dilution = 2.0 + 4.2 * wear
    car.battery_rest_v = 12.3 - 0.55 * wear
    car.wear.errors = int(wear * 2.5)
    car.additive_ml = min(car.additive_ml, 560.0 - 380.0 * wear)


def month(days: int, seed: int, profile: str, health: Health, first: date) -> Iterator[tuple[bytes, FileTruth]]:
    """Yield one file a day of a car that ages through them."""
    random = Random(f"{seed}/{profile}/{health}")
    car = new_car(random, health, 0.0)
    wishes = iter(WISHES[health] * (days + 1))
    wish = next(wishes)
    base = random.uniform(2, 14)
    for number in range(days):
        day = first + timedelta(days=number)
        age(car, health, number / max(1, days - 1))
        base += random.uniform(-2.5, 2.6)
        base = min(max(base, -4.0), 24.0)
        trips = trips_of(day, random, wish)
        content, truth = one_day(
            car, PROFILES[profile], day, random, trips, outside_c=base, truncate=random.random() < 0.15
        )
        yield content, truth
        car.drive_unseen(random.choice((0.0, 0.0, random.uniform(4, 25))))
        for _ in truth["regens"]:
            wish = next(wishes)


def trips_of(day: date, random: Random, wish: Wish) -> list[Trip]:
    """Return the trips of a day: to work and back, or one trip at the weekend."""
    if day.weekday() < 5:
        trips = [
            Trip(random.uniform(7.1, 7.8) * 3600, "commute", random.uniform(17, 23) * 60, wish),
            Trip(random.uniform(16.6, 17.8) * 3600, "commute", random.uniform(18, 25) * 60, wish),
        ]
        if random.random() < 0.2:
            trips.append(Trip(random.uniform(19.5, 20.5) * 3600, "errand", random.uniform(5, 9) * 60, wish))
        return trips
    kind: Kind = "motorway" if random.random() < 0.5 else "commute"
    return [Trip(random.uniform(10, 11.5) * 3600, kind, random.uniform(26, 36) * 60, wish)]


def one_day(
    car: Car,
    profile: Profile,
    day: date,
    random: Random,
    trips: list[Trip],
    outside_c: float,
    row_sec: float = ROW_SEC,
    truncate: bool = False,
) -> tuple[bytes, FileTruth]:
    """Drive the day's trips into one file.

    A regeneration that is to be aborted or to stay unknown changes the plan: after an aborted one a short drive shows
    that the counter was not reset, after an unknown one nothing more is logged that day.
    """
    file = DayFile(profile, day, random, row_sec)
    car.outside_c, car.atmosphere_mbar = outside_c, random.uniform(985, 1022)
    car.rest(9 * 3600)
    car.regen_inhibited = False
    soot = car.soot_gl
    drives: list[Drive] = []
    truths: list[DriveTruth] = []
    waiting = list(trips)
    while waiting:
        trip = waiting.pop(0)
        if drives:
            car.rest(trip.start_sec - drives[-1].end_sec)
        drive = Drive(trip, car, file, random, len(drives))
        truths.append(drive.run())
        drives.append(drive)
        if drive.regens and drive.trip.wish == "unknown":
            waiting = []
        elif drive.regens and drive.trip.wish == "aborted":
            car.regen_inhibited = True
            later = drive.end_sec + random.uniform(1500, 4000)
            waiting = [Trip(later, "errand", random.uniform(600, 720), "complete", pauses=0)]
        elif waiting and waiting[0].start_sec < drive.end_sec + 900:
            waiting[0] = replace(waiting[0], start_sec=drive.end_sec + random.uniform(900, 1800))
    if truncate:
        file.truncate()
    return file.content(), _truth(file, car, soot, drives, truths)


def _truth(file: DayFile, car: Car, soot: float, drives: list[Drive], truths: list[DriveTruth]) -> FileTruth:
    between = [later.trip.start_sec - earlier.end_sec for earlier, later in pairwise(drives)]
    pauses = [pause for drive in drives for pause in drive.pauses]
    gaps = [sec for sec in (*between, *(pause["sec"] for pause in pauses)) if sec > GAP_SEC]
    return FileTruth(
        file=file.name,
        date=file.day.isoformat(),
        rows=file.rows,
        distance_km=round(sum(truth["distance_km"] for truth in truths), 4),
        fuel_l=round(sum(truth["fuel_l"] for truth in truths), 5),
        soot_start_gl=round(soot, 3),
        soot_end_gl=round(car.soot_gl, 3),
        restriction_clean=round(car.wear.restriction_clean, 4),
        restriction_per_gl=RESTRICTION_PER_GL,
        pressure_zero_mbar=round(car.wear.pressure_zero_mbar, 2),
        drives=truths,
        regens=[regen for number in range(len(drives)) for regen in _regens(file, drives, number)],
        pauses=pauses,
        gaps=len(gaps),
        gap_sec=round(sum(gaps), 1),
        repeated_headers=file.headers - 1,
        truncated=bool(file.tail),
        sentinels=file.sentinel_rows,
    )


def _regens(file: DayFile, drives: list[Drive], number: int) -> Iterator[RegenTruth]:
    """Yield a drive's regenerations, with what the rest of the file shows of them."""
    later_sec = sum(drive.on_sec for drive in drives[number + 1 :])
    drive = drives[number]
    for regen, (ended, on_sec) in zip(drive.regens, drive.regen_ends, strict=True):
        regen["running_after_sec"] = round(drive.on_sec - on_sec + later_sec, 1)
        regen["reset_shown"] = regen["ecu_outcome"] == "complete" and file.counter_read_at > ended
        if regen["reset_shown"]:
            regen["outcome"] = "complete"
        elif regen["ecu_outcome"] == "aborted" and regen["running_after_sec"] >= SHOWN_AFTER_SEC:
            regen["outcome"] = "aborted"
        else:
            regen["outcome"] = "unknown"
        yield regen
