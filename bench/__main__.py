"""`python -m bench [SECTION …]`: every measurement, as tables and in `.cache/bench.json`; status 1 for a missed bar.

Bars are ratios within one run wherever they can be, for the next machine is another one.
"""

import argparse
import importlib
import json
import sys
import time
from dataclasses import asdict
from typing import Final

from bench.report import ROOT, Row, show

SECTIONS: Final = ("analysis", "average", "cold_start", "flow", "pages")


def main() -> int:
    """Measure the sections asked for, all by default; 1 where a bar is missed, 0 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all by default")
    sections = parser.parse_args().sections or SECTIONS
    if unknown := set(sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    results: dict[str, list[Row]] = {}
    for section in sections:
        print(f"\n{section}")
        began = time.monotonic()
        results[section] = importlib.import_module(f"bench.{section}").run()
        show(results[section])
        print(f"({time.monotonic() - began:.0f} s)")
    file = ROOT / ".cache" / "bench.json"
    file.parent.mkdir(exist_ok=True)
    rows = {section: [asdict(row) for row in rows] for section, rows in results.items()}
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return int(any(row.holds is False for rows in results.values() for row in rows))


if __name__ == "__main__":
    sys.exit(main())
