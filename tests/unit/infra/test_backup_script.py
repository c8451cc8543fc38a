"""The cluster's backup script, with a restic and a Python that note what they are told."""

import os
import shutil
import subprocess
from pathlib import Path

from infra import ROOT

RESTIC = """#!/bin/sh
# Answers as the files `cat` and `init` say; a restore brings a snapshot.
echo "$*" >>"${0%/*}/log"
[ "$1" = cat ] && [ -e "${0%/*}/cat" ] && cat "${0%/*}/cat" >&2 && exit 1
[ "$1" = init ] && [ -e "${0%/*}/init" ] && cat "${0%/*}/init" >&2 && exit 1
[ "$1" = init ] && echo "created restic repository"
[ "$1" = restore ] && mkdir -p "$6/snapshot" && touch "$6/snapshot/manifest.sha256"
exit 0
"""
PYTHON = """#!/bin/sh
echo "$*: $(ls "$TMPDIR" | wc -l) files in $TMPDIR"
"""


def run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the script, with the stand-ins first in PATH."""
    for name, text in (("restic", RESTIC), ("python", PYTHON)):
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o700)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "STAGING": str(folder / "staging")}
    return subprocess.run(
        ["bash", str(ROOT / "infra/backup/cluster.sh"), command],
        env=environment | {"PYTHON": str(folder / "python"), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def told(folder: Path) -> list[str]:
    """Return the commands that restic was given."""
    return (folder / "log").read_text("utf-8").splitlines()


def test_drill_and_restore_keep_temporary_files_in_the_staging_folder(tmp_path: Path) -> None:
    """And remove those of a job that was killed, but not those of the other job, which may run."""
    staging = tmp_path / "staging"
    for job in ("drill", "restore"):
        (staging / f"{job}.tmp/left").mkdir(parents=True)
    done = run(tmp_path, "drill")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"-m infra.backup drill {staging}/fetched/snapshot: 0 files in {staging}/drill.tmp\n"
    assert (staging / "restore.tmp/left").exists()
    done = run(tmp_path, "restore")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f": 0 files in {staging}/restore.tmp\n")


def test_a_repository_that_cannot_be_opened_is_the_last_line(tmp_path: Path) -> None:
    (tmp_path / "cat").write_text("repository opened\nFatal: wrong password or no key found\n", "utf-8")
    (tmp_path / "init").write_text("Fatal: create repository failed: config file already exists\n", "utf-8")
    done = run(tmp_path, "nightly")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Fatal: create repository failed: config file already exists",
        "The repository of backups cannot be opened: repository opened Fatal: wrong password or no key found",
    ]
    assert told(tmp_path) == ["cat config", "init"]


def test_a_repository_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "cat").write_text("Fatal: unable to open config file\n", "utf-8")
    done = run(tmp_path, "nightly")
    assert (done.returncode, done.stderr) == (0, "")
    assert told(tmp_path)[:3] == ["cat config", "init", "unlock"]
    shutil.rmtree(tmp_path / "staging")
    (tmp_path / "log").unlink()
    (tmp_path / "cat").unlink()
    assert run(tmp_path, "nightly").returncode == 0
    assert told(tmp_path)[:2] == ["cat config", "unlock"]
