"""`make demo` from outside: an account with drives in it, once and again, and a sentence where nothing runs."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Stack

pytestmark = pytest.mark.stack


def demo(state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "standalone.demo", "--days", "2", "--state", str(state)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_demo_account_has_its_drives_however_often_it_is_made(stack: Stack) -> None:
    assert demo(stack.state).returncode == 0
    done = demo(stack.state)
    assert done.returncode == 0, done.stderr
    said = re.search(r"(\S+) shows 2 drives: log in as (\S+) with the password (\S+)\n", done.stdout)
    assert said, done.stdout
    url, email, password = said.groups()
    assert url == stack.url
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
        token = client.post("/auth/login", json={"email": email, "password": password}).json()["access_token"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        logs = client.get("/analyses").json()["data"]
        assert [log["status"] for log in logs] == ["Success"] * 2
        assert client.get("/average").json()["status"] == "SUCCESS"


def test_without_a_running_system_the_demo_says_what_to_do(tmp_path: Path) -> None:
    done = demo(tmp_path / "state")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"No faplog is running with the state {tmp_path / 'state'}; start it with `make run` or `faplog run` first.\n"
    )
