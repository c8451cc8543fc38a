"""Zips: what is taken from them, and what they may not do."""

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from functions.api.uploads import zip_archive

CSV = b"Date;Time;Revs\n2025.02.03;07:41:03;800\n"


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    made.seek(0)
    return made


def logs_of(file: io.BytesIO) -> tuple[dict[str, bytes | None], tuple[str, ...]]:
    """Return the logs by name, None for a damaged one, and what was skipped."""
    with zip_archive.open_zip(file) as opened:
        listing = zip_archive.listing(opened)
        found: dict[str, bytes | None] = {}
        for entry in listing.logs:
            spooled = zip_archive.unpack(opened, entry)
            found[spooled.file_name if spooled else zip_archive.shown_name(entry)] = (
                spooled.file.read() if spooled else None
            )
            if spooled:
                spooled.file.close()
    return found, listing.skipped


def test_only_the_csv_files_are_logs() -> None:
    inner = zipped({"deep.csv": CSV}).getvalue()
    found, skipped = logs_of(
        zipped(
            {
                "a.csv": CSV,
                "folder/": b"",
                "folder/B.CSV": CSV + b"\n",
                "__MACOSX/folder/._B.CSV": b"\x00",
                "._a.csv": b"\x00",
                "notes.txt": b"x",
                "inner.zip": inner,
            }
        )
    )
    assert found == {"a.csv": CSV, "B.CSV": CSV + b"\n"}
    assert skipped == ("folder/", "__MACOSX/folder/._B.CSV", "._a.csv", "notes.txt", "inner.zip")


@pytest.mark.parametrize(
    "name", ["../../etc/x.csv", "/abs/x.csv", "..\\..\\x.csv", "C:\\logs\\x.csv", "a/b/c/x.csv", "x.csv"]
)
def test_a_path_is_only_a_name(name: str) -> None:
    assert list(logs_of(zipped({name: CSV}))[0]) == ["x.csv"]


def test_a_link_is_not_followed() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
        opened.writestr("a.csv", CSV)
    made.seek(0)
    found, skipped = logs_of(made)
    assert (list(found), skipped) == (["a.csv"], ("link.csv",))


def test_names_keep_their_letters_whatever_the_tool_said() -> None:
    honest = zipped({"Fährt Çà 日本.csv": CSV})
    silent = io.BytesIO(_without_utf8_flag(zipped({"Fährt.csv": CSV}).getvalue()))
    dos = io.BytesIO(_without_utf8_flag(zipped({"Fährt.csv": CSV}).getvalue().replace("ä".encode(), b"\x84\x84")))
    assert list(logs_of(honest)[0]) == ["Fährt Çà 日本.csv"]
    assert list(logs_of(silent)[0]) == ["Fährt.csv"]
    assert list(logs_of(dos)[0]) == ["Fäährt.csv"]


def test_a_damaged_entry_is_told_from_the_others() -> None:
    file = zipped({"a.csv": CSV, "b.csv": CSV * 2}, zipfile.ZIP_STORED)
    broken = file.getvalue().replace(CSV, CSV.replace(b"800", b"900"), 1)
    assert logs_of(io.BytesIO(broken))[0] == {"a.csv": None, "b.csv": CSV * 2}


def test_an_encrypted_zip_is_refused() -> None:
    raw = bytearray(zipped({"a.csv": CSV}).getvalue())
    table = raw.index(b"PK\x01\x02")
    raw[6] |= 1
    raw[table + 8] |= 1
    with pytest.raises(BadRequest, match="encrypted"):
        logs_of(io.BytesIO(bytes(raw)))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_refused(method: int) -> None:
    with pytest.raises(BadRequest, match="unusual"):
        logs_of(zipped({"a.csv": CSV}, method))


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip at all", b"PK\x05\x06", b"PK\x03\x04" + b"\x00" * 100, zipped({"a.csv": CSV}).getvalue()[:-9]],
)
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequest, match="not a zip"):
        logs_of(io.BytesIO(content))


