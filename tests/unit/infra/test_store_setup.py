"""The script that sets the object store up, with the programs its image has and a client that notes what it is told."""

import shutil
import subprocess
from pathlib import Path

import pytest

from faplog.contracts.keys import TRANSIENT
from infra import check, seal

SCRIPT = check.INFRA / "minio/base/setup.sh"
IN_THE_IMAGE = ("cat", "dirname", "sleep")
CLIENT = """#!{shell}
echo "$*" >> "{log}"
case "$*" in *"policy attach"*) echo '{answer}'; exit {code} ;; esac
"""


def set_up(folder: Path, answer: str = "{}", code: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run the script with fresh secrets; the client answers this when a policy is attached."""
    programs, secrets = folder / "bin", folder / "secrets"
    for new in (programs, secrets):
        new.mkdir()
    for name in IN_THE_IMAGE:
        (programs / name).symlink_to(str(shutil.which(name)))
    shell = str(shutil.which("sh"))
    (programs / "mcli").write_text(CLIENT.format(shell=shell, log=folder / "log", answer=answer, code=code), "utf-8")
    (programs / "mcli").chmod(0o755)
    for secret in seal.store(lambda *_: None):
        for name, value in secret.values.items():
            (secrets / name).write_text(value, "utf-8")
    return subprocess.run(
        [shell, str(SCRIPT), str(secrets)],
        env={"PATH": str(programs), "ENDPOINT": "http://minio:9000", "BUCKET": "faplog"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("answer", "code"), [("{}", 0), ('{"error": {"Code": "XMinioAdminPolicyChangeAlreadyApplied"}}', 1)]
)
def test_every_role_gets_its_policy_the_first_time_and_again(tmp_path: Path, answer: str, code: int) -> None:
    done = set_up(tmp_path, answer, code)
    assert (done.returncode, done.stderr) == (0, "")
    said = (tmp_path / "log").read_text("utf-8")
    for role in seal.S3_ROLES:
        assert f"admin policy create store faplog-{role} {SCRIPT.parent}/policy-{role}.json" in said
        assert f"admin policy attach store faplog-{role} --user faplog-{role}" in said
    assert "version enable store/faplog" in said
    for prefix in TRANSIENT:
        assert f"{prefix}*" in said.split("--excluded-prefixes ")[1].splitlines()[0].split(",")
        assert f"--prefix {prefix} --expire-days 2 --noncurrent-expire-days 1" in said
    for file in (tmp_path / "secrets").glob("*secret-key"):
        assert file.read_text("utf-8") not in done.stdout


def test_a_policy_that_cannot_be_attached_fails_the_job(tmp_path: Path) -> None:
    done = set_up(tmp_path, '{"error": {"Code": "XMinioAdminNoSuchPolicy"}}', 1)
    assert done.returncode == 1
    assert "XMinioAdminNoSuchPolicy" in done.stderr
