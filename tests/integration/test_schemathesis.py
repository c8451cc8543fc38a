"""Whatever a client sends: no 5xx, and no response outside the OpenAPI document.

`FUZZ_SECONDS` is the time schemathesis goes on for, with other requests in every run; `make test` sends a counted
number of them, the same in every run.
"""

import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from standalone.servers import Servers
from tests.conftest import ROOT
from tests.integration.function_process import FunctionProcess, function_process

SECONDS = os.environ.get("FUZZ_SECONDS")
EXTENT = [f"--max-time={SECONDS}"] if SECONDS else ["--max-examples=10", "--generation-deterministic", "--seed=1"]


@pytest.fixture(scope="module")
def api(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionProcess]:
    """The function `api` as it runs, on the real servers."""
    environment = dict(servers.environment) | {"FAPLOG_FUNCTION_NAME": "api", "FAPLOG_THREADS": "4"}
    entry = "functions.api.handler:create_app()"
    with function_process(tmp_path_factory.mktemp("api"), ROOT, entry, **environment) as process:
        yield process


@pytest.mark.timeout(int(SECONDS or "0") + 600)
def test_no_answer_is_outside_the_document(api: FunctionProcess, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            Path(sysconfig.get_path("scripts")) / "schemathesis",
            f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
            "run",
            f"{api.url}/api/v1/openapi.json",
            "--checks=all",
            *EXTENT,
            "--max-failures=20",
            "--continue-on-failure",
            f"--report-dir={tmp_path}",
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.integration.schemathesis_hooks",
            "FAPLOG_API": api.url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
