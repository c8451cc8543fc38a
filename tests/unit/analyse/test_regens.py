"""Regenerations on hand-made logs: found, measured, and judged."""

from typing import Any

import pytest

from functions.analyse.core.regen import episodes, outside
from tests.unit.analyse.handmade import analysis, clean_log

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
    """Return a held value, piece by piece: (value, up to which row)."""
    cells: list[Any] = []
    for value, until in pieces:
        cells += [value] * (until - len(cells))
    return cells


END = 2 * DRIVE_SEC
ROWS = END + 1000


def regen(columns: dict[str, list[Any]], **how: Any) -> dict[str, Any]:
    """Return the only regeneration."""
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


@pytest.mark.parametrize(("flagged", "outcome"), [(1, "unknown"), (2, "aborted")])
def test_a_single_row_with_the_flag_may_be_misread(flagged: int, outcome: str) -> None:
    flag = counter((0, DRIVE_SEC), (1, DRIVE_SEC + flagged), (0, ROWS))
    assert regen(log(REGEN=flag, LastRegen=counter((688, DRIVE_SEC), (699, ROWS))))["outcome"] == outcome
    assert regen(log(REGEN=flag, LastRegen=counter((688, END), (1, ROWS))))["outcome"] == "complete"


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


SHORT_ROWS = 40


def short(**columns: list[Any]) -> dict[str, Any]:
    """Forty rows of 10 s at 72.4 km/h, the flag up from the tenth for ten rows, thrice the fuel meanwhile."""
    base: dict[str, list[Any]] = {
        "Speed": [72.4] * SHORT_ROWS, "Revs": [2000] * SHORT_ROWS,
        "InjFlow": counter((10, 10), (30, 20), (10, SHORT_ROWS)),
        "REGEN": counter((0, 10), (1, 20), (0, SHORT_ROWS)),
    }  # fmt: skip
    return analysis(base | columns, t=[row * 10.0 for row in range(SHORT_ROWS)])


def test_every_figure_of_a_regeneration() -> None:
    found = short(
        FAPtemp=counter((300, 10), (600.4, 15), (620.8, 20), (400, SHORT_ROWS)),
        FAPpressure=[40.26] * SHORT_ROWS,
        FAPsoot=counter((15.126, 15), (14.012, 25), (12.346, 30), (12.5, SHORT_ROWS)),
        LastRegen=counter((688.4, 10), (689.6, 25), (0, SHORT_ROWS)),
    )
    # per second 2/60 · 2000 strokes: 290 · 10 · 66.67 mg within, 300 · 10 · 66.67 mg without; 0.8375 kg/l
    assert found["regens"] == [
        {
            "start": "2025-02-03T08:01:40",
            "end": "2025-02-03T08:03:10",
            "duration_sec": 100,
            "distance_km": 2.0,
            "avg_speed_kmh": 72,
            "soot_start_gl": 15.13,
            "soot_end_gl": 14.01,
            "soot_after_gl": 12.35,
            "burned_perc": 18,
            "temp_avg_c": 611,
            "temp_max_c": 621,
            "interval_km": 690,
            "interval_uncertainty_km": 4,  # 150 s at 72.4 km/h since it showed 689.6
            "extra_fuel_l": 0.15,  # 0.2308 − 4.095 · 0.020111
            "outcome": "complete",
            "service": False,
        }
    ]
    assert found["fapRegen"] == {
        "previousRegen_km": 690,
        "duration_sec": 100,
        "distance_km": 2.0,
        "speed": {"min_kmh": 72, "max_kmh": 72, "avg_kmh": 72},
        "fapTemp": {"min_c": 600, "max_c": 621, "avg_c": 611},
        "fapPressure": {"min_mbar": 40.3, "max_mbar": 40.3, "avg_mbar": 40.3},
        "revs": {"min": 2000, "max": 2000, "avg": 2000},
        "fapSoot": {"start_gl": 15.13, "end_gl": 14.01, "diff_gl": -1.12},
        "fuelConsumption": {"regen_l100km": 11.48, "nonRegen_l100km": 4.09},
    }


