"""Regenerations on hand-made logs: found, measured, and judged."""

from typing import Any

import pytest

from tests.unit.analyse.handmade import analysis

DRIVE_SEC = 600
"""Rows before the flag; it is then up for as long, and the car drives on for 1000 s."""


def log(**columns: list[Any]) -> dict[str, list[Any]]:
    """20 minutes at 72 km/h with the flag up in the second ten, and what the test adds."""
    rows = 2 * DRIVE_SEC + 1000
    base: dict[str, list[Any]] = {
        "Speed": [72] * rows, "Revs": [2000] * rows, "InjFlow": [10] * rows,
        "REGEN": [0] * DRIVE_SEC + [1] * DRIVE_SEC + [0] * 1000,
    }  # fmt: skip
    return base | columns


def counter(*pieces: tuple[Any, int]) -> list[Any]:
    """A held value, piece by piece: (value, up to which row)."""
    cells: list[Any] = []
    for value, until in pieces:
        cells += [value] * (until - len(cells))
    return cells


END = 2 * DRIVE_SEC
ROWS = END + 1000


def regen(columns: dict[str, list[Any]], **how: Any) -> dict[str, Any]:
    """The only regeneration."""
    found = analysis(columns, **how)
    assert found["regens_total"] == 1
    return found["regens"][0]  # type: ignore[no-any-return]


def test_an_episode_is_measured_from_flag_to_flag() -> None:
    found = regen(log(FAPtemp=[300] * END + [900] * 1000))
    assert (found["start"], found["end"]) == ("2025-02-03T08:10:00", "2025-02-03T08:19:59")
    assert (found["duration_sec"], found["distance_km"], found["avg_speed_kmh"]) == (600, 12.0, 72)
    assert (found["temp_avg_c"], found["temp_max_c"]) == (300, 300)


def test_a_pause_of_the_drive_ends_an_episode_a_void_flag_does_not() -> None:
    columns = log()
    columns["REGEN"][900] = None
    assert analysis(columns)["regens_total"] == 1
    times = [row + (400.0 if row >= 900 else 0.0) for row in range(ROWS)]
    assert analysis(columns, t=times)["regens_total"] == 2


def test_soot_keeps_falling_for_300_s_after_the_flag() -> None:
    soot = counter((15.0, DRIVE_SEC), (15.2, DRIVE_SEC + 60), (4.0, END), (1.5, END + 300), (0.5, ROWS))
    found = regen(log(FAPsoot=soot))
    assert (found["soot_start_gl"], found["soot_end_gl"], found["soot_after_gl"]) == (15.2, 4.0, 1.5)
    assert found["burned_perc"] == 90


def test_complete_when_last_regen_is_reset() -> None:
    reset = counter((680, 500), (688, END + 100), (3, ROWS))
    found = regen(log(LastRegen=reset))
    assert (found["outcome"], found["interval_km"]) == ("complete", 688)
    assert found["interval_uncertainty_km"] == 16  # 800 s at 20 m/s since row 500


def test_complete_when_the_mean_of_ten_changes() -> None:
    assert regen(log(Avg10regen=counter((780, END + 300), (771, ROWS))))["outcome"] == "complete"


def test_complete_when_the_counter_is_first_read_after_its_reset() -> None:
    found = regen(log(LastRegen=counter((None, END + 100), (2, ROWS))))
    assert (found["outcome"], found["interval_km"]) == ("complete", None)


def test_aborted_when_400_s_of_running_show_no_reset() -> None:
    columns = log(LastRegen=counter((688, DRIVE_SEC), (699, ROWS)))
    assert regen(columns)["outcome"] == "aborted"
    assert regen({name: values[: END + 398] for name, values in columns.items()})["outcome"] == "unknown"
    columns["Revs"] = [2000] * END + [0] * 1000  # the engine stopped: nothing was shown
    assert regen(columns)["outcome"] == "unknown"


def test_unknown_without_the_counter() -> None:
    assert regen(log())["outcome"] == "unknown"
    assert regen(log(LastRegen=counter((688, END), (None, ROWS))))["outcome"] == "unknown"


def test_unknown_when_the_log_ends_within() -> None:
    columns = {name: values[: END - 100] for name, values in log(LastRegen=[688] * ROWS).items()}
    found = regen(columns)
    assert (found["outcome"], found["interval_km"]) == ("unknown", 688)


def test_the_next_drive_shows_what_became_of_it() -> None:
    times = [row + (900.0 if row >= END else 0.0) for row in range(ROWS)]
    complete = log(LastRegen=counter((688, END), (None, END + 300), (5, ROWS)))
    assert regen(complete, t=times)["outcome"] == "complete"
    aborted = log(LastRegen=counter((688, END), (None, END + 300), (693, ROWS)))
    assert regen(aborted, t=times)["outcome"] == "aborted"


def test_the_interval_is_the_one_before_not_the_one_after() -> None:
    found = analysis(log(LastRegen=counter((688, END), (0, END + 300), (6, ROWS))))
    assert found["fapRegen"]["previousRegen_km"] == found["regens"][0]["interval_km"] == 688


def test_extra_fuel_is_against_the_same_way_without() -> None:
    columns = log(InjFlow=counter((10, DRIVE_SEC), (20, END), (10, ROWS)))
    found = analysis(columns)
    rate = found["fapRegen"]["fuelConsumption"]["nonRegen_l100km"]
    assert found["fapRegen"]["fuelConsumption"]["regen_l100km"] == pytest.approx(2 * rate, rel=0.01)
    assert found["regens"][0]["extra_fuel_l"] == pytest.approx(rate * 12 / 100, abs=0.01)


def test_all_episodes_together() -> None:
    rows = 3000
    flag = counter((0, 500), (1, 700), (0, 1500), (1, 1800), (0, rows))
    found = analysis({
        "Speed": counter((50, 600), (90, rows)), "Revs": [2000] * rows, "REGEN": flag,
        "FAPsoot": counter((15, 650), (9, 1600), (2, rows)), "FAPtemp": counter((200, 1600), (400, rows)),
        "FAPpressure": [30] * rows,
        "LastRegen": counter((640, 1400), (655, 1750), (1, rows)),
    })  # fmt: skip
    whole, (first, second) = found["fapRegen"], found["regens"]
    assert whole["duration_sec"] == first["duration_sec"] + second["duration_sec"] == 500
    assert whole["distance_km"] == pytest.approx(first["distance_km"] + second["distance_km"], abs=0.1)
    assert whole["fapSoot"] == {"start_gl": 15.0, "end_gl": 2.0, "diff_gl": -13.0}
    assert whole["speed"] == {"min_kmh": 50, "max_kmh": 90, "avg_kmh": 82}
    assert whole["fapTemp"] == {"min_c": 200, "max_c": 400, "avg_c": 280}
    assert whole["previousRegen_km"] == first["interval_km"] == 640
    assert [first["outcome"], second["outcome"]] == ["aborted", "complete"]


def test_no_regeneration_no_section() -> None:
    found = analysis({"Speed": [50] * 3, "REGEN": [0] * 3})
    assert found["fapRegen"] is None
    assert found["regens"] == []
    assert analysis({"Speed": [50] * 3})["fapRegen"] is None
