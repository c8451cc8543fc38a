"""A real Chromium in front of the real system, with an owner who has driven for two weeks."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from faplog.synthetic.__main__ import main as synthetic
from tests.browser.chromium import DESKTOP, PATIENCE_MS, STEADY, NoChromium, Watched, launched
from tests.browser.owner import PASSWORD, Owner, new_owner
from tests.conftest import Stack

Visit = Callable[..., Watched]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, for one module: its event loop must not outlive the tests that need it.

    Without one the tests are skipped with the reason, and fail where CI=true.
    """
    with ExitStack() as opened:
        try:
            browser = opened.enter_context(launched(headless_shell=True))
        except NoChromium as error:
            reason = f"browser tests did not run: {error}"
            if os.environ.get("CI", "").lower() == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser


@pytest.fixture(scope="session")
def drives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two weeks of synthetic drives with a complete and an interrupted regeneration."""
    folder = tmp_path_factory.mktemp("drives")
    synthetic(["--days", "13", "--seed", "3", str(folder)])
    return sorted(folder.glob("*.csv"))


@dataclass(frozen=True)
class Driver:
    """An owner with analysed logs; `regenerated` had a regeneration, `failed` could not be read."""

    owner: Owner
    regenerated: str
    interrupted: str
    failed: str


@pytest.fixture(scope="session")
def driver(stack: Stack, drives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """Yield the owner, everything analysed and averaged."""
    broken = tmp_path_factory.mktemp("broken") / "broken.csv"
    broken.write_text("a;b;c\n1;2;3\n")
    owner = new_owner(stack.url)
    ids = owner.upload(*drives, broken)
    owner.average()
    yield Driver(owner, ids[1], ids[11], ids[-1])
    owner.http.close()


@pytest.fixture
def another(stack: Stack) -> Iterator[Callable[[], Owner]]:
    """Return a function that makes owners without logs."""
    made: list[Owner] = []

    def make() -> Owner:
        made.append(new_owner(stack.url))
        return made[-1]

    yield make
    for owner in made:
        owner.http.close()


@pytest.fixture
def visit(stack: Stack, chromium: Browser) -> Iterator[Visit]:
    """Return a function that opens a browser (`visit(owner, **options)`), signed in if an owner is given."""
    opened: list[Watched] = []

    def open_one(owner: Owner | None = None, **options: Any) -> Watched:
        watched = Watched(chromium.new_context(**(DESKTOP | STEADY | options)), stack.url)
        opened.append(watched)
        if owner:
            login = watched.context.request.post(
                f"{stack.url}/api/v1/auth/login",
                data={"email": owner.email, "password": PASSWORD},
                headers={"Origin": stack.url},
            )
            assert login.status == 200, login.text()
        return watched

    yield open_one
    for watched in opened:
        watched.context.close()
    for watched in opened:
        watched.check()
