"""The curves for plots: few points, every extreme, every gap."""

from typing import Any

import pytest

from faplog import synthetic
from functions.analyse.core.analysis import read
from functions.analyse.core.series import MAX_POINTS
from tests.unit.analyse.handmade import Cells, csv_log, plot_series


def channel(name: str, columns: dict[str, Cells], t: list[float] | None = None) -> dict[str, Any]:
    channels = {one["name"]: one for one in plot_series(read(csv_log(columns, t=t)))["channels"]}
    return channels[name]  # type: ignore[no-any-return]


def test_a_short_log_keeps_every_point() -> None:
    found = channel("speed", {"Speed": [0, 10, 20]})
    assert (found["t"], found["v"], found["unit"]) == ([0.0, 1.0, 2.0], [0.0, 10.0, 20.0], "km/h")


def test_a_gap_is_one_void_point_within_it() -> None:
    found = channel("speed", {"Speed": [10, 20, 30]}, t=[0, 1, 101])
    assert (found["t"], found["v"]) == ([0.0, 1.0, 51.0, 101.0], [10.0, 20.0, None, 30.0])


def test_a_void_stretch_is_one_void_point() -> None:
    found = channel("speed", {"Speed": [10, None, None, None, 30]})
    assert (found["t"], found["v"]) == ([0.0, 1.0, 4.0], [10.0, None, 30.0])


def test_of_one_instant_the_last_row_counts() -> None:
    found = channel("speed", {"Speed": [10, 20, 30]}, t=[0, 0, 1])
    assert (found["t"], found["v"]) == ([0.0, 1.0], [20.0, 30.0])


def test_many_points_become_few_and_extremes_survive() -> None:
    rows = 20_000
    speeds = [50.0 + row % 7 for row in range(rows)]
    speeds[12_345], speeds[17_001] = 250.0, 0.0
    found = channel("speed", {"Speed": speeds})
    assert len(found["t"]) <= MAX_POINTS
    points = dict(zip(found["t"], found["v"], strict=True))
    assert (points[12_345.0], points[17_001.0]) == (250.0, 0.0)
    assert (found["t"][0], found["t"][-1]) == (0.0, rows - 1.0)


def test_a_log_full_of_holes_keeps_within_its_points() -> None:
    rows = 30_000
    found = channel("speed", {"Speed": [None if row % 3 else 20.0 for row in range(rows)]})
    assert len(found["t"]) <= MAX_POINTS
    assert None in found["v"]


def test_fuel_is_litres_an_hour() -> None:
    found = channel("fuel", {"InjFlow": [10, 10], "Revs": [3000, 3000]})
    assert found["v"] == [4.299, 4.299]  # 10 mg · 3000 · 2 · 60 / 0.8375 kg/l


def test_where_drives_and_regenerations_lie() -> None:
    raw, truth = synthetic.day(5, regen="complete", minutes=60)
    found = plot_series(read(raw))
    assert found["version"] == 1
    assert found["start"].startswith(truth["drives"][0]["start"])
    assert len(found["drives"]) == len(truth["drives"])
    assert len(found["regens"]) == 1
    regen = found["regens"][0]
    assert regen["to"] - regen["from"] == pytest.approx(truth["regens"][0]["duration_sec"], abs=9)
    names = [one["name"] for one in found["channels"]]
    assert names[:7] == ["soot", "pressure", "temp", "speed", "revs", "regen", "coolant"]


def test_only_channels_with_a_value() -> None:
    found = plot_series(read(csv_log({"Speed": [None, None], "Revs": [800, None]})))
    assert [one["name"] for one in found["channels"]] == ["revs"]


def test_times_and_values_to_the_thousandth() -> None:
    found = channel("speed", {"Speed": [10.12345, 20.5, 30]}, t=[0, 0.5, 12.1])
    assert (found["t"], found["v"]) == ([0.0, 0.5, 6.3, 12.1], [10.123, 20.5, None, 30.0])


def test_from_when_to_when() -> None:
    columns: dict[str, Cells] = {"Speed": [10] * 5, "REGEN": [0, 1, 1, 0, 1]}
    found = plot_series(read(csv_log(columns, t=[0, 0.5, 2, 400.5, 401.7])))
    assert found["drives"] == [{"from": 0.0, "to": 2.0}, {"from": 400.5, "to": 401.7}]
    assert found["regens"] == [{"from": 0.5, "to": 2.0}, {"from": 401.7, "to": 401.7}]
    assert found["start"] == "2025-02-03T08:00:00.000"


def test_two_thousand_points_are_few() -> None:
    assert len(channel("speed", {"Speed": [50.0 + row % 7 for row in range(MAX_POINTS)]})["t"]) == 2000
    assert len(channel("speed", {"Speed": [50.0 + row % 7 for row in range(MAX_POINTS + 1)]})["t"]) < 2000


def test_of_many_points_the_ends_and_the_extremes_of_999_stretches_are_kept() -> None:
    rows = 999 * 20
    found = channel("speed", {"Speed": [(row + 5) % 20 for row in range(rows)]})
    extremes = [row for row in range(rows) if row % 20 in (14, 15)]  # 19 km/h, then 0
    assert found["t"] == [0.0, *extremes, rows - 1.0]


def test_extremes_beside_voids_survive_and_so_do_the_voids() -> None:
    rows = 30_000
    speeds: list[float | None] = [50.0 + row % 7 for row in range(rows)]
    speeds[50::100] = [None] * 300
    speeds[12_345], speeds[17_045] = 250.0, 0.0
    found = channel("speed", {"Speed": speeds})
    points = dict(zip(found["t"], found["v"], strict=True))
    assert (points[12_345.0], points[17_045.0]) == (250.0, 0.0)
    assert found["v"].count(None) == 300
    assert len(found["t"]) <= MAX_POINTS


def test_voids_take_at_most_a_quarter_of_the_points() -> None:
    speeds: list[float | None] = [None if row % 5 == 4 else 50.0 + row % 7 for row in range(6_001)]
    assert channel("speed", {"Speed": speeds})["v"].count(None) == 500
