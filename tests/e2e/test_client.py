"""The examples of docs/client.md, run as they stand against the real system; and its table of exit statuses."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from faplog.push.exits import MEANINGS
from faplog.synthetic import day
from tests.conftest import ROOT, Stack
from tests.e2e.account import Account
from tests.e2e.pushing import new_token

pytestmark = pytest.mark.stack

PAGE = (ROOT / "docs/client.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_documentation_run(stack: Stack, tmp_path: Path) -> None:
    account = Account(stack)
    content, _ = day(seed=7)
    (tmp_path / "DCM62v2_20250203.csv").write_bytes(content)
    script = "\n".join(EXAMPLES)
    assert script.count("http://127.0.0.1:8080") == 1
    (tmp_path / "examples.py").write_text(script.replace("http://127.0.0.1:8080", stack.url))
    done = subprocess.run(
        [sys.executable, "-W", "error", "examples.py"],
        cwd=tmp_path,
        env=os.environ | {"FAPLOG_TOKEN": new_token(account, "read", "upload"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (log,) = account.http.get("/analyses").json()["data"]
    lines = done.stdout.splitlines()
    assert lines[0] == f"DCM62v2_20250203.csv {log['distance']} km: {log['verdict']}"
    assert f"{len(content)} of {len(content)} bytes" in lines
    assert f"DCM62v2_20250203.csv Success {log['verdict']}" in lines
    assert any(re.fullmatch(r"[1-9]\d+ points of soot in g/l", line) for line in lines)
    assert any(re.fullmatch(r"OVERALL None None (CALCULATING|SUCCESS)", line) for line in lines)
    assert any(re.fullmatch(r"SUCCESS 1|CALCULATING not yet", line) for line in lines)
    assert lines[-1] == "400 UPLOAD_EMPTY {} The file is empty."
    account.http.close()


def test_the_documentation_has_every_exit_status() -> None:
    assert re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE) == [
        (str(status.value), words) for status, words in MEANINGS.items()
    ]
