"""What lies in a folder, and which of its files are complete."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faplog.push.folder import Look, Stamp, is_complete, listing, looked

A, B = Path("a.csv"), Path("b.csv")


@contextmanager
def without_privileges() -> Iterator[None]:
    """Run as a user whom permissions bind; root is not."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """Yield a folder that every user can enter; those above pytest's are its user's alone."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in folder.iterdir():
        path.chmod(0o700)  # one without permission can only be emptied by root
    shutil.rmtree(folder)


def test_logs_are_found_in_subfolders_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("a.csv", "sub/B.CSV", "notes.txt", ".hidden.csv", ".trash/c.csv", "csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere")
    found = listing(tmp_path)
    assert set(found.stamps) == {tmp_path / "a.csv", tmp_path / "sub/B.CSV"}
    assert not found.unreadable


def test_a_folder_that_is_not_there_or_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(OSError, match=str(path)):
            listing(path)


def test_a_folder_without_permission_is_an_error(shared: Path) -> None:
    (shared / "closed").mkdir(mode=0o000)
    with without_privileges(), pytest.raises(PermissionError):
        listing(shared / "closed")


def test_a_subfolder_without_permission_is_named_and_the_rest_found(shared: Path) -> None:
    (shared / "closed").mkdir(mode=0o000)
    (shared / "a.csv").write_text("x")
    with without_privileges():
        found = listing(shared)
    assert set(found.stamps) == {shared / "a.csv"}
    assert found.unreadable == {shared / "closed": "Permission denied"}


def test_ten_thousand_files_are_listed(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number}.csv").touch()
    assert len(listing(tmp_path).stamps) == 10_000


def test_a_look_remembers_since_when_a_file_is_as_it_is() -> None:
    first = looked({}, {A: Stamp(1, 1), B: Stamp(1, 1)}, 10)
    second = looked(first, {A: Stamp(1, 1), B: Stamp(2, 2)}, 20)
    assert second == {A: Look(Stamp(1, 1), 10), B: Look(Stamp(2, 2), 20)}
    assert looked(second, {}, 30) == {}


@pytest.mark.parametrize(
    ("now", "wall", "expected"),
    [
        (109.0, None, False),
        (110.0, None, True),
        (100.0, None, False),
        (100.0, 1009.0, False),
        (100.0, 1010.0, True),
        (110.0, 900.0, True),  # a stamp in the future: watched instead
    ],
)
def test_a_file_is_complete_once_it_has_not_changed_for_a_while(now: float, wall: float | None, expected: bool) -> None:
    look = Look(Stamp(5, 1_000 * 10**9), since_sec=100.0)
    assert is_complete(look, 10, now, wall) is expected
