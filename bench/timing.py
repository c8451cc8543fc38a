"""Timers: calls in this process by CPU time, whole processes by wall time."""

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, ParamSpec

from bench.report import ROOT

P = ParamSpec("P")

PRINT_PEAK: Final = """
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""Python code that prints the peak memory of its process in KiB."""


def cpu_sec(*calls: Callable[[], object], rounds: int) -> list[list[float]]:
    """Return the CPU seconds of each call, round by round. The calls alternate, so that noise disturbs all alike."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    gc.disable()
    try:
        for _ in range(rounds):
            gc.collect()
            for call, taken in zip(calls, seconds, strict=True):
                began = time.process_time()
                call()
                taken.append(time.process_time() - began)
    finally:
        gc.enable()
    return seconds


def ratio(ours: list[float], base: list[float]) -> float:
    """Return the median of the ratios of two calls, round by round."""
    return statistics.median(our / one for our, one in zip(ours, base, strict=True))


def process_sec(*commands: list[str], rounds: int) -> list[float]:
    """Return the median wall seconds of a Python process with each of these arguments; they alternate."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(rounds):
        for command, taken in zip(commands, seconds, strict=True):
            taken.append(wall_sec(python, *command))
    return [statistics.median(taken) for taken in seconds]


def wall_sec(action: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    """Return the wall seconds of a call."""
    began = time.perf_counter()
    action(*args, **kwargs)
    return time.perf_counter() - began


def python(*arguments: str) -> str:
    """Run Python in the checkout and return its output."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@contextmanager
def temporary(content: bytes) -> Iterator[Path]:
    """Create a file with this content for the time of the block."""
    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield Path(file.name)
