"""The operations guide: what it tells an operator to type names what is there, and is taken as it is written."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from infra import check

GUIDE = (check.ROOT / "docs/operations.md").read_text("utf-8")
KUBECTL = """#!/bin/sh
echo "kubectl $*" >> "$LOG"
case "$*" in
*"get secret"*) exit 1 ;;
*"-f -") cat >/dev/null ;;
"apply --server-side -k "*) [ $# = 4 ] && test -f "$4/kustomization.yaml" ;;
*) exit 2 ;;
esac
"""
HELM = """#!/bin/sh
echo "helm $*" >> "$LOG"
"""


def blocks() -> list[str]:
    """The guide's shell blocks."""
    return re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)


def expanded(word: str) -> list[str]:
    """A word as bash expands its braces."""
    done = subprocess.run(["bash", "-c", f"printf '%s\\n' {word}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_every_file_of_infra_it_names_is_there() -> None:
    words = set(re.findall(r"(?<![\w/])infra/[\w{},./*-]*[\w}]", GUIDE))
    assert len(words) > 10
    for word in sorted(words):
        for path in expanded(word):
            assert list(check.ROOT.glob(path)), path


def test_its_settings_are_in_the_files_it_opens() -> None:
    editor = next(line for block in blocks() for line in block.splitlines() if line.startswith("$EDITOR"))
    for file in shlex.split(editor)[1:]:
        assert "Yours to change" in (check.ROOT / file).read_text("utf-8"), file


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.splitlines()[0][:30])
def test_what_it_says_to_type_is_shell(block: str) -> None:
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_steps_without_argo_cd_are_taken_as_written(tmp_path: Path) -> None:
    for name, text in (("kubectl", KUBECTL), ("helm", HELM)):
        (tmp_path / name).write_text(text, "utf-8")
        (tmp_path / name).chmod(0o755)
    steps = next(block for block in blocks() if block.startswith("apply()"))
    done = subprocess.run(
        ["bash", "-e", "-c", steps.replace(".venv/bin/python", sys.executable)],
        cwd=check.ROOT,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(tmp_path / "log")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = (tmp_path / "log").read_text("utf-8").splitlines()
    folders = [line.partition(" -k infra/")[2] for line in said if " -k " in line]
    assert set(folders) >= {
        str(path.relative_to(check.INFRA))
        for path in check.overlays()
        if path.name == "local" and path.parents[1].name not in ("argocd", "backup", "openfaas", "telemetry")
    }
    secrets = next(number for number, line in enumerate(said) if line.endswith("-f -"))
    broker = next(number for number, line in enumerate(said) if line.startswith("helm"))
    places = {folder: said.index(f"kubectl apply --server-side -k infra/{folder}") for folder in folders}
    assert places["namespaces/overlays/local"] < secrets < places["postgres/overlays/local"]
    assert broker < places["knative/overlays/local"]
    values = re.findall(r"--values (\S+)", said[broker])
    assert values
    assert all((check.ROOT / file).exists() for file in values)
