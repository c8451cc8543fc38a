"""One system for all of these tests, which is only here to be hurt, and two hundred logs to upload to it."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from faplog.synthetic import day
from tests.chaos.promise import LOGS
from tests.conftest import Stack, running_stack


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield everything `make run` starts, as it is."""
    with running_stack(tmp_path_factory.mktemp("chaos")) as stack:
        yield stack


@pytest.fixture(scope="session")
def logs() -> dict[str, bytes]:
    """Short drives, no two alike, a day each: over half a year of them."""
    return {
        f"drive-{number}.csv": day(seed=number, minutes=2, on=date(2025, 3, 1) + timedelta(days=number))[0]
        for number in range(LOGS)
    }
