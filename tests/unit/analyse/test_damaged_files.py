"""Files that are damaged, re-saved, or not what they seem: the right figures, or a refusal by code."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from math import isnan
from typing import Any

import pytest

from faplog import synthetic
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.columns import NUMBERS
from functions.analyse.core.errors import BadLog
from tests.unit.analyse.handmade import csv_log

DAY = date(2025, 3, 14)
ROW = 40
"""The row that is damaged where only one is."""


@cache
def raw() -> bytes:
    """Return a day of two drives of 20 minutes each."""
    return synthetic.day(3, minutes=40)[0]


@cache
def lines() -> tuple[str, ...]:
    return tuple(raw().decode().splitlines())


@cache
def original() -> dict[str, Any]:
    return analyse(read(raw(), DAY))


@cache
def second_drive() -> int:
    """Return the first row of the second drive."""
    first: int = read(raw(), DAY).log.drives[1].start
    return first


def found_in(content: Sequence[str] | bytes, day: date | None = DAY) -> dict[str, Any]:
    data = content if isinstance(content, bytes) else ("\n".join(content) + "\n").encode()
    return analyse(read(data, day))


def refused(content: Sequence[str] | bytes, day: date | None = DAY) -> BadLog:
    with pytest.raises(BadLog) as caught:
        found_in(content, day)
    return caught.value


def check_near(found: dict[str, Any], share: float = 0.01) -> None:
    """Check that the sums are within 1 % or 3 s of the original's, and that nothing was cut or joined."""
    assert found["overall"]["duration"] == pytest.approx(original()["overall"]["duration"], rel=share, abs=3)
    assert found["fuelConsumption"]["overall"] == pytest.approx(original()["fuelConsumption"]["overall"], rel=share)
    assert found["overall"]["distance_km"] == pytest.approx(original()["overall"]["distance_km"], rel=share)
    assert found["drives_total"] == original()["drives_total"]
    assert found["health"]["verdict"] == original()["health"]["verdict"]


@cache
def in_whole_seconds() -> dict[str, Any]:
    return found_in(changed(lambda cells: [cells[0], cells[1].split(".")[0], *cells[2:]]))