def test_the_shadow_of_an_episode_is_300_s_to_the_second() -> None:
    rows = 310
    log = clean_log({"Speed": [50] * rows, "REGEN": counter((0, 2), (1, 4), (0, rows))})
    (episode,) = episodes(log)
    assert (episode.first, episode.last) == (2, 3)
    assert outside(log, [episode]).nonzero()[0].tolist() == [0, 1, 304, 305, 306, 307, 308, 309]


def test_soot_read_first_within_the_episode_is_its_start() -> None:
    (found,) = short(FAPsoot=counter((None, 12), (9.0, 15), (6.0, SHORT_ROWS)))["regens"]
    assert (found["soot_start_gl"], found["soot_end_gl"], found["burned_perc"]) == (9.0, 6.0, 33)


def test_soot_that_was_never_read_is_unknown() -> None:
    (found,) = short(FAPsoot=counter((None, 22), (6.0, SHORT_ROWS)))["regens"]
    assert (found["soot_start_gl"], found["soot_end_gl"], found["soot_after_gl"]) == (None, None, 6.0)
    assert found["burned_perc"] is None
    (found,) = short(FAPsoot=[0.0] * SHORT_ROWS)["regens"]
    assert (found["soot_start_gl"], found["burned_perc"]) == (0.0, None)


def test_soot_unread_after_the_flag_is_what_it_was_at_the_flag() -> None:
    (found,) = short(FAPsoot=counter((15.0, 12), (6.0, 18), (None, SHORT_ROWS)))["regens"]
    assert (found["soot_end_gl"], found["soot_after_gl"], found["burned_perc"]) == (6.0, 6.0, 60)


def test_soot_of_another_drive_or_of_the_next_episode_is_not_this_ones() -> None:
    rows = 40
    columns = {"Speed": [50] * rows, "REGEN": counter((0, 10), (1, 20), (0, 30), (1, 35), (0, rows))}
    soot = counter((15.0, 10), (8.0, 25), (7.0, 30), (2.0, rows))
    (first, second) = analysis({**columns, "FAPsoot": soot})["regens"]
    assert (first["soot_after_gl"], second["soot_start_gl"], second["soot_after_gl"]) == (7.0, 2.0, 2.0)
    times = [row + (300.0 if row >= 25 else 0.0) for row in range(rows)]
    (first, second) = analysis({**columns, "FAPsoot": soot}, t=times)["regens"]
    assert first["soot_after_gl"] == 8.0


def test_what_stands_before_the_drive_is_no_soot_of_the_episode() -> None:
    times = [row * 10.0 + (300.0 if row >= 5 else 0.0) for row in range(SHORT_ROWS)]
    columns = {"Speed": [50] * SHORT_ROWS, "REGEN": counter((0, 10), (1, 20), (0, SHORT_ROWS))}
    soot = counter((15.0, 5), (None, 15), (9.0, SHORT_ROWS))
    assert analysis({**columns, "FAPsoot": soot}, t=times)["regens"][0]["soot_start_gl"] == 9.0


@pytest.mark.parametrize(("first_read", "outcome"), [(16, "complete"), (16.01, "complete"), (16.03, "aborted")])
def test_a_counter_first_read_after_the_flag_is_reset_if_it_shows_no_more_than_was_driven(
    first_read: float, outcome: str
) -> None:
    # from the first flagged row to row 1300 it is 14.02 km; 2 km are let pass
    found = regen(log(LastRegen=counter((None, END + 100), (first_read, END + 101), (20, ROWS))))
    assert found["outcome"] == outcome


def test_a_counter_first_read_within_the_episode_may_still_be_reset_later() -> None:
    found = regen(log(LastRegen=counter((None, DRIVE_SEC + 50), (700, END), (3, ROWS))))
    assert (found["outcome"], found["interval_km"]) == ("complete", 700)
    assert found["interval_uncertainty_km"] == 11  # 550 s at 20 m/s


def test_a_reset_before_the_episode_is_another_ones() -> None:
    found = regen(log(LastRegen=counter((700, 100), (5, DRIVE_SEC), (16, ROWS))))
    assert (found["outcome"], found["interval_km"]) == ("aborted", 16)


