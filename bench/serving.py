"""An application under gunicorn in a process of its own, as a function runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.report import ROOT
from standalone.ports import HOST
from tests.conftest import free_port


@contextmanager
def served(app: str, **environment: str) -> Iterator[str]:
    """Run the application in a process of its own until the block ends, and yield its address while it starts."""
    address = f"{HOST}:{free_port()}"
    command = [sys.executable, "-m", "faplog.serve", app]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment | {"FAPLOG_BIND": address, "FAPLOG_LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield f"http://{address}/"
        finally:
            process.terminate()