def check_same(found: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
    """Check that all figures are those of the original, or of the one given; only `quality` may say more."""
    expected = expected or original()
    assert {**found, "quality": None} == {**expected, "quality": None}
    assert found["quality"]["voided"] == expected["quality"]["voided"]


def is_row(line: str) -> bool:
    return line[0].isdigit()


def changed(change: Callable[[list[str]], list[str]], content: Sequence[str] | None = None) -> list[str]:
    """Return the log with the cells of each row changed."""
    return [";".join(change(line.split(";"))) if is_row(line) else line for line in content or lines()]


# the clock jumps


def set_clock(jumps: dict[int, float]) -> list[str]:
    """Return the log with the clock set forward by so many seconds from these rows on."""
    moved, row, made = 0.0, 0, []
    for line in lines():
        if not is_row(line):
            made.append(line)
            continue
        moved += jumps.get(row, 0)
        day, time, rest = line.split(";", 2)
        hour, minute, second = time.split(":")
        tenths = round((int(hour) * 3600 + int(minute) * 60 + float(second) + moved) * 10)
        stamp = f"{tenths // 36000:02}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"
        made.append(f"{day};{stamp};{rest}")
        row += 1
    return made


@pytest.mark.parametrize("seconds", [-3, -5, -30, -90, -600, -3600, -7200])
@pytest.mark.parametrize("row", [6, 300, 700])
def test_a_clock_set_back_is_told_and_taken_out(row: int, seconds: float) -> None:
    found = found_in(set_clock({row: seconds}))
    assert [jump["sec"] for jump in found["quality"]["clock_jumps"]] == [pytest.approx(seconds, abs=1.5)]
    check_near(found)


@pytest.mark.parametrize("seconds", [3, 30, 120, 290])
@pytest.mark.parametrize("row", [6, 300, 700])
def test_a_clock_set_forward_by_less_than_a_drive_ends_after_changes_no_figure(row: int, seconds: float) -> None:
    check_near(found_in(set_clock({row: seconds})))


@pytest.mark.parametrize("seconds", [1800, 3600, 7200])
@pytest.mark.parametrize("row", [300, 700, 2200])
def test_a_clock_set_to_another_zone_does_not_cut_a_drive(row: int, seconds: float) -> None:
    found = found_in(set_clock({row: seconds}))
    assert [jump["sec"] for jump in found["quality"]["clock_jumps"]] == [pytest.approx(seconds, abs=1.5)]
    check_near(found)


def test_a_clock_set_forward_by_minutes_is_told() -> None:
    told = [found_in(set_clock({row: 600.0}))["quality"]["clock_jumps_total"] for row in range(200, 1000, 100)]
    assert told.count(1) >= 6  # of eight: where the car goes on just as it did, a pause is as likely


@pytest.mark.parametrize("jumps", [{300: -90.0, 700: -3600.0}, {300: -90.0, 330: 90.0}, {300: 3600.0, 900: -3600.0}])
def test_two_jumps(jumps: dict[int, float]) -> None:
    found = found_in(set_clock(jumps))
    assert found["quality"]["clock_jumps_total"] >= sum(seconds < 0 for seconds in jumps.values())
    check_near(found)


def test_twenty_jumps() -> None:
    found = found_in(set_clock({100 + 40 * jump: (-1) ** jump * 20.0 - 30 for jump in range(20)}))
    assert found["quality"]["clock_jumps_total"] == 20
    check_near(found)


def test_a_clock_that_jumps_all_the_time_is_refused() -> None:
    columns = {"Speed": [36] * 3000, "Revs": [1500] * 3000}
    error = refused(csv_log(columns, t=[row - 10 * (row // 8) for row in range(3000)], start=50_000))
    assert error.code == "CLOCK_UNUSABLE"


def test_a_clock_set_back_in_a_log_of_few_columns() -> None:
    times = [float(second) - (90 if second > 300 else 0) for second in range(600)]
    found = analyse(read(csv_log({"Speed": [36] * 600}, t=times)))
    assert found["overall"]["distance_km"] == pytest.approx(5.99, rel=0.01)
    assert found["drives_total"] == found["quality"]["clock_jumps_total"] == 1


@pytest.mark.parametrize("seconds", [11, 60, 299, 300, 400, 3000])
def test_a_pause_is_no_jump(seconds: float) -> None:
    rows = 600
    times = [float(second) + (seconds if second > 300 else 0) for second in range(rows)]
    found = analyse(read(csv_log({"Speed": [36] * rows, "Revs": [1500] * rows}, t=times)))
    assert found["quality"]["clock_jumps"] == []
    assert found["quality"]["gaps"] == 1


def test_a_file_appended_to_itself_counts_once() -> None:
    found = found_in(raw() + raw())
    assert found["overall"]["distance_km"] == original()["overall"]["distance_km"]
    assert found["quality"]["clock_jumps"] == []


@pytest.mark.parametrize("row", [300, 700, 1500])
def test_a_block_that_was_written_twice_counts_once(row: int) -> None:
    found = found_in([*lines()[: row + 1], *lines()[row - 90 :]])
    assert found["quality"]["clock_jumps_total"] == original()["quality"]["clock_jumps_total"]
    check_near(found)


def test_rows_with_the_last_one_first_are_turned_round() -> None:
    found = found_in([lines()[0], *lines()[:0:-1]])
    assert found["quality"]["rows_out_of_order"] == found["quality"]["rows_used"] - 1
    assert {**found, "quality": None} == {**original(), "quality": None}


@pytest.mark.parametrize("every", [11, 12, 16, 30])
def test_rows_too_far_apart_are_gaps_and_no_jumps(every: int) -> None:
    found = found_in([lines()[0], *lines()[1::every]])
    assert found["quality"]["clock_jumps_total"] == 0
    assert (found["overall"]["distance_km"], found["fuelConsumption"]["overall"]["total_l"]) == (None, None)
    assert (found["drives_total"], found["health"]["verdict"]) == (original()["drives_total"], "unknown")


def test_drives_in_the_wrong_order_are_sorted() -> None:
    header, *rows = lines()
    check_near(found_in([header, *rows[second_drive() :], header, *rows[: second_drive()]]))


# bytes that were lost


def torn(row: int, *how: Callable[[str], str]) -> list[str]:
    made = list(lines())
    for offset, change in enumerate(how):
        made[row + offset] = change(made[row + offset])
    return made


def without_cells(line: str) -> str:
    cells = line.split(";")
    return ";".join([*cells[:20], *cells[27:]])


DAMAGE: dict[str, tuple[Callable[[], bytes | list[str]], int]] = {
    "a row without some cells": (lambda: torn(ROW, without_cells), 1),
    "a row cut off": (lambda: torn(ROW, lambda line: line[:90]), 1),
    "a row with cells too many": (lambda: torn(ROW, lambda line: line + "99;99;"), 1),
    "two half rows run together": (
        lambda: "\n".join(lines()).replace("\n" + lines()[ROW][:70], "", 1).encode() + b"\n", 1,
    ),
    "two rows on one line": (lambda: "\n".join(lines()).replace(lines()[ROW] + "\n", lines()[ROW], 1).encode(), 1),
    "a NUL in a cell": (lambda: torn(ROW, lambda line: line[:60] + "\0" + line[61:]), 1),
    "a NUL in each of three rows": (lambda: torn(ROW, *[lambda line: line[:60] + "\0" + line[61:]] * 3), 3),
    "a block of NULs": (lambda: raw()[:20_000] + b"\0" * 512 + raw()[20_512:], 1),
    "a long block of NULs": (lambda: raw()[:20_000] + b"\0" * 100_000 + raw()[20_512:], 1),
    "a hole": (lambda: raw()[:20_000] + raw()[20_700:], 1),
    "a broken character": (
        lambda: b"\n".join(
            [lines()[0].encode() + "Öl;".encode(), *(line.encode() + "°;".encode() for line in lines()[1:])]
        ).replace("°;".encode(), b"\xc2;", 1), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_row_that_lost_bytes_is_dropped_and_counted(name: str) -> None:
    content, damaged = DAMAGE[name]
    found = found_in(content())
    assert found["quality"]["damaged_rows"] == damaged
    assert found["quality"]["voided"] == original()["quality"]["voided"]
    assert found["engine"]["errors"] == original()["engine"]["errors"]
    check_near(found)


def test_a_long_hole_in_an_even_drive_is_as_long_as_the_clock_says() -> None:
    """The car was as fast behind it as before, so the step over the hole looks like a clock set forward."""
    names = ("Speed", "Revs", "AirFlow", "InjFlow", "FAPpressure", "FAPtemp", "Turbopress", "FuelPress")
    content = csv_log({name: [900 / (place + 7) + (row * 7) % 5 for row in range(2400)]
                       for place, name in enumerate(names)}).splitlines(keepends=True)  # fmt: skip
    whole, lost = found_in(b"".join(content)), content[1000:1700]
    found = found_in(b"".join([*content[:1000], b"\0" * sum(map(len, lost)), *content[1700:]]))
    assert found["overall"]["date"] == whole["overall"]["date"]
    assert found["quality"]["clock_jumps"] == []
    assert found["quality"]["gap_sec"] == pytest.approx(701, abs=1)


def test_a_repeated_header_that_lost_bytes_keeps_the_columns() -> None:
    header, *rows = lines()
    damaged = header.replace("EGRpos;ExternalTemp;", "EGRpoTemp;")
    assert damaged != header
    found = found_in([header, *rows[: second_drive()], damaged, *rows[second_drive() :]])
    assert found["quality"]["damaged_rows"] == 1
    check_near(found)


def test_rows_of_another_width_in_a_row_are_no_damage() -> None:
    """A spreadsheet leaves the separators of trailing empty cells out, sixteen rows at a time."""
    made = [line.rstrip(";") if 1 <= n <= 16 else line for n, line in enumerate(lines())]
    width = min(line.count(";") for line in made[1:17])
    made[1:17] = [";".join(line.split(";")[: width + 1]) for line in made[1:17]]
    assert found_in(made)["quality"]["damaged_rows"] == 0


def test_a_log_that_is_mostly_damaged_is_refused() -> None:
    made = [line[:60] + "\0" if n % 3 else line for n, line in enumerate(lines())]
    error = refused(made)
    assert error.code == "TOO_DAMAGED"


def test_a_few_rows_of_another_car_are_dropped() -> None:
    life = lines()[0].split(";").index("FAP life")
    made = list(lines())
    for row in range(900, 905):
        cells = made[row].split(";")
        cells[life] = "154300"
        made[row] = ";".join(cells)
    found = found_in(made)
    assert found["quality"]["damaged_rows"] == 5
    check_near(found)


@pytest.mark.parametrize("mixed", ["in turn", "one after the other"])
def test_two_cars_are_refused(mixed: str) -> None:
    life = lines()[0].split(";").index("FAP life")

    def of_other(line: str) -> str:
        cells = line.split(";")
        cells[life] = "154300" if cells[life] else ""
        return ";".join(cells)

    rows = [line for line in lines() if is_row(line)]
    half = len(rows) // 2
    made = [of_other(row) if (n % 2 if mixed == "in turn" else n > half) else row for n, row in enumerate(rows)]
    error = refused([lines()[0], *made])
    assert error.code == "TWO_CARS"
    assert error.params["high_km"] == 154300


def test_half_another_day_is_told() -> None:
    rows = [line for line in lines() if is_row(line)]
    other = [row.replace("2025.03.14", "2025.03.11", 1) for row in rows[: len(rows) // 2]]
    found = found_in([*lines(), *other])
    assert found["quality"]["days"] == ["2025-03-11", "2025-03-14"]
    assert found["quality"]["date_contradiction"] is None


def test_the_second_half_of_another_day_is_told() -> None:
    rows = [line for line in lines() if is_row(line)]
    other = [row.replace("2025.03.14", "2025.03.11", 1) for row in rows[900:1100]]
    for content in ([*lines(), *other], [lines()[0], *other, *rows]):
        found = found_in(content)
        assert found["quality"]["days"] == ["2025-03-11", "2025-03-14"]
        assert found["quality"]["clock_jumps"] == []
        assert found["drives_total"] == 3


def test_a_phone_that_did_not_know_the_day_at_first() -> None:
    made = [line.replace("2025.03.14", "1970.01.01", 1) if n <= 10 else line for n, line in enumerate(lines())]
    found = found_in(made)
    assert found["overall"]["date"]["date"] == "2025-03-14"
    assert found["quality"]["clock_jumps_total"] == 1
    check_near(found)


def test_a_day_other_than_the_files_name_is_told() -> None:
    assert found_in(raw(), date(2025, 3, 15))["quality"]["date_contradiction"] == "2025-03-15"


# what spreadsheets write


def grouped(cell: str, decimal: str, group: str) -> str:
    """Return a number as a spreadsheet writes it: with another decimal mark, and thousands apart."""
    whole, point, decimals = cell.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if not digits.isdigit() or (point and not decimals.isdigit()):
        return cell
    parts = f"{int(digits):,}".replace(",", group)
    return sign + parts + (decimal + decimals if point else "")


LOCALES = {
    "de": (",", ".", "%d.%m.%Y"),
    "it": (",", ".", "%d/%m/%Y"),
    "es": (",", ".", "%d/%m/%Y"),
    "nl": (",", ".", "%d-%m-%Y"),
    "pl": (",", "\u00a0", "%d.%m.%Y"),
    "fr": (",", "\u202f", "%d/%m/%Y"),
    "fr, older": (",", " ", "%d/%m/%Y"),
    "de-CH": (".", "\u2019", "%d.%m.%Y"),
    "de-CH, typed": (".", "'", "%d.%m.%Y"),
    "en-GB": (".", ",", "%d/%m/%Y"),
    "en-US": (".", ",", "%m/%d/%Y"),
    "sv": (",", "\u00a0", "%Y-%m-%d"),
}


def of_locale(name: str, *, minus: str = "-") -> list[str]:
    decimal, group, pattern = LOCALES[name]

    def change(cells: list[str]) -> list[str]:
        numbers = [grouped(cell, decimal, group).replace("-", minus) for cell in cells[2:]]
        return [DAY.strftime(pattern), cells[1].split(".")[0], *numbers]

    return changed(change)


@pytest.mark.parametrize("name", LOCALES)
def test_every_locale_gives_the_same_figures(name: str) -> None:
    check_same(found_in(of_locale(name)), in_whole_seconds())


@pytest.mark.parametrize("name", ["de", "en-US", "fr"])
def test_quoted_cells_between_commas(name: str) -> None:
    made = [",".join(f'"{cell}"' for cell in line.split(";")) for line in of_locale(name)]
    check_same(found_in(made), in_whole_seconds())


@pytest.mark.parametrize("name", ["pl", "sv", "de-CH"])
def test_a_windows_spreadsheets_blanks_and_apostrophes(name: str) -> None:
    made = "\n".join(of_locale(name)).encode("cp1252")
    check_same(found_in(made), in_whole_seconds())


def test_a_minus_of_its_own_kind() -> None:
    check_same(found_in(of_locale("sv", minus="\u2212")), in_whole_seconds())


@pytest.mark.parametrize(
    ("column", "cells", "highest"),
    [
        ("Turbopress", ["985", "1.013", "985"], 1013.0),  # 1.013 mbar is none
        ("Turbopress", ["985", "1,013", "985"], 1013.0),
        ("FAPsoot", ["15.125", "15.250"], 15.25),  # 15,125 g/l are none
        ("FAPsoot", ["15,125", "15,250"], 15.25),
        ("Revs", ["850", "1.985", "2.100"], 2100.0),
        ("Revs", ["1.985,50", "850,25"], 1985.5),
        ("Revs", ["1,985.50", "850.25"], 1985.5),
        ("FAP life", ["10.765"], 10765.0),
        ("FAP life", ["1.010.765"], 1010765.0),
    ],
)
def test_point_and_comma_are_told_by_the_column(column: str, cells: list[str], highest: float) -> None:
    log = read(csv_log({column: cells * 3})).log
    assert max(log[column]) == highest


GROUPED = {"comma": ("1.5", ","), "point": ("1,5", "."), "blank": ("1.5", " "), "apostrophe": ("1.5", "'")}
"""A cell that says which mark is decimal, and the mark between thousands."""


@pytest.mark.parametrize("form", GROUPED)
@pytest.mark.parametrize(
    ("column", "value"), [(column.name, int(value)) for column in NUMBERS for value in column.sentinels if value >= 1e4]
)
def test_no_value_with_thousands_apart_is_no_value(column: str, value: int, form: str) -> None:
    """`65,280` mbar are the pressure sensor's "no value", and not 65.28 mbar."""
    decimal, group = GROUPED[form]
    other = "FAPsoot" if column != "FAPsoot" else "FAPdeposits"
    cells = ["1", f"{value:,}".replace(",", group), "1"]
    found = analyse(read(csv_log({column: cells, other: [decimal] * 3})))
    assert found["quality"]["voided"][column]["sentinel"] == 1


@pytest.mark.parametrize("no_value", ["65,535", ""])
def test_no_value_among_thousands_does_not_make_them_decimals(no_value: str) -> None:
    log = read(csv_log({"LastRegen": ["1,234", no_value, "1,236"], "FAPsoot": ["1.5"] * 3})).log
    assert log["LastRegen"][[0, 2]].tolist() == [1234, 1236]


@pytest.mark.parametrize(("cell", "value"), [("-1,013", None), ("5,000", None), ("-12", -12.0), ("1,013", 1013.0)])
def test_in_a_file_of_decimal_points_a_comma_groups_whole_numbers(cell: str, value: float | None) -> None:
    """What is beyond the column's range when read so is void, and no small number."""
    log = read(csv_log({"FAPpressure": ["12", cell], "FAPsoot": ["1.5"] * 2})).log
    assert log["FAPpressure"][1] == value if value is not None else isnan(log["FAPpressure"][1])


def test_what_cannot_be_told_is_void() -> None:
    quality = analyse(read(csv_log({"FAPdeposits": ["3.125", "2", "3.125"], "Speed": [1, 2, 3]})))["quality"]
    assert quality["voided"]["FAPdeposits"] == {"sentinel": 0, "implausible": 2}


TIMES: dict[str, Callable[[str], str]] = {
    "PM": lambda time: twelve(time, "AM", "PM", " "),
    "pm, narrow blank": lambda time: twelve(time, "am", "pm", "\u202f"),
    "p.m.": lambda time: twelve(time, "a.m.", "p.m.", " "),
    "p. m.": lambda time: twelve(time, "a.\u00a0m.", "p.\u00a0m.", "\u00a0"),
    "points": lambda time: time.split(".")[0].replace(":", "."),
    "points, fractions": lambda time: time.replace(".", ",").replace(":", "."),
    "no leading zeros": lambda time: ":".join(part[part.startswith("0") :] for part in time.split(":")),
    "whole seconds": lambda time: time.split(".")[0],
    "share of a day": lambda time: f"{seconds(time) / 86400:.9f}",
    "share of a day, comma": lambda time: f"{seconds(time) / 86400:.9f}".replace(".", ","),
    "a date before it": lambda time: f"1899-12-30 {time}",
    "a German date before it": lambda time: f"30.12.1899 {time}",
    "an American date before it": lambda time: "12/30/1899 " + twelve(time, "AM", "PM", " "),
    "its day before it, without seconds": lambda time: f"2025-03-14 {time[:5]}",
    "without seconds": lambda time: time[:5],
    "PM without seconds": lambda time: twelve(time[:5] + ":00", "AM", "PM", " ").replace(":00 ", " "),
}


def seconds(time: str) -> float:
    hour, minute, second = time.split(":")
    return int(hour) * 3600 + int(minute) * 60 + float(second)


def twelve(time: str, before: str, after: str, blank: str) -> str:
    hour, rest = time.split(".")[0].split(":", 1)
    return f"{(int(hour) - 1) % 12 + 1}:{rest}{blank}{before if int(hour) < 12 else after}"


@pytest.mark.parametrize("moved", [0, 43_200], ids=["morning", "evening"])
@pytest.mark.parametrize("name", TIMES)
def test_times_in_every_form(name: str, moved: float) -> None:
    content = set_clock({0: moved} if moved else {})
    found = found_in(changed(lambda cells: [cells[0], TIMES[name](cells[1]), *cells[2:]], content))
    check_near(found, 0.02 if "without" in name else 0.01)
    assert found["quality"]["seconds_missing"] == ("without" in name)
    hour = int(original()["overall"]["date"]["start"][:2]) + int(moved // 3600)
    assert int(found["overall"]["date"]["start"][:2]) == hour


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda time: time[3:], "HOURS_MISSING"),
        (lambda time: time[3:].replace(".", ","), "HOURS_MISSING"),
        (lambda time: time[3:8], "HOURS_MISSING"),
        (lambda time: time[:2] + ":00", "SECONDS_MISSING"),
    ],
)
def test_times_that_cannot_be_restored_are_refused_by_name(change: Callable[[str], str], code: str) -> None:
    error = refused(changed(lambda cells: [cells[0], change(cells[1]), *cells[2:]]))
    assert error.code == code
    assert str(error.params["example"]) in error.message


def test_hours_that_a_spreadsheet_lost_and_filled_with_zeros_are_missed_where_an_hour_begins_again() -> None:
    times = [3570.0 + second if second < 30 else second - 30.0 for second in range(60)]
    error = refused(csv_log({"Speed": [36] * 60}, t=times, start=0))
    assert (error.code, error.params["example"]) == ("HOURS_MISSING", "0:59:59")
    found = found_in(csv_log({"Speed": [36] * 60}, t=times, start=0, date="2025.10.26"))  # the end of summer time
    assert [jump["sec"] for jump in found["quality"]["clock_jumps"]] == [-3600]


def test_an_hour_after_midnight_is_one() -> None:
    assert found_in(csv_log({"Speed": [36] * 3599}, start=0))["overall"]["duration"]["overall_sec"] == 3598


@pytest.mark.parametrize(
    ("written", "named", "day"),
    [
        ("2/3/2025", date(2025, 2, 3), "2025-02-03"),
        ("2/3/2025", date(2025, 3, 2), "2025-03-02"),
        ("2/3/2025", None, "2025-03-02"),
        ("2/3/25", date(2025, 2, 3), "2025-02-03"),
        ("2-3-2025", date(2025, 2, 3), "2025-02-03"),
        ("25-02-03", date(2025, 2, 3), "2025-02-03"),
        ("2/13/2025", None, "2025-02-13"),
        ("13/2/2025", None, "2025-02-13"),
        ("2/13/2025", date(2025, 2, 13), "2025-02-13"),
        ("45691", None, "2025-02-03"),
        ("45691", date(2025, 2, 3), "2025-02-03"),
        ("3.2.2025", date(2025, 2, 3), "2025-02-03"),
    ],
)
def test_the_files_name_decides_day_and_month(written: str, named: date | None, day: str) -> None:
    found = analyse(read(csv_log({"Speed": [36] * 5}, date=written), named))
    assert found["overall"]["date"]["date"] == day
    assert found["quality"]["date_contradiction"] is None


def test_a_midnight_tells_the_month_from_the_day() -> None:
    content = csv_log({"Speed": [36] * 3}, start=86_397, date="2/3/2025") + csv_log(
        {"Speed": [36] * 3}, start=0, date="2/4/2025"
    )
    found = analyse(read(content))
    assert (found["drives_total"], found["overall"]["date"]["date"]) == (1, "2025-02-03")


def test_a_contradiction_that_remains_is_told() -> None:
    found = analyse(read(csv_log({"Speed": [36] * 5}, date="5/6/2025"), date(2025, 2, 3)))
    assert found["quality"]["date_contradiction"] == "2025-02-03"


# no value


@pytest.mark.parametrize(
    ("column", "value"), [(column.name, value) for column in NUMBERS for value in column.sentinels]
)
def test_all_ones_are_no_value(column: str, value: float) -> None:
    (kind,) = (one for one in NUMBERS if one.name == column)
    usual = min(max(kind.low, 1.0), kind.high)
    found = analyse(read(csv_log({column: [usual, f"{value:.6f}".rstrip("0").rstrip("."), usual]})))
    assert found["quality"]["voided"] == {column: {"sentinel": 1, "implausible": 0}}


def test_no_ecu_counts_more_fault_codes_than_a_byte_holds() -> None:
    found = analyse(read(csv_log({"Errors": [0, 65280, 4095, 254, 0]})))
    assert (found["engine"]["errors"], found["quality"]["voided"]) == (
        254,
        {"Errors": {"sentinel": 0, "implausible": 2}},
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("FAPsoot", value) for value in ("65.535", "65.53", "65.54", "655.35", "65535")),
        *((column, "255") for column in ("Speed", "FAPcinder", "FAPdeposits", "Errors", "AccelPedalPos", "REGEN")),
        *((column, "16777215") for column in ("FAP life", "FAPlifeLeft")),
        *((column, "65535") for column in ("FAPAdditiveVol", "FAPAdditiveRemain", "LastRegen", "Avg10regen", "Revs")),
        *((column, "205") for column in ("Coolant", "OilTemp", "FuelTemp", "ExternalTemp", "AirManifold")),
    ],
)
def test_the_widths_of_the_fields(column: str, value: str) -> None:
    found = analyse(read(csv_log({column: [1 if column == "REGEN" else 9, value, 1 if column == "REGEN" else 9]})))
    assert found["quality"]["voided"] == {column: {"sentinel": 1, "implausible": 0}}
