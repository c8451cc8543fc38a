"""How a measurement is written down: its value, the bar it is held against, and whether it holds."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `holds` is None where there is no bar."""

    name: str
    value: float
    bar: str | None
    holds: bool | None
    detail: str = ""


def row(name: str, value: float, bar: float | None = None, *, at_most: bool = True, detail: str = "") -> Row:
    """A measurement against the most (or the least) it may be; judged before it is rounded."""
    if bar is None:
        return Row(name, round(value, 2), None, None, detail)
    holds = value <= bar if at_most else value >= bar
    return Row(name, round(value, 2), f"{'≤' if at_most else '≥'} {bar:g}", holds, detail)


def show(rows: list[Row]) -> None:
    """Print measurements as a table."""
    for one in rows:
        verdict = {True: "ok", False: "MISSED", None: ""}[one.holds]
        print(f"{one.name:<52} {one.value:>8g}  {one.bar or '':<8} {verdict:<7} {one.detail}".rstrip())


def main(run: Callable[[], list[Row]]) -> None:
    """The command line of one section: a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    rows = run()
    if arguments.json:
        print(json.dumps([asdict(one) for one in rows], ensure_ascii=False, indent=1))
    else:
        show(rows)