def test_a_reset_after_the_next_episode_is_that_ones() -> None:
    rows = 3000
    flag = counter((0, 500), (1, 600), (0, 1500), (1, 1600), (0, rows))
    columns = {"Speed": [72] * rows, "Revs": [2000] * rows, "REGEN": flag}
    first, second = analysis({**columns, "LastRegen": counter((600, 1600), (2, rows))})["regens"]
    assert (first["outcome"], second["outcome"]) == ("aborted", "complete")
    assert (first["interval_km"], second["interval_km"]) == (600, 600)


def test_a_fall_and_a_rise_of_the_counter_end_the_interval_at_its_highest() -> None:
    found = regen(log(LastRegen=counter((600, 100), (610, 700), (640, END), (2, END + 100), (700, ROWS))))
    assert (found["outcome"], found["interval_km"]) == ("complete", 640)
    assert found["interval_uncertainty_km"] == 10  # 500 s at 20 m/s


@pytest.mark.parametrize(("seconds", "outcome"), [(399, "unknown"), (400, "aborted")])
def test_400_s_of_running_settle_it(seconds: int, outcome: str) -> None:
    columns = log(LastRegen=[688] * ROWS)
    assert regen({name: values[: END + seconds] for name, values in columns.items()})["outcome"] == outcome


def test_running_counts_without_gaps() -> None:
    columns = {name: values[: END + 400] for name, values in log(LastRegen=[688] * ROWS).items()}
    times = [row + (60.0 if row >= END + 10 else 0.0) for row in range(END + 400)]
    assert regen(columns, t=times)["outcome"] == "unknown"


def test_the_mean_of_ten_alone_can_show_an_aborted_one() -> None:
    assert regen(log(Avg10regen=[780] * ROWS))["outcome"] == "aborted"
    assert regen(log(Avg10regen=counter((780, END), (None, ROWS))))["outcome"] == "unknown"
    # first read after the flag it may already count this one
    assert regen(log(Avg10regen=counter((None, END + 10), (780, ROWS))))["outcome"] == "unknown"


def test_a_mean_of_ten_first_read_within_the_episode_is_what_it_was() -> None:
    found = regen(log(Avg10regen=counter((None, DRIVE_SEC + 100), (780, END), (770, ROWS))))
    assert found["outcome"] == "complete"


def test_a_mean_of_ten_that_changed_before_the_episode_says_nothing() -> None:
    assert regen(log(Avg10regen=counter((790, 100), (780, ROWS))))["outcome"] == "aborted"


def test_a_reading_within_400_s_is_too_fresh_to_show_an_abort() -> None:
    early = log(LastRegen=counter((688, END), (None, END + 390), (690, END + 395), (None, ROWS)))
    assert regen(early)["outcome"] == "unknown"
    assert regen(log(LastRegen=counter((688, END), (None, END + 399), (690, ROWS))))["outcome"] == "aborted"


def test_fapregen_is_null_where_only_the_flag_is_known_to_be_down() -> None:
    found = analysis({"Speed": [50] * 3, "REGEN": [0, None, 0]})
    assert (found["fapRegen"], found["regens_total"]) == (None, 0)


def test_a_flag_of_the_drives_first_row_is_held_too() -> None:
    (found,) = analysis({"Speed": [50] * 4, "REGEN": [1, None, 0, 0]})["regens"]
    assert (found["start"][11:], found["end"][11:], found["duration_sec"]) == ("08:00:00", "08:00:01", 1)


@pytest.mark.parametrize("column", ["InjFlow", "Speed"])
def test_extra_fuel_is_unknown_where_fuel_or_way_of_the_regeneration_is(column: str) -> None:
    columns = log()
    columns[column][DRIVE_SEC - 1 : END + 1] = [None] * (DRIVE_SEC + 2)
    found = analysis(columns)
    assert found["regens"][0]["extra_fuel_l"] is None
    assert found["fapRegen"]["fuelConsumption"]["nonRegen_l100km"] == 3.98


def test_without_more_fuel_there_is_no_extra() -> None:
    assert regen(log(InjFlow=[100] * ROWS))["extra_fuel_l"] == 0.0  # of 4.8 l


