"""The cost of the doors beside the browser's: each is a module of `bench.doors` with `measure(stack) -> list[Row]`.

All are measured on one running system of their own, in the order of `DOORS`.
"""

import importlib
from typing import Final

from bench.report import Row
from bench.running import system

DOORS: Final = ("api_tokens", "cars", "outbox", "try_it")


def run() -> list[Row]:
    """Measure every door."""
    with system() as stack:
        return [row for door in DOORS for row in importlib.import_module(f"bench.doors.{door}").measure(stack)]
