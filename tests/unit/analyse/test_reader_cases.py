"""Every form a log comes in, a row each, with what must come of it."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.analyse.core import text
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadData, BadLog
from tests.unit.analyse.handmade import csv_log

SPEED = [0, 36, 36, 36, 18.5, 0]
REVS = [0, 900, 1800, 1800, 1500, 850]
PLAIN = csv_log({"Speed": SPEED, "Revs": REVS, "FAPpressure": [0, 5, 10, 12, 9, 6], "FAPsoot": [8.25] * 6})
LINES = PLAIN.decode().splitlines()

EXPECTED = analyse(read(PLAIN))


def lines(change: Callable[[int, str], str], end: str = "\n") -> bytes:
    return (end.join(change(number, line) for number, line in enumerate(LINES)) + end).encode()


def dates(pattern: str) -> bytes:
    return lines(lambda _, line: line.replace("2025.02.03", pattern))


def comma_decimals(line: str) -> str:
    date, time, rest = line.split(";", 2)
    return f"{date};{time.replace('.', ',')};{rest.replace('.', ',')}"


def with_header(header: str) -> bytes:
    return "\n".join([header, *LINES[1:], ""]).encode()


SAME = {
    "as the app writes it": PLAIN,
    "UTF-8 with BOM": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "Latin-1 in an unknown column": lines(lambda n, line: line + ("Außen" if not n else "°"))
    .decode()
    .encode("latin-1"),
    "UTF-8 in an unknown column": lines(lambda n, line: line + ("Außen" if not n else "°")),
    "CRLF": lines(lambda _, line: line, "\r\n"),
    "old Mac line ends": lines(lambda _, line: line, "\r"),
    "no newline at the end": PLAIN.rstrip(b"\n"),
    "no trailing separator": lines(lambda _, line: line.rstrip(";")),
    "comma as separator": PLAIN.replace(b";", b","),
    "tab as separator": PLAIN.replace(b";", b"\t"),
    "decimal comma": lines(lambda n, line: comma_decimals(line) if n else line),
    "decimal comma, quoted, comma as separator": lines(
        lambda n, line: ",".join(
            f'"{cell.replace(".", ",") if n and "." in cell and i > 1 else cell}"'
            for i, cell in enumerate(line.split(";"))
        )
    ),
    "decimal comma in times too, quoted, comma as separator": lines(
        lambda n, line: ",".join(
            f'"{cell.replace(".", ",") if n and "." in cell and i else cell}"' for i, cell in enumerate(line.split(";"))
        )
    ),
    "decimal comma and blanks, quoted, comma as separator": PLAIN.replace(b";", b",").replace(b"18.5", b'" 18,5 "'),
    "dates DD.MM.YYYY": dates("03.02.2025"),
    "dates D.M.YYYY": dates("3.2.2025"),
    "dates DD/MM/YYYY": dates("03/02/2025"),
    "dates DD.MM.YY": dates("03.02.25"),
    "dates D. M. YYYY": dates("3. 2. 2025"),
    "dates D.M.YYYY.": dates("3.2.2025."),
    "dates YYYY. MM. DD.": dates("2025. 02. 03."),
    "ISO dates": dates("2025-02-03"),
    "dates with an empty time of day": dates("2025-02-03 00:00:00"),
    "dates with an empty time of day, AM": dates("3/2/2025 12:00:00 AM"),
    "header in capitals": with_header(LINES[0].upper()),
    "header with blanks and dots": with_header(LINES[0].replace("FAPsoot", " F.A.P soot ").replace("Speed", "Speed ")),
    "unknown columns": lines(lambda n, line: line + ("Mystery;" if not n else "42;")),
    "blank columns": lines(lambda _, line: line.replace(";", ";;", 2).replace(";;", ";", 1) + ";;"),
    "a line before the header": b"sep=;\n" + PLAIN,
    "quotes around every cell": lines(lambda _, line: ";".join(f'"{cell}"' for cell in line.split(";"))),
    "a stray quote": PLAIN.replace(b";36;1800;10", b';"36;1800;10', 1),
    "blanks in cells": lines(lambda n, line: line.replace(";36;", "; 36 ;") if n else line),
    "NULs before and after": b"\0\0" + PLAIN + b"\0" * 500,
    "a page of NULs before": b"\0" * 4096 + PLAIN,
    "UTF-16 without a mark": (PLAIN.decode() + "\n" * 300).encode("utf-16-le"),
    "blank lines": PLAIN.replace(b"\n", b"\n\n"),
    "rows too long": lines(lambda n, line: line + ("1;2;3;4;" if n else "")),
    "first time without fraction": PLAIN.replace(b"08:00:00.0", b"08:00:00"),
    "all times without fraction": lines(lambda n, line: line.replace(".0;", ";") if n else line),
    "times of one digit": lines(lambda n, line: line.replace(";08:", ";8:") if n else line),
    "a column twice": lines(lambda n, line: line + ("Speed;" if not n else "99;")),
}


@pytest.mark.parametrize("name", SAME)
def test_the_form_changes_nothing(name: str) -> None:
    found = analyse(read(SAME[name]))
    assert {**found, "quality": None} == {**EXPECTED, "quality": None}
    assert found["quality"]["rows_used"] == 6


@pytest.mark.parametrize("more", range(8))
def test_quoted_cells_are_whole_wherever_the_text_is_cut(more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = SAME["decimal comma in times too, quoted, comma as separator"]
    monkeypatch.setattr(text, "PIECE_BYTES", max(map(len, raw.splitlines())) + 1 + more)
    assert {**analyse(read(raw)), "quality": None} == {**EXPECTED, "quality": None}


def test_columns_in_any_order() -> None:
    def turned(line: str) -> str:
        return ";".join(reversed(line.split(";")))

    found = analyse(read(lines(lambda _, line: turned(line))))
    assert {**found, "quality": None} == {**EXPECTED, "quality": None}


Outcome = dict[str, Any]


def quality(raw: bytes) -> Outcome:
    return analyse(read(raw))["quality"]  # type: ignore[no-any-return]


def test_repeated_headers_are_cut_out_and_counted() -> None:
    header = LINES[0]
    raw = "\n".join([*LINES[:3], header, LINES[3], header.upper(), *LINES[4:], header]).encode()
    found = analyse(read(raw))
    assert {**found, "quality": None} == {**EXPECTED, "quality": None}
    assert found["quality"]["rows_dropped"] == {"bad_time": 0, "repeated_header": 3}
    assert found["quality"]["rows_read"] == 9


def test_a_repeated_header_may_name_other_columns() -> None:
    first = csv_log({"Speed": [36, 36], "Revs": [900, 900]})
    second = csv_log({"Coolant": [50, 51], "Speed": [36, 36]}, start=8 * 3600 + 2)
    found = analyse(read(first + second))
    assert found["overall"]["distance_km"] == 0.03
    assert found["engine"]["coolantTemp"] == {"min_c": 50, "max_c": 51, "avg_c": 50}
    assert found["driving"]["revs"]["max"] == 900


def test_a_single_row_too_short_lost_bytes_and_is_dropped() -> None:
    raw = PLAIN.replace(b"08:00:02.0;36;1800;10;8.25;", b"08:00:02.0;36")
    found = analyse(read(raw))
    assert found["overall"]["distance_km"] == EXPECTED["overall"]["distance_km"]
    assert (found["quality"]["rows_used"], found["quality"]["damaged_rows"]) == (5, 1)


def test_every_row_may_be_too_short() -> None:
    raw = "\n".join([LINES[0], *(";".join(line.split(";")[:3]) for line in LINES[1:]), ""]).encode()
    found = analyse(read(raw))
    assert found["overall"]["distance_km"] == EXPECTED["overall"]["distance_km"]
    assert found["driving"]["revs"]["max"] is None
    assert found["quality"]["missing_columns"] == EXPECTED["quality"]["missing_columns"]


def test_the_first_rows_may_be_too_short() -> None:
    raw = "\n".join([LINES[0], *(";".join(line.split(";")[:3]) for line in LINES[1:3]), *LINES[3:], ""]).encode()
    assert analyse(read(raw))["driving"]["revs"] == {"min": 850, "max": 1800, "avg": 1488, "avgDriving": 1700}


def test_the_cell_in_which_a_file_breaks_off_is_not_believed() -> None:
    raw = PLAIN.rstrip(b"\n").removesuffix(b";6;8.25;") + b";6;8.2"
    assert raw.endswith(b"850;6;8.2")
    cut = analyse(read(raw.removesuffix(b"6;8.2") + b"6"))
    assert cut["quality"]["rows_used"] == 6
    assert cut["fap"]["pressure"]["min_mbar"] == 5  # the last 6 might have been 60


def test_a_last_row_cut_within_its_time_is_dropped() -> None:
    raw = PLAIN.rstrip(b"\n")
    found = quality(raw[: raw.rfind(b"08:00:05") + 6])
    assert (found["rows_used"], found["rows_dropped"]["bad_time"]) == (5, 1)


@pytest.mark.parametrize("cell", ["inf", "-inf", "1e999", "abc", "--", "#DIV/0!", "99999"])
def test_an_impossible_cell_is_void_and_counted(cell: str) -> None:
    raw = PLAIN.replace(b";10;8.25;", f";{cell};8.25;".encode())
    found = analyse(read(raw))
    assert found["quality"]["voided"] == {"FAPpressure": {"sentinel": 0, "implausible": 1}}
    assert found["fap"]["pressure"]["max_mbar"] == 12
    assert found["overall"] == EXPECTED["overall"]


@pytest.mark.parametrize("cell", ["", "nan", "NaN", " "])
def test_an_empty_cell_is_void_and_no_fault(cell: str) -> None:
    found = quality(PLAIN.replace(b";10;8.25;", f";{cell};8.25;".encode()))
    assert found["voided"] == {}


def test_a_block_of_sentinels_voids_cells_not_rows() -> None:
    found = analyse(read(PLAIN.replace(b";10;8.25", b";65280;8.25").replace(b";12;8.25", b";65280.0;8.25")))
    assert found["quality"]["voided"] == {"FAPpressure": {"sentinel": 2, "implausible": 0}}
    assert found["fap"]["pressure"] == {"min_mbar": 5.0, "max_mbar": 9.0, "avg_mbar": 6.7}
    assert {key: found[key] for key in ("overall", "driving", "engine")} == {
        key: EXPECTED[key] for key in ("overall", "driving", "engine")
    }


def test_rows_without_a_valid_time_are_dropped_and_counted() -> None:
    bad = [
        "2025.02.03;25:00:00.0;0;",
        "2025.02.30;08:00:01.0;0;",
        ";08:00:01.0;0;",
        "2025.02.03;;0;",
        "nonsense",
        "2025.02.03;08:00;0;",
        "2025.13.03;08:00:01.0;0;",
    ]
    raw = PLAIN + "\n".join(bad).encode()
    found = quality(raw)
    assert found["rows_dropped"] == {"bad_time": len(bad), "repeated_header": 0}
    assert found["rows_used"] == 6


def test_two_rows_a_second_on_a_clock_of_whole_seconds() -> None:
    raw = csv_log({"Speed": [36] * 20}, t=[row // 2 for row in range(20)])
    found = analyse(read(raw))
    assert found["overall"]["duration"]["overall_sec"] == 9
    assert found["overall"]["distance_km"] == 0.09
    assert found["quality"]["sampling_sec"] == 0.47
    assert found["quality"]["rows_out_of_order"] == 0


def test_rows_out_of_order_are_sorted_and_counted() -> None:
    raw = "\n".join([LINES[0], LINES[1], LINES[3], LINES[2], *LINES[4:]]).encode()
    found = analyse(read(raw))
    assert found["overall"] == EXPECTED["overall"]
    assert found["quality"]["rows_out_of_order"] == 1


def test_midnight_without_a_change_of_date() -> None:
    found = analyse(read(csv_log({"Speed": [36] * 6}, start=86400 - 3)))
    assert found["overall"]["date"] == {"date": "2025-02-03", "start": "23:59:57", "end": "00:00:02"}
    assert found["overall"]["duration"]["overall_sec"] == 5
    assert found["drives"][0]["end"] == "2025-02-04T00:00:02"


def test_midnight_with_a_change_of_date() -> None:
    before = csv_log({"Speed": [36] * 3}, start=86400 - 3)
    after = csv_log({"Speed": [36] * 3}, start=0, date="2025.02.04")
    found = analyse(read(before + after))
    assert found["overall"]["duration"]["overall_sec"] == 5
    assert found["drives_total"] == 1


@pytest.mark.parametrize("rows", [1, 3, 10])
def test_midnight_after_the_date_changed_early(rows: int) -> None:
    old = csv_log({"Speed": [36] * 20}, start=86400 - 20 - rows)
    new = csv_log({"Speed": [36] * 30}, start=86400 - rows, date="2025.02.04")
    found = analyse(read(old + new))
    assert found["overall"]["duration"]["overall_sec"] == 49
    assert (found["drives_total"], found["quality"]["clock_jumps"]) == (1, [])
    assert found["drives"][0]["end"][:13] == "2025-02-04T00"


def test_a_midnight_long_after_the_date_changed_is_one() -> None:
    old = csv_log({"Speed": [36] * 20}, start=86400 - 31)
    new = csv_log({"Speed": [36] * 30}, start=86400 - 11, date="2025.02.04")
    assert analyse(read(old + new))["drives"][-1]["end"][:13] == "2025-02-05T00"


def test_midnight_before_the_date_changes_late() -> None:
    old = csv_log({"Speed": [36] * 6}, start=86400 - 3)
    new = csv_log({"Speed": [36] * 3}, start=3, date="2025.02.04")
    found = analyse(read(old + new))
    assert found["overall"]["duration"]["overall_sec"] == 8
    assert found["drives_total"] == 1


@pytest.mark.parametrize("step", [0.5, 0.9, 1, 4, 10])
def test_any_sampling_gives_the_same_distance(step: float) -> None:
    rows = round(600 / step) + 1
    found = analyse(read(csv_log({"Speed": [60] * rows}, t=[row * step for row in range(rows)])))
    assert found["overall"]["distance_km"] == 10.0
    assert found["quality"]["gaps"] == 0


def test_every_row_regenerating() -> None:
    found = analyse(read(csv_log({"Speed": [60] * 61, "Revs": [2000] * 61, "REGEN": [1] * 61})))
    assert found["regens_total"] == 1
    assert found["fapRegen"]["duration_sec"] == 60
    assert found["fapRegen"]["distance_km"] == 1.0
    assert found["fapRegen"]["fuelConsumption"] == {"regen_l100km": None, "nonRegen_l100km": None}


@pytest.mark.parametrize("column", ["Speed", "Revs", "InjFlow", "FAPsoot", "REGEN", "BR", "GearA", "Inj.3FlowCorr"])
def test_one_known_column_is_enough(column: str) -> None:
    found = analyse(read(csv_log({column: [1, 0, 1]})))
    assert found["overall"]["duration"]["overall_sec"] == 2
    assert column not in found["quality"]["missing_columns"]
    assert (found["overall"]["distance_km"] is None) == (column != "Speed")


def test_one_row_is_a_log() -> None:
    found = analyse(read(csv_log({"Speed": [50], "Revs": [1500]})))
    assert found["overall"]["duration"] == {
        "overall_sec": 0,
        "engineOn_sec": 0,
        "engineOff_sec": 0,
        "idle_sec": 0,
        "driving_sec": 0,
    }
    assert found["driving"]["speed"] == {"min_kmh": 50, "max_kmh": 50, "avg_kmh": 50}


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "blanks": (b" \n\t\r\n", "the file is empty"),
    "NULs only": (b"\0" * 1000, "the file is empty"),
    "no Time": (PLAIN.replace(b"Time;", b"Uhr;"), "the column 'Time' is missing"),
    "no Date": (PLAIN.replace(b"Date;", b"Datum;"), "the column 'Date' is missing"),
    "neither": (PLAIN.replace(b"Date;Time;", b"D;T;"), "the columns 'Date' and 'Time' are missing"),
    "no header": (b"\n".join(PLAIN.splitlines()[1:]), "it has no header line with the columns 'Date' and 'Time'"),
    "only a header": (PLAIN.splitlines()[0] + b"\n", "there are no rows under the header"),
    "no known column": (
        b"Date;Time;Weight\n2025.02.03;08:00:00;3\n",
        "besides 'Date' and 'Time' it has no column of a FAP log",
    ),
    "a PDF": (
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
        "it has no header line with the columns 'Date' and 'Time'",
    ),
    "a zip": (
        b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(range(256)) * 8,
        "it has no header line with the columns 'Date' and 'Time'",
    ),
    "too large": (PLAIN + b"\n" * 26_300_000, "it is larger than 25 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_why(name: str) -> None:
    raw, reason = REFUSED[name]
    with pytest.raises(BadLog) as caught:
        read(raw)
    assert str(caught.value) == reason
    assert not isinstance(caught.value, BadData)


def test_a_log_without_a_single_time_is_bad_data() -> None:
    with pytest.raises(BadData, match=r"^no row has a valid date and time$"):
        read(PLAIN.replace(b"2025.02.03", b"yesterday"))


def test_rows_of_one_instant_stay_in_their_order() -> None:
    raw = csv_log({"FAPsoot": [*range(120)]}, t=([1.0] * 20 + [0.0] * 20) * 3)
    assert analyse(read(raw))["fap"]["soot"] == {"start_gl": 20.0, "end_gl": 99.0, "diff_gl": 79.0}


@pytest.mark.parametrize(("fall", "passed"), [(43_200, False), (43_201, True)])
def test_midnight_passed_where_the_time_falls_by_more_than_twelve_hours(fall: float, passed: bool) -> None:
    found = analyse(read(csv_log({"Speed": [36] * 3}, t=[0, 1, 1 - fall], start=80_000)))
    assert (found["quality"]["rows_out_of_order"] == 0) == passed


def test_midnights_are_counted_under_each_date_anew() -> None:
    raw = (
        csv_log({"Speed": [36] * 2}, start=86_398)
        + csv_log({"Speed": [36] * 2}, start=0, date="2025.02.04")
        + csv_log({"Speed": [36] * 4}, start=86_398, date="2025.02.04")
        + csv_log({"Speed": [36] * 2}, start=2, date="2025.02.05")
    )
    found = analyse(read(raw))
    assert [(drive["start"], drive["end"]) for drive in found["drives"]] == [
        ("2025-02-03T23:59:58", "2025-02-04T00:00:01"),
        ("2025-02-04T23:59:58", "2025-02-05T00:00:03"),
    ]
    assert found["quality"]["rows_out_of_order"] == 0


def test_the_profile_is_passed_on() -> None:
    assert analyse(read(PLAIN), "DCM62v2")["quality"]["profile"] == "DCM62v2"
