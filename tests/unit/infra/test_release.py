"""The release is raised by one edit and `make render`."""

import re
import subprocess
from pathlib import Path

import pytest

from faplog.version import VERSION
from infra import ROOT, dockerfiles, release, render

NEXT = "7.8.9-rc.1"
NAMES_NO_RELEASE = ("CHANGELOG.md", "SECURITY.md", "requirements/", "ui/package-lock.json", "tests/", "docs/")
"""History, other people's versions, and prose."""


def test_every_file_that_names_the_release_is_written_anew() -> None:
    stamped = release.stamped(ROOT, NEXT)
    assert set(dockerfiles.DOCKERFILES) < {str(path) for path in stamped}
    for path, text in stamped.items():
        assert NEXT in text, path
        assert VERSION not in text, path


def test_nothing_else_names_it() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of the files that belong to it")
    known = {*release.stamped(ROOT), *render.rendered(), Path("faplog/version.py")}
    exactly = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.])")
    found = [
        name
        for name in listed.stdout.splitlines()
        if Path(name) not in known
        and not name.startswith(NAMES_NO_RELEASE)
        and (ROOT / name).is_file()
        and exactly.search((ROOT / name).read_text("utf-8", "replace"))
    ]
    assert found == []


def test_the_rendered_services_follow_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "VERSION", NEXT)
    services = render.rendered()[Path("infra/knative/base/services.yaml")]
    assert services.count(f":{NEXT}\n") == 2
