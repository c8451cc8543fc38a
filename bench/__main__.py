"""`python -m bench [SECTION …]`: run every measurement and compare it with its limit and with bench/baseline.json.

A missed limit gives status 1. A figure that costs more than in the baseline is only reported: a machine shared with
others is noisier than most changes. The results also go to build/bench.json.
"""

import argparse
import importlib
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import document
from bench.compare import BASELINE, Compared, Run, Section, compare, load, save, summary, table
from bench.references import measure
from bench.report import ROOT, Row

SECTIONS: Final = ("analysis", "average", "cold_start", "flow", "scale", "pages", "new_doors")
RESULT: Final = ROOT / "build" / "bench.json"


def main() -> int:
    """Run the measurements of the named sections, by default all; return 1 if one misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument(
        "--save-baseline",
        action="store_true",
        help="compare later runs with this one: writes bench/baseline.json and the tables of docs/performance.md",
    )
    given = parser.parse_args()
    sections = given.sections or SECTIONS
    if unknown := set(sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    baseline = load(BASELINE)
    run, compared = Run(*_here(), {}), list[Compared]()
    print(f"Here: {run.machine}.{f' The baseline: {baseline.machine}.' if baseline else ''}", flush=True)
    before = measure()
    for name in sections:
        print(f"\n{name}", flush=True)
        seconds = time.monotonic()
        rows: list[Row] = importlib.import_module(f"bench.{name}").run()
        after = measure()
        run.sections[name] = Section({one: (before[one] + after[one]) / 2 for one in after}, rows)
        before = after
        found = compare(run.sections[name], baseline.sections.get(name) if baseline else None)
        compared += found
        print(f"{table(found)}\n({time.monotonic() - seconds:.0f} s)", flush=True)
        save(run, RESULT)
    if given.save_baseline:
        kept = baseline.with_sections(run) if baseline else run
        save(kept, BASELINE)
        document.write(kept)
    print(summary(compared))
    return int(any(one.missed for one in compared))


def _here() -> tuple[str, str]:
    """Return the date, and the machine with its load before the measurements."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if "model name" in line), "")
    machine = (
        f"{os.cpu_count()} cores {cpu.partition(':')[2].strip() or platform.machine()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} before"
    )
    return datetime.now(UTC).date().isoformat(), machine


if __name__ == "__main__":
    sys.exit(main())
