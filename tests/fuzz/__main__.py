"""`python -m tests.fuzz`: every target explored for real, and a table of what was run and found.

What was kept lies under `build/fuzz/TARGET`: the corpus, from which the next run goes on, and in `found/` one input and
one traceback for each place where something did not hold. Exits with 1 if there is any.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from tests.fuzz.found import ROOT

FOLDER: Final = ROOT / "build" / "fuzz"
NAMES: Final = ("log", "spelling", "shown", "zip", "form", "contract", "analysis-request", "average-request", "list",
                "delivery", "receiver", "note", "page")  # fmt: skip
"""As in `tests.fuzz.targets`, which is not imported: its modules belong to the process that measures their coverage."""

COLUMNS: Final = {
    "target": -18, "seconds": 8, "runs": 10, "edges": 8, "features": 10, "corpus": 8, "found": 7,
}  # fmt: skip
"""Of the table, and how wide. Edges and features are libFuzzer's count of what was reached in our modules."""

START_SEC: Final = 600
"""What a process may take beyond its time, on a busy machine, to start and to end."""

_COVERAGE: Final = re.compile(rb"cov: (\d+) ft: (\d+) corp: (\d+)")
_RUNS: Final = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")


def explore(name: str, seconds: int) -> dict[str, int | str]:
    """Explore one target; its row of the table."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("found/*"), *folder.glob("*-*")):
        old.unlink()
    began = time.monotonic()
    with (folder / "log.txt").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.explore", name, str(folder), str(seconds)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds + START_SEC,
            check=False,
        )
    said = (folder / "log.txt").read_bytes()
    runs, reached = _RUNS.search(said), _COVERAGE.findall(said)
    edges, features, kept = (int(number) for number in reached[-1]) if reached else (0, 0, 0)
    found = len([*folder.glob("found/*.txt"), *folder.glob("*-*")])
    return {
        "target": name,
        "seconds": round(time.monotonic() - began),
        "runs": int(runs[1]) if runs else 0,
        "edges": edges,
        "features": features,
        "corpus": kept,
        "found": found or int(done.returncode != 0),
    }


def main() -> int:
    """Explore the targets named, or all of them; 1 if anything was found, or a target could not be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"any of: {', '.join(NAMES)} (default: all)")
    parser.add_argument("--seconds", type=int, default=450, help="for all targets together")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once (default: one a core)")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - {*NAMES}:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    names = arguments.targets or NAMES
    each = max(1, arguments.seconds * min(arguments.jobs, len(names)) // len(names))
    os.nice(10)
    print(_line({name: name for name in COLUMNS}), flush=True)
    rows = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for done in as_completed([pool.submit(explore, name, each) for name in names]):
            rows.append(done.result())
            print(_line(rows[-1]), flush=True)
    (FOLDER / "runs.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{sum(int(row['runs']) for row in rows):,} runs in {(used.ru_utime + used.ru_stime) / 60:.1f} minutes of CPU"
    )
    if guilty := [str(row["target"]) for row in rows if row["found"]]:
        print(f"Look at {FOLDER.relative_to(ROOT)}/TARGET/found/ and log.txt of: {', '.join(guilty)}")
        return 1
    return 0


def _line(row: Mapping[str, int | str]) -> str:
    return "".join(
        f"{row[name]:>{width}}" if width > 0 else f"{row[name]:<{-width}}" for name, width in COLUMNS.items()
    )


if __name__ == "__main__":
    sys.exit(main())
