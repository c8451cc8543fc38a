"""`python -m accuracy`: put every fault into synthetic cars, forecast their lives, and write docs/accuracy.md.

The exit status is 1 if a bar is missed, else 0.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from accuracy import document, forecast, realism, summary
from accuracy.cars import Car, Case, Healthy, faulty, healthy, profile_of
from accuracy.files import DamagedFile, damaged_files
from faplog.synthetic.faults import DEGREES, FAULTS

CARS: Final = 200
FILES_EVERY: Final = 5
"""Of every n-th car a log is also damaged in every way."""
SLIGHT_EVERY: Final = 5
"""Only every n-th car gets slight faults: they have no bar, and take long because mostly all ten logs are analysed."""


@dataclass(frozen=True)
class CarResult:
    """Results of one car."""

    healthy: Healthy
    cases: list[Case]
    files: list[DamagedFile]


def measure(seed: int, faults: Sequence[str]) -> CarResult:
    """Drive one car, healthy and with every fault that its profile can show, and analyse its logs."""
    car = Car(seed, profile_of(seed))
    cases = [
        faulty(car, FAULTS[name], degree)
        for name in faults
        if car.profile in FAULTS[name].profiles
        for degree in DEGREES
        if degree != "slight" or seed % SLIGHT_EVERY == 0
    ]
    damaged = [] if seed % FILES_EVERY else damaged_files(car.cells("drive", 0).content(), car.profile, seed)
    return CarResult(healthy(car), cases, damaged)


def main() -> int:
    """Measure, print and write the document. Returns 1 if a bar is missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m accuracy", description=__doc__)
    parser.add_argument("--cars", type=int, default=CARS, help="how many; profiles take turns (%(default)s)")
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="this fault alone; may be repeated")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="(%(default)s)")
    parser.add_argument("--minutes", type=float, help="stop with the cars that are done by then")
    parser.add_argument("--only", choices=["forecast"], help="this section alone")
    parser.add_argument("--dry", action="store_true", help="print, and leave docs/accuracy.md as it is")
    given = parser.parse_args()
    with ProcessPoolExecutor(given.processes) as pool:
        lives = [] if given.fault else [pool.submit(forecast.cases, seed) for seed in range(given.cars)]
        tables, missed = ({}, False) if given.only else _verdict_tables(pool, given)
        if lives:
            forecasts, too_few = _forecast_tables(lives)
            tables, missed = tables | forecasts, missed or too_few
    for name, table in tables.items():
        print(f"\n{name}\n{table}")
    if not given.dry and not given.fault:
        document.write(tables)
        print(f"\nWritten to {document.DOCUMENT}.")
    return int(missed)


def _forecast_tables(lives: Sequence[Future[list[forecast.ForecastCase]]]) -> tuple[document.Tables, bool]:
    """Return the tables of the forecasts, and whether a bar is missed."""
    cases = [case for one in lives for case in one.result()]
    rows = forecast.rows(cases)
    return {"forecast": document.forecast_table(rows, cases)}, any(row.missed() for row in rows)


def _verdict_tables(pool: ProcessPoolExecutor, given: argparse.Namespace) -> tuple[document.Tables, bool]:
    """Return the tables of the verdicts, and whether a bar is missed."""
    began = time.monotonic()
    results: list[CarResult] = []
    town, long_drive = (
        pool.submit(realism.compare, *arguments)
        for arguments in ((realism.REAL, realism.town), (realism.REAL_LONG, realism.long_drive))
    )
    waiting = [pool.submit(measure, seed, given.fault or list(FAULTS)) for seed in range(given.cars)]
    for done in as_completed(waiting):
        if done.cancelled():
            continue
        results.append(done.result())
        seconds = time.monotonic() - began
        if len(results) % 10 == 0 or len(results) == given.cars:
            print(f"{len(results)} of {given.cars} cars, {seconds:.0f} s", file=sys.stderr, flush=True)
        if given.minutes and seconds > given.minutes * 60:
            for one in waiting:
                one.cancel()
    results.sort(key=lambda one: one.healthy.seed)
    rows = summary.rows([case for one in results for case in one.cases])
    alarms = summary.alarms([one.healthy for one in results])
    files = summary.files(damaged for one in results for damaged in one.files)
    tables = {
        "run": _run(len(results), time.monotonic() - began),
        "town": document.realism_table(town.result()),
        "long": document.realism_table(long_drive.result()),
        "faults": document.faults_table(rows),
        "confusion": document.confusion_table(rows),
        "healthy": document.healthy_table(alarms),
        "files": document.files_table(files),
        "missed": document.missed_list(rows, alarms),
    }
    return tables, bool(alarms.missed()) or any(row.missed() for row in rows)


def _run(cars: int, seconds: float) -> str:
    cpu = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{cars} cars, measured on {datetime.now(UTC).date().isoformat()} in {seconds / 60:.0f} minutes ({cpu})."


if __name__ == "__main__":
    sys.exit(main())
