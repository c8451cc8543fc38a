"""The workflows of GitHub, checked without GitHub: schema, security, pinned actions, and steps that can be run here."""

import re
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from infra import ROOT

WORKFLOWS: Final = ROOT / ".github/workflows"

_PINNED: Final = re.compile(r"^\s*-?\s*uses: [\w./-]+@[0-9a-f]{40} # v\d[\w.]*$")
_OURS: Final = re.compile(r"^\s*uses: \$/\.github/workflows/[a-z]+\.yml$")
_TARGET: Final = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)


def misfits(text: str, makefile: str) -> Iterator[str]:
    """Yield actions that are not pinned by digest, and steps that are neither a make target nor a script of ours."""
    targets = set(_TARGET.findall(makefile))
    for line in text.splitlines():
        if "uses:" in line and not _PINNED.match(line) and not _OURS.match(line):
            yield f"not pinned by a digest with its version beside it: {line.strip()}"
    workflow: dict[str, Any] = yaml.safe_load(text)
    for name, job in workflow["jobs"].items():
        for step in job.get("steps", []):
            if command := step.get("run", ""):
                words = command.split()
                known = (words[0] == "make" and words[1] in targets) or (ROOT / words[0]).is_file()
                if len(command.strip().splitlines()) > 1 or not known:
                    yield f"job {name}: a step must be one make target or script: {command.strip()}"


def problems() -> list[str]:
    """Return everything wrong with the workflows."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    files = sorted(WORKFLOWS.glob("*.yml"))
    wrong = [
        f"{path.relative_to(ROOT)}: {problem}"
        for path in files
        for problem in misfits(path.read_text("utf-8"), makefile)
    ]
    names = [str(path.relative_to(ROOT)) for path in files]
    commands = (
        [_program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *names],
        [_program("zizmor"), "--offline", "--no-progress", "--quiet", "--persona=pedantic", *names],
        [_program("yamllint"), "--strict", "-c", "infra/yamllint.yaml", *names],
    )
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            wrong.append((done.stdout + done.stderr).strip())
    return wrong


def _program(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)
