"""Synthetic logs of a simulated car and app, reproducible by seed, each with the truth beside it.

`month()` gives a file a day, `day()` one file, `log_of_size()` one about so many bytes long; each comes as the CSV's
bytes and its `FileTruth`. `write()` and `python -m faplog.synthetic` put a month into a folder together with
`truth.json`, whose shape is `faplog.synthetic.truth.Truth`: per file what was driven, burned and regenerated, and what
the app spoiled (pauses, gaps, sentinels, headers, a truncated tail). Standard library only.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from faplog.synthetic import plan
from faplog.synthetic.app import ROW_SEC
from faplog.synthetic.car import SOOT_TRIGGER_GL
from faplog.synthetic.drive import Trip, Wish
from faplog.synthetic.plan import Health
from faplog.synthetic.profiles import PROFILES
from faplog.synthetic.truth import FileTruth, Truth

__all__ = ["FIRST_DAY", "PROFILES", "FileTruth", "Health", "Truth", "Wish", "day", "log_of_size", "month", "write"]

FIRST_DAY = date(2025, 3, 1)
LONG_DAY_MINUTES = 600.0
BYTES_PER_ROW = {"DCM62v2": 225, "HDI_SID807_BR2": 163}


def month(
    days: int = 30, seed: int = 7, profile: str = "DCM62v2", health: Health = "good", first: date = FIRST_DAY
) -> Iterator[tuple[bytes, FileTruth]]:
    """Yield a file for each day of one car's life. Within 30 days regenerations end completely, aborted and unknown."""
    return plan.month(days, seed, profile, health, first)


def day(
    seed: int = 7,
    profile: str = "DCM62v2",
    health: Health = "good",
    *,
    minutes: float = 45.0,
    regen: Wish | None = None,
    on: date = date(2025, 3, 14),
    row_sec: float = ROW_SEC,
    truncate: bool = False,
) -> tuple[bytes, FileTruth]:
    """Return one file with about `minutes` of driving, in two drives from half an hour on.

    With `regen` the filter is full at the start, so that one regeneration happens and ends as wished; it needs a drive
    of at least 12 minutes, and makes the file longer or shorter. Without, none happens in the first 300 km or so.
    """
    random = Random(f"{seed}/{profile}/{health}/{minutes}/{regen}")
    car = plan.new_car(random, health, 1.0)
    if regen:
        car.soot_gl = SOOT_TRIGGER_GL + random.uniform(0.02, 0.3)
        car.last_regen_km = car.soot_gl * random.uniform(25, 29)
    else:
        car.soot_gl, car.last_regen_km = random.uniform(3, 5), random.uniform(80, 130)
    parts = 1 if minutes < 30 or regen == "unknown" else 2
    start = 600.0 if minutes > LONG_DAY_MINUTES else 7.5 * 3600
    trips = []
    for _ in range(parts):
        trips.append(Trip(start, "commute", minutes * 60 / parts, regen or "complete"))
        start += minutes * 60 / parts + random.uniform(1200, 5000)
    outside = random.uniform(-2, 18)
    return plan.one_day(car, PROFILES[profile], on, random, trips, outside, row_sec, truncate)


def log_of_size(size: int, seed: int = 7, profile: str = "DCM62v2") -> tuple[bytes, FileTruth]:
    """Return one file of about `size` bytes (within a fifth). Long ones are sampled faster, to fit into one day."""
    rows = size / BYTES_PER_ROW[profile]
    row_sec = min(ROW_SEC, 20 * 3600 / rows)
    return day(seed, profile, minutes=max(1.0, rows * row_sec / 60 - 1.2), row_sec=row_sec)


def write(
    folder: Path,
    days: int = 30,
    seed: int = 7,
    profile: str = "DCM62v2",
    health: Health = "good",
    first: date = FIRST_DAY,
) -> Truth:
    """Write a month's CSVs and `truth.json` into `folder`, and create it if necessary."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[FileTruth] = []
    for content, file in month(days, seed, profile, health, first):
        (folder / file["file"]).write_bytes(content)
        files.append(file)
    outcomes = Counter(regen["outcome"] for file in files for regen in file["regens"])
    truth = Truth(profile=profile, health=health, seed=seed, days=days, files=files, outcomes=dict(outcomes))
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return truth
