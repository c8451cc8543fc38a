"""`python -m tests.fuzz`: every target explored for real, one after the other, and a table of what was run and found.

What was kept lies under `build/fuzz/TARGET`: the corpus, from which the next run goes on, and in `found/` one input and
one traceback for each place where something did not hold. Exits with 1 if there is any.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from typing import Final

from tests.fuzz.found import ROOT

FOLDER: Final = ROOT / "build" / "fuzz"
NAMES: Final = ("log", "spelling", "shown", "zip", "form", "contract", "analysis-request", "average-request", "list",
                "delivery", "page")  # fmt: skip
"""As in `tests.fuzz.targets`, which is not imported: its modules belong to the process that measures their coverage."""

START_SEC: Final = 120
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
            timeout=seconds * 2 + START_SEC,
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
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - {*NAMES}:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    names = arguments.targets or NAMES
    os.nice(10)
    rows = []
    print(f"{'target':<18}{'seconds':>8}{'runs':>10}{'edges':>8}{'features':>10}{'corpus':>8}{'found':>7}", flush=True)
    for name in names:
        row = explore(name, max(1, arguments.seconds // len(names)))
        rows.append(row)
        print(f"{name:<18}{row['seconds']:>8}{row['runs']:>10}{row['edges']:>8}{row['features']:>10}{row['corpus']:>8}"
              f"{row['found']:>7}", flush=True)  # fmt: skip
    (FOLDER / "runs.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    if guilty := [row["target"] for row in rows if row["found"]]:
        print(f"Look at {FOLDER.relative_to(ROOT)}/TARGET/found/ and log.txt of: {', '.join(map(str, guilty))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
