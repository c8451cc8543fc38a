"""A script with an API token through the edge, with the commands of docs/api.md as they stand there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from faplog import synthetic
from tests.conftest import ROOT, Stack, until
from tests.e2e.account import Account

pytestmark = pytest.mark.stack


def commands(before: str) -> str:
    """Return the shell commands of docs/api.md below a paragraph that begins so."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8").partition(before)[2]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def run(script: str, folder: Path, **environment: str) -> str:
    """Return what a shell prints."""
    done = subprocess.run(
        ["sh", "-euc", script], cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="the commands of docs/api.md need curl")
def test_a_script_uploads_reads_and_is_stopped(stack: Stack, tmp_path: Path) -> None:
    account = Account(stack)
    access_token = account.access_token
    name = "DCM62v2_20250203.csv"
    (tmp_path / name).write_bytes(synthetic.day(seed=1, minutes=10)[0])
    documented = commands("**A script** needs no password")
    create, found, use = documented.partition("APITOKEN=faplog_…\n")
    assert found

    api = {"API": f"{stack.url}/api/v1", "TOKEN": access_token}
    made = run(create, tmp_path, **api)
    token = re.search(r'"token":"(faplog_[\w-]{43})"', made)
    token_id = re.search(r'"id":"([\w-]{36})"', made)
    assert token
    assert token_id
    del api["TOKEN"]
    upload, found, read = use.partition("curl -s $API/analyses/$ID")
    assert found
    script = api | {"APITOKEN": token[1]}
    analysis_id = run(upload + "echo $ID", tmp_path, **script).strip()
    until(lambda: '"status":"Success"' in run(found + read.splitlines()[0], tmp_path, ID=analysis_id, **script), 240)
    until(lambda: '"status":"SUCCESS"' in run(use.splitlines()[-1], tmp_path, **script), 240)

    listing, ending, _all = commands("List and revoke tokens:").splitlines()
    owner = {"API": f"{stack.url}/api/v1", "TOKEN": access_token, "TOKENID": token_id[1]}
    assert token[1] not in run(listing, tmp_path, **owner)
    assert '"lastUsedAt":"20' in run(listing, tmp_path, **owner)
    run(ending, tmp_path, **owner)
    answer = httpx.get(f"{stack.url}/api/v1/analyses", headers={"Authorization": f"Bearer {token[1]}"}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (401, "API_TOKEN_INVALID")
    assert account.one(analysis_id)["fileName"] == name
