"""What push remembers."""

import sqlite3
from pathlib import Path

import pytest

from faplog.push.exits import Exit, Stopped
from faplog.push.folder import Stamp
from faplog.push.memory import account_key, opened

KEY = account_key("https://a.example", "faplog_x")
OTHER = account_key("https://a.example", "faplog_y")
FILE, STAMP, DIGEST = Path("/logs/a.csv"), Stamp(3, 5), b"d" * 32


def test_what_was_sent_is_known_at_the_next_start(tmp_path: Path) -> None:
    with opened(tmp_path / "deep/state", KEY) as memory:
        assert not memory.is_sent(DIGEST)
        memory.note(FILE, STAMP, DIGEST)
        memory.note(FILE, STAMP, DIGEST)
    with opened(tmp_path / "deep/state", KEY) as memory:
        assert memory.is_sent(DIGEST)
        assert memory.sent_files() == {FILE: STAMP}


def test_another_account_has_its_own_memory(tmp_path: Path) -> None:
    with opened(tmp_path / "state", KEY) as memory:
        memory.note(FILE, STAMP, DIGEST)
    with opened(tmp_path / "state", OTHER) as memory:
        assert not memory.is_sent(DIGEST)
        assert memory.sent_files() == {}


def test_a_name_that_is_no_text_is_remembered(tmp_path: Path) -> None:
    odd = Path("/logs/a\udcff.csv")
    with opened(tmp_path / "state", KEY) as memory:
        memory.note(odd, STAMP, DIGEST)
        assert memory.sent_files() == {odd: STAMP}


def test_the_token_is_not_in_the_file(tmp_path: Path) -> None:
    with opened(tmp_path / "state", KEY) as memory:
        memory.note(FILE, STAMP, DIGEST)
    assert b"faplog_" not in (tmp_path / "state").read_bytes()


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_file_is_named_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(Stopped, match="cannot be used") as raised, opened(tmp_path / "state", KEY):
        pass
    assert raised.value.status is Exit.USAGE
    assert (tmp_path / "state").read_bytes() == content


def test_a_state_file_in_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Stopped, match="cannot be used"), opened(tmp_path / "file/state", KEY):
        pass


def test_a_database_that_fails_later_is_named(tmp_path: Path) -> None:
    def note_after_a_loss() -> None:
        with opened(tmp_path / "state", KEY) as memory:
            other = sqlite3.connect(tmp_path / "state")
            other.execute("DROP TABLE sent")
            other.close()
            memory.note(FILE, STAMP, DIGEST)

    with pytest.raises(Stopped, match="cannot be used"):
        note_after_a_loss()
