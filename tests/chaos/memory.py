"""How much memory the API takes over what it takes when idle."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Stack
from tests.e2e.faults import processes

ALLOWED_KB = 200 << 10
_RESET_PEAK = "5"
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@contextmanager
def bounded(stack: Stack) -> Iterator[None]:
    """Check that each replica of the API lives, and stays within the allowed memory above what it holds at first.

    The kernel keeps the peak of a process's resident memory, so that nothing happens between two looks.
    """
    replicas = [one.pid for one in processes(stack, "api")]
    for pid in replicas:
        Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)
    idle = {pid: _peak_kb(pid) for pid in replicas}
    yield
    grown = max(_peak_kb(pid) - idle[pid] for pid in replicas)
    print(f"API: {min(idle.values()) / 1024:.1f} MB idle, at most {grown / 1024:.1f} MB over that")
    assert grown <= ALLOWED_KB


def _peak_kb(pid: int) -> int:
    """Return the most resident memory of a process since its peak was reset."""
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert found
    return int(found[1])
