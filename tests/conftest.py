"""The real system for tests: the servers alone, or everything `make run` starts. Both are started once a session."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from standalone.servers import Servers, running
from standalone.state import prepare

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL (migrated), NATS and S3 on loopback with generated credentials, and nothing else of faplog."""
    with running(prepare(tmp_path_factory.mktemp("servers"))) as servers:
        if find_spec("functions.api.migrate"):
            migrate(servers)
        yield servers


def migrate(servers: Servers) -> None:
    """Run the migrations as `make run` does, as a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "functions.api.migrate"],
        cwd=ROOT,
        env=os.environ | servers.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
