"""`python -m accuracy`: put every fault into synthetic cars and see what they are told; writes docs/accuracy.md.

Status 1 where a bar is missed, 0 otherwise.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from accuracy import document, realism, summary
from accuracy.cars import Car, Case, Healthy, faulty, healthy, profile_of
from accuracy.files import DamagedFile, damaged_files
from faplog.synthetic.faults import DEGREES, FAULTS

CARS: Final = 200
FILES_EVERY: Final = 5
"""The log of every so many cars is damaged in every way."""


@dataclass(frozen=True)
class Seen:
    """What was seen of one car."""

    healthy: Healthy
    cases: list[Case]
    files: list[DamagedFile]


def look_at(seed: int, faults: Sequence[str]) -> Seen:
    """Drive one car, healthy and with every fault that its profile can show."""
    car = Car(seed, profile_of(seed))
    cases = [
        faulty(car, FAULTS[name], degree)
        for name in faults
        if car.profile in FAULTS[name].profiles
        for degree in DEGREES
    ]
    damaged = [] if seed % FILES_EVERY else damaged_files(car.cells("drive", 0).content(), car.profile, seed)
    return Seen(healthy(car), cases, damaged)


def main() -> int:
    """Measure, print, write the document; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m accuracy", description=__doc__)
    parser.add_argument("--cars", type=int, default=CARS, help="how many; profiles take turns (%(default)s)")
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="this fault alone; may be repeated")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="(%(default)s)")
    parser.add_argument("--minutes", type=float, help="stop with the cars that are done by then")
    parser.add_argument("--dry", action="store_true", help="print, and leave docs/accuracy.md as it is")
    given = parser.parse_args()
    began = time.monotonic()
    seen: list[Seen] = []
    with ProcessPoolExecutor(given.processes) as pool:
        town, long_drive = (
            pool.submit(realism.compare, *arguments)
            for arguments in ((realism.REAL, realism.town), (realism.REAL_LONG, realism.long_drive))
        )
        waiting = [pool.submit(look_at, seed, given.fault or list(FAULTS)) for seed in range(given.cars)]
        for done in as_completed(waiting):
            if done.cancelled():
                continue
            seen.append(done.result())
            seconds = time.monotonic() - began
            if len(seen) % 10 == 0 or len(seen) == given.cars:
                print(f"{len(seen)} of {given.cars} cars, {seconds:.0f} s", file=sys.stderr, flush=True)
            if given.minutes and seconds > given.minutes * 60:
                for one in waiting:
                    one.cancel()
    seen.sort(key=lambda one: one.healthy.seed)
    rows = summary.rows([case for one in seen for case in one.cases])
    alarms = summary.alarms([one.healthy for one in seen])
    files = summary.files(damaged for one in seen for damaged in one.files)
    tables = {
        "run": _run(len(seen), time.monotonic() - began),
        "town": document.realism_table(town.result()),
        "long": document.realism_table(long_drive.result()),
        "faults": document.faults_table(rows),
        "confusion": document.confusion_table(rows),
        "healthy": document.healthy_table(alarms),
        "files": document.files_table(files),
        "missed": document.missed_list(rows, alarms),
    }
    for name, table in tables.items():
        print(f"\n{name}\n{table}")
    if not given.dry and not given.fault:
        document.write(tables)
        print(f"\nWritten to {document.DOCUMENT}.")
    return int(bool(alarms.missed()) or any(row.missed() for row in rows))


def _run(cars: int, seconds: float) -> str:
    cpu = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{cars} cars, measured on {datetime.now(UTC).date().isoformat()} in {seconds / 60:.0f} minutes ({cpu})."


if __name__ == "__main__":
    sys.exit(main())