def test_without_a_log_there_is_nothing_to_do() -> None:
    with pytest.raises(BadRequest, match=r"no \.csv"):
        logs_of(zipped({"notes.txt": b"x"}))


def _bomb_of_size() -> io.BytesIO:
    return zipped({"bomb.csv": b"0" * (19 << 20)})


def _bomb_of_liar() -> io.BytesIO:
    """Says it unpacks to 100 bytes."""
    raw = zipped({"bomb.csv": b"0" * (5 << 20)}).getvalue()
    table = raw.index(b"PK\x01\x02")
    return io.BytesIO(raw[: table + 24] + struct.pack("<I", 100) + raw[table + 28 :])


def _bomb_of_entries() -> io.BytesIO:
    return zipped({f"{number}.csv": b"" for number in range(100_000)}, zipfile.ZIP_STORED)


def _bomb_of_total() -> io.BytesIO:
    block = bytes(range(256)) * 64  # packs by 60 or so: each entry alone is fine
    return zipped({f"{number}.csv": block * (19 << 6) for number in range(11)})


def _bomb_of_one_entry() -> io.BytesIO:
    return zipped({"big.csv": b"0;1;2\n" * (21 << 20 >> 2)})


@pytest.mark.parametrize("bomb", [_bomb_of_size, _bomb_of_entries, _bomb_of_one_entry, _bomb_of_total])
def test_bombs_are_refused_by_their_table(bomb: Callable[[], io.BytesIO], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is unpacked, and no more than a table is ever held."""
    file = bomb()
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    tracemalloc.start()
    with pytest.raises(RequestEntityTooLarge):
        logs_of(file)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_a_table_that_lies_unpacks_to_no_more_than_it_says() -> None:
    assert logs_of(_bomb_of_liar())[0] == {"bomb.csv": None}


def test_fifty_levels_of_zips_are_one_file_that_is_no_log() -> None:
    content = CSV
    for level in range(50):
        content = zipped({f"{level}.zip" if level else "a.csv": content}).getvalue()
    with pytest.raises(BadRequest, match=r"no \.csv"):
        logs_of(io.BytesIO(content))


def _without_utf8_flag(raw: bytes) -> bytes:
    made = bytearray(raw)
    table = made.index(b"PK\x01\x02")
    made[7] &= ~0x08
    made[table + 9] &= ~0x08
    return bytes(made)


@pytest.mark.parametrize("char", ["\u200e", "\u200b", "\u202e", "\u2066", "\ufeff", "\U000e0041"])
def test_what_cannot_be_seen_is_removed_from_the_names_of_entries(char: str) -> None:
    found, skipped = logs_of(
        zipped(
            {
                f"fol{char}der/{char}a.csv": CSV,
                f"b.c{char}sv": CSV,
                f"no{char}tes.txt": b"x",
                f"__MAC{char}OSX/c.csv": CSV,
            }
        )
    )
    assert found == {"a.csv": CSV, "b.csv": CSV}
    assert skipped == ("notes.txt", "__MACOSX/c.csv")


def test_long_names_of_entries_are_shortened() -> None:
    found, skipped = logs_of(zipped({"f/" * 300 + "a" * 400 + ".csv": CSV, "n" * 60_000 + ".txt": b"x"}))
    assert list(found) == ["a" * 251 + ".csv"]
    assert [len(name) for name in skipped] == [255]


@pytest.mark.parametrize(
    "entries",
    [{f"{number:02d}" + "x" * 60_000 + ".csv": CSV for number in range(20)}, {f"{n}.csv": b"" for n in range(30_000)}],
    ids=["long names", "many entries"],
)
def test_a_table_that_is_too_long_is_told_why(entries: dict[str, bytes]) -> None:
    with pytest.raises(RequestEntityTooLarge) as refused:
        logs_of(zipped(entries))
    assert refused.value.description == "The zip has more than 1,000 entries, or names that are too long."
