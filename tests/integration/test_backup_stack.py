"""The whole system lost and restored: on a new machine people log in and find everything as it was."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ROOT, Stack, running_stack, until

pytestmark = pytest.mark.stack

PERSON = {"email": "owner@example.org", "password": "a long pass phrase"}
API = "/api/v1"


def log_in(stack: Stack) -> httpx.Client:
    """Return a client with the person's token."""
    answer = httpx.post(f"{stack.url}{API}/auth/login", json=PERSON, timeout=30)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    return httpx.Client(base_url=stack.url + API, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def everything(client: httpx.Client) -> dict[str, Any]:
    """Return all a person can see of their logs."""
    listed = client.get("/analyses", params={"sortBy": "logDate", "order": "asc"}).raise_for_status().json()
    ids = [item["id"] for item in listed["data"]]
    return {
        "list": listed,
        "analyses": [client.get(f"/analyses/{one}").raise_for_status().json() for one in ids],
        "files": [client.get(f"/analyses/{one}/file").raise_for_status().content for one in ids],
        "series": [client.get(f"/analyses/{one}/series").raise_for_status().content for one in ids],
        "average": client.get("/average", params={"type": "OVERALL"}).raise_for_status().json(),
    }


def settled(client: httpx.Client) -> bool:
    """Return whether nothing of the person is in work."""
    listed = client.get("/analyses").raise_for_status().json()["data"]
    if any(item["status"] == "Processing" for item in listed):
        return False
    average = client.get("/average", params={"type": "OVERALL"})
    return average.status_code == 200 and average.json()["status"] == "SUCCESS"


def command(stack: Stack, *arguments: str) -> None:
    """`make backup` and `make restore` without make."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.backup", *arguments, "--state", str(stack.state)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_lost_system_comes_back_as_it_was(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    arguments = ["--days", "3", "--seed", "7", str(logs)]
    subprocess.run([sys.executable, "-m", "faplog.synthetic", *arguments], cwd=ROOT, check=True, capture_output=True)
    with running_stack(tmp_path / "old") as old:
        httpx.post(f"{old.url}{API}/auth/register", json=PERSON, timeout=30).raise_for_status()
        with log_in(old) as client:
            for file in sorted(logs.rglob("*.csv")):
                with file.open("rb") as opened:
                    answer = client.post("/analyses", files={"file": (file.name, opened)})
                assert answer.status_code == 202, answer.text
            until(lambda: settled(client), 90)
            before = everything(client)
        command(old, "create", str(tmp_path / "backups"))
    assert len(before["analyses"]) >= 3
    with running_stack(tmp_path / "new") as new:
        command(new, "restore", str(tmp_path / "backups"))
        with log_in(new) as client:
            assert everything(client) == before
