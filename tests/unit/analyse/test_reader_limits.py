"""What the reader takes and what it refuses, one step on either side of each limit, and what it says of it."""

import pytest

from functions.analyse.core import reading, text
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadLog
from functions.analyse.core.text import read_text
from tests.unit.analyse.handmade import csv_log

LOG = csv_log({"Speed": [36] * 3, "Revs": [900] * 3})


def refusal(raw: bytes) -> str:
    with pytest.raises(BadLog) as caught:
        read(raw)
    return str(caught.value)


def known(raw: bytes) -> int:
    """Return how many rows are used."""
    rows: int = analyse(read(raw))["quality"]["rows_used"]
    return rows


@pytest.mark.parametrize(
    ("raw", "encoding", "separator"),
    [
        (LOG, "utf-8", ";"),
        (LOG.replace(b"Revs", "Revs;Außen".encode()), "utf-8", ";"),
        (LOG.replace(b"Revs", "Revs;Außen".encode("latin-1")), "latin-1", ";"),
        (b"\xef\xbb\xbf" + LOG, "utf-8-sig", ";"),
        (LOG.decode().encode("utf-16-le").join([b"\xff\xfe", b""]), "utf-16", ";"),
        (LOG.decode().encode("utf-16-be").join([b"\xfe\xff", b""]), "utf-16", ";"),
        (LOG.replace(b";", b","), "utf-8", ","),
        (LOG.replace(b";", b"\t"), "utf-8", "\t"),
    ],
)
def test_encoding_and_separator_are_told(raw: bytes, encoding: str, separator: str) -> None:
    quality = analyse(read(raw))["quality"]
    assert (quality["encoding"], quality["separator"], quality["rows_used"]) == (encoding, separator, 3)


def test_a_header_stands_within_the_first_fifty_lines() -> None:
    assert known(b"note\n" * 49 + LOG) == 3
    assert refusal(b"note\n" * 50 + LOG) == "it has no header line with the columns 'Date' and 'Time'"


def test_a_header_has_a_thousand_separators_at_most() -> None:
    header, rows = LOG.split(b"\n", 1)
    own = header.count(b";")
    assert known(header + b"x;" * (1000 - own) + b"\n" + rows) == 3
    for more in (1001, 2000, 60_000):
        assert refusal(header + b"x;" * (more - own) + b"\n" + rows) == "it has more than 1000 columns"


@pytest.mark.parametrize("separator", [b";", b",", b"\t"])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([b"Date", b"Time", *[b"x"] * 1998], "it has more than 1000 columns"),
        ([*[b"a rather long name of a column"] * 1998, b" DATE ", b"time"], "it has more than 1000 columns"),
        ([b"x"] * 2000, "it has no header line with the columns 'Date' and 'Time'"),
        ([b"Date", *[b"x"] * 1999], "it has no header line with the columns 'Date' and 'Time'"),
    ],
)
def test_a_file_with_two_thousand_columns_is_told_the_truth(separator: bytes, names: list[bytes], said: str) -> None:
    assert refusal(separator.join(names) + b"\n" + separator.join([b"1"] * 2000) + b"\n") == said


def test_a_line_has_64_kb_at_most() -> None:
    row = b"2025.02.03;08:00:03.0;36;900;"
    longest = row + b"x" * (65_536 - len(row) - 1) + b"\n"
    assert known(LOG + longest + row + b"\n") == 5
    assert refusal(LOG + b"x" + longest + row + b"\n") == "it has a line longer than 64 kB"
    assert refusal(LOG + row + b"\n" + b"x" + longest) == "it has a line longer than 64 kB"


def test_a_log_has_600_000_lines_at_most() -> None:
    assert refusal(LOG + b"\n" * 600_001) == "it has more than 600000 lines, too many for the log of one day"
    assert refusal(b"x\n" * 600_000) == "it has no header line with the columns 'Date' and 'Time'"


def test_a_log_has_as_many_cells_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_CELLS", 6)
    assert known(LOG) == 3
    monkeypatch.setattr(reading, "MAX_CELLS", 5)
    assert refusal(LOG) == "it has 3 rows, too many for the log of one day"


def test_columns_change_a_hundred_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_TABLES", 2)
    other = csv_log({"Coolant": [36]})
    assert known(LOG + other + LOG) == 7
    assert refusal(LOG + other + LOG + other) == "its columns change more than 2 times"


def test_a_file_has_as_many_bytes_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_BYTES", len(LOG))
    assert known(LOG) == 3
    assert refusal(LOG + b"\n") == "it is larger than 0 MB"


def test_the_tables_of_a_text() -> None:
    other = csv_log({"Coolant": [36]}).replace(b"08:00:00.0", b"08:00:07.0")
    found = read_text(LOG + b"Date;Time;Speed;Revs;\n" + other)
    assert [table.names for table in found.tables] == [
        ("date", "time", "speed", "revs", ""), ("date", "time", "coolant", ""),
    ]  # fmt: skip
    assert [table.starts.tolist() for table in found.tables] == [[0, 30, 60], [0]]
    assert found.tables[1].body == b"2025.02.03;08:00:07.0;36;\n"
    assert found.repeated_headers == 2
    assert found.names == {"date", "time", "speed", "revs", "coolant", ""}


