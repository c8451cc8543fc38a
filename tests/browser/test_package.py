"""The wheel in a virtual environment of its own: its command, and the whole system it starts, seen in a browser."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.owner import new_owner
from tests.browser.test_owner import UPLOADED, register
from tests.conftest import ROOT, Stack, free_port, running_process

pytestmark = [pytest.mark.stack, pytest.mark.browser]

MOST_BYTES = 3_000_000
SCRIPTS = Path(sysconfig.get_path("scripts"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    build = [f"{SCRIPTS}/uv", "build", "--wheel", "--no-build-isolation", "--offline", f"--out-dir={folder}"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env=_environment())
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment with the wheel and, from here, the locked packages it needs."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    install = [f"{SCRIPTS}/uv", "pip", "install", "--no-deps", "--offline", f"--python={python}", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, env=_environment())
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for program in SCRIPTS.iterdir():
        _install(program, folder / "bin" / program.name, python)
    return folder / "bin"


def _install(program: Path, target: Path, python: Path) -> None:
    """Put a program of the locked packages into the environment, for its Python."""
    if target.exists() or not program.is_file():
        return
    with program.open("rb") as file:
        is_script = file.read(2) == b"#!"
    if is_script:
        lines = program.read_text("utf-8").splitlines(keepends=True)
        target.write_text("".join([f"#!{python}\n", *lines[1:]]), "utf-8")
        target.chmod(0o755)
    else:
        target.symlink_to(program)


def _environment(**more: str) -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")} | more


@pytest.fixture(scope="module")
def stack(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield the system that `faplog run` of the wheel starts outside the checkout, in place of the checkout's."""
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    process = subprocess.Popen(
        [installed / "faplog", "run", "--port", str(port), *_state_outside_linux(home)],
        cwd=home,
        env=_environment(HOME=str(home), XDG_DATA_HOME=str(home / "data")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running_process(process, port, home / "data" / "faplog") as stack:
        yield stack


def _state_outside_linux(home: Path) -> list[str]:
    return [] if sys.platform == "linux" else ["--state", str(home / "data" / "faplog")]


def test_the_wheel_is_small_and_in_no_other_packages_way(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"faplog", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    assert not [name for name in names if name.endswith((".pyc", "Dockerfile")) or "node_modules" in name]


def test_the_command_analyses_a_log_without_a_server(installed: Path, drives: list[Path], tmp_path: Path) -> None:
    done = subprocess.run(
        [installed / "faplog", "analyse", str(drives[0]), "--text"],
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert drives[0].name in done.stdout


def test_the_command_resets_a_password_of_its_system(stack: Stack, installed: Path, tmp_path: Path) -> None:
    owner = new_owner(stack.url)
    owner.http.close()
    done = subprocess.run(
        [installed / "faplog", "admin", "--state", str(stack.state), "reset-password", owner.email],
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{stack.url}/" in done.stdout


def test_the_command_runs_the_whole_system(stack: Stack, visit: Visit, drives: list[Path]) -> None:
    page = visit().page("/register")
    register(page, "wheel@example.org")
    page.get_by_role("link", name="Upload your first log").click()
    page.locator("#files").set_input_files([drives[0]])
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    page.get_by_role("link", name="Open report").click()
    expect(page.locator(".uplot").first).to_be_visible()
    page.goto(f"{stack.url}/sample")
    expect(page.locator(".uplot").first).to_be_visible()