@pytest.mark.parametrize(("first_read", "outcome"), [(2, "complete"), (2.1, "aborted")])
def test_two_kilometres_are_let_pass(first_read: float, outcome: str) -> None:
    columns = log(Speed=[0] * ROWS, LastRegen=counter((None, END + 100), (first_read, ROWS)))
    assert regen(columns)["outcome"] == outcome


def test_what_lies_outside_the_episodes_is_no_figure_of_theirs() -> None:
    found = short(
        Speed=counter((30, 10), (72, 20), (130, SHORT_ROWS)),
        FAPpressure=counter((99, 10), (40, 20), (99, SHORT_ROWS)),
        FAPtemp=counter((99, 10), (600, 20), (99, SHORT_ROWS)),
        Revs=counter((900, 10), (2000, 20), (900, SHORT_ROWS)),
    )["fapRegen"]
    assert found["speed"] == {"min_kmh": 72, "max_kmh": 72, "avg_kmh": 72}
    assert found["fapPressure"] == {"min_mbar": 40.0, "max_mbar": 40.0, "avg_mbar": 40.0}
    assert found["fapTemp"] == {"min_c": 600, "max_c": 600, "avg_c": 600}
    assert found["revs"] == {"min": 2000, "max": 2000, "avg": 2000}


def test_soot_counts_up_to_300_s_after_the_flag_to_the_row() -> None:
    rows = 60
    columns = {"Speed": [50] * rows, "REGEN": counter((0, 10), (1, 20), (0, rows))}
    columns["FAPsoot"] = counter((9.0, 49), (5.0, 50), (1.0, rows))  # row 49 is 300 s after row 19
    (found,) = analysis(columns, t=[row * 10.0 for row in range(rows)])["regens"]
    assert found["soot_after_gl"] == 5.0


def test_soot_of_all_episodes_where_only_the_last_was_measured() -> None:
    rows = 40
    columns = {"Speed": [50] * rows, "REGEN": counter((0, 5), (1, 10), (0, 20), (1, 30), (0, rows))}
    found = analysis({**columns, "FAPsoot": counter((None, 15), (9.0, 25), (4.0, rows))})["fapRegen"]
    assert found["fapSoot"] == {"start_gl": None, "end_gl": 4.0, "diff_gl": None}


def test_a_counter_that_falls_with_the_flag_was_reset_by_the_one_before() -> None:
    found = regen(log(LastRegen=counter((700, DRIVE_SEC), (5, ROWS))))
    assert (found["outcome"], found["interval_km"]) == ("aborted", 5)


@pytest.mark.parametrize("before", [700, None])
def test_a_counter_that_falls_a_row_later_was_reset_by_this_one(before: int | None) -> None:
    found = regen(log(LastRegen=counter((before, DRIVE_SEC), (700, DRIVE_SEC + 1), (2, ROWS))))
    assert (found["outcome"], found["interval_km"]) == ("complete", 700)


def test_a_mean_of_ten_that_changes_with_the_flag_says_nothing() -> None:
    assert regen(log(Avg10regen=counter((790, DRIVE_SEC), (780, ROWS))))["outcome"] == "aborted"


def test_a_mean_of_ten_unread_meanwhile_is_compared_with_the_one_before() -> None:
    found = regen(log(Avg10regen=counter((780, 500), (None, END + 100), (771, ROWS))))
    assert found["outcome"] == "complete"


def test_either_counter_may_show_an_aborted_one() -> None:
    columns = log(LastRegen=[688] * ROWS, Avg10regen=counter((780, END), (None, ROWS)))
    assert regen(columns)["outcome"] == "aborted"


def test_what_ran_after_the_next_episode_began_settles_nothing() -> None:
    rows = 2000
    flag = counter((0, 500), (1, 600), (0, 800), (1, 900), (0, rows))
    found = analysis({"Speed": [72] * rows, "Revs": [2000] * rows, "REGEN": flag, "LastRegen": [600] * rows})
    assert [one["outcome"] for one in found["regens"]] == ["unknown", "aborted"]


def test_soot_of_the_last_flagged_row_is_soot_at_the_flag() -> None:
    (found,) = short(FAPsoot=counter((15.0, 19), (6.0, SHORT_ROWS)))["regens"]
    assert found["soot_end_gl"] == 6.0