@pytest.mark.parametrize(
    ("end", "rows", "fastest"),
    [
        (b"2025.02.03;08:00:03.0;44;900;", 4, 44),  # whole but for the newline
        (b"2025.02.03;08:00:03.0;44;900", 4, 44),  # a number that may go on, but all separators are there
        (b"2025.02.03;08:00:03.0;44;", 4, 44),
        (b"2025.02.03;08:00:03.0;44", 4, 36),  # 44 may have been 440
        (b"2025.02.03;08:00:03", 3, 36),
        (b"2025", 3, 36),
    ],
)
def test_where_a_file_breaks_off(end: bytes, rows: int, fastest: int) -> None:
    found = analyse(read(LOG + end))
    assert (found["quality"]["rows_used"], found["driving"]["speed"]["max_kmh"]) == (rows, fastest)


@pytest.mark.parametrize(
    ("time", "start"),
    [
        ("08:00:00", "08:00:00"), ("8:00:00.5", "08:00:00"), ("23:59:59.999", "23:59:59"), ("00:00:00,25", "00:00:00"),
        (" 08:00:00.123456789 ", "08:00:00"),
    ],
)  # fmt: skip
def test_times_in_their_forms(time: str, start: str) -> None:
    raw = f"Date;Time;Speed;\n2025.02.03;{time};36;\n".encode()
    assert analyse(read(raw))["overall"]["date"] == {"date": "2025-02-03", "start": start, "end": start}


@pytest.mark.parametrize(
    "time", ["24:00:00", "08:60:00", "08:00:60", "08:00", "8", "08-00-00", "08:00:00.", "x08:00:00"]
)
def test_what_is_no_time(time: str) -> None:
    raw = f"Date;Time;Speed;\n2025.02.03;{time};36;\n".encode()
    assert refusal(raw) == "no row has a valid date and time"


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2025.2.3", "2025-02-03"), ("2024/02/29", "2024-02-29"), ("1970-01-01", "1970-01-01"),
        ("31.12.99", "2099-12-31"), ("2025-12-31T00:00:00.000", "2025-12-31"), ("31-12-2025 0:00", "2025-12-31"),
    ],
)  # fmt: skip
def test_dates_in_their_forms(date: str, day: str) -> None:
    raw = f"Date;Time;Speed;\n{date};08:00:00;36;\n".encode()
    assert analyse(read(raw))["overall"]["date"]["date"] == day


@pytest.mark.parametrize(
    "date", ["2025.00.03", "2025.13.03", "2025.02.00", "2025.02.29", "2025.04.31", "1969-12-31", "2025.02", "20250203"]
)
def test_what_is_no_date(date: str) -> None:
    raw = f"Date;Time;Speed;\n{date};08:00:00;36;\n".encode()
    assert refusal(raw) == "no row has a valid date and time"


def test_dates_and_times_of_many_forms_in_one_file() -> None:
    forms = [
        "2025.02.03;08:00:00", "2025-02-03;08:00:01", "2025/02/03;08:00:02", "3.2.2025;08:00:03.5",
        "03.02.2025;8:00:04", "3/2/25;8:00:05.25", "03-02-25;08:00:06.125", "2025.2.3;08:00:07.0001",
        "2025-2-3;08:00:08,5", "nonsense;08:00:09", "2025.02.03 00:00;08:00:10", "2025.02.03T00:00:00;08:00:11.00000",
        " 2025.02.03;08:00:12.000000", "what;08:00:13", "03.02.25;08:00:14.0000000", "3.2.25;08:00:15.00000000",
        "03/02/2025;08:00:16.000000000", "never;08:00:17",
    ]  # fmt: skip
    rows = [f"{form};{36 + row};" for row, form in enumerate(forms)]
    found = analyse(read("\n".join(["Date;Time;Speed;", *rows, *rows, ""]).encode()))
    assert found["quality"]["rows_used"] == 30
    assert found["quality"]["rows_dropped"]["bad_time"] == 6
    assert found["overall"]["date"] == {"date": "2025-02-03", "start": "08:00:00", "end": "08:00:16"}
    assert found["overall"]["duration"]["overall_sec"] == 16


def test_words_are_counted_over_a_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WORDS_BLOCK_BYTES", 64)
    cells: list[str | float] = ["abc", 36, 36, 36, "x", 36, 36, 36, 36, "y"]
    found = analyse(read(csv_log({"Speed": cells, "Revs": [900] * 10})))
    assert found["quality"]["voided"] == {"Speed": {"sentinel": 0, "implausible": 3}}
    assert found["quality"]["rows_used"] == 10
    assert found["driving"]["revs"] == {"min": 900, "max": 900, "avg": 900, "avgDriving": 900}


def test_words_in_two_tables_are_added_up() -> None:
    first = csv_log({"Speed": ["abc", 36], "Revs": [900, 900]})
    second = csv_log({"Coolant": [50, "hot"], "Speed": ["x", 30]}, start=8 * 3600 + 2)
    found = analyse(read(first + second))
    assert found["quality"]["voided"] == {
        "Speed": {"sentinel": 0, "implausible": 2}, "Coolant": {"sentinel": 0, "implausible": 1},
    }  # fmt: skip
    assert (found["driving"]["speed"]["min_kmh"], found["driving"]["speed"]["max_kmh"]) == (30, 36)
