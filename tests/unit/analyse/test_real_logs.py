"""The two real logs: the analysis equals a recomputation that shares nothing with it but the definitions."""

import csv
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from faplog.contracts.analysis import Analysis
from functions.analyse.core.analysis import analyse, read

LOGS = Path(__file__).parents[4] / "shared" / "logs"
NAMES = ("DCM62v2_20250203.csv", "DCM62v2_20250204.csv")

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason=f"the real logs are not part of the repository: no {LOGS}")

Row = dict[str, str]


@pytest.fixture(scope="module", params=NAMES)
def log(request: pytest.FixtureRequest) -> tuple[dict[str, Any], list[Row]]:
    path = LOGS / request.param
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["Date"] != "Date"]
    return analyse(read(path.read_bytes()), "DCM62v2"), rows


def when(row: Row) -> datetime:
    return datetime.strptime(f"{row['Date']} {row['Time']}", "%Y.%m.%d %H:%M:%S.%f")  # noqa: DTZ007


def steps(rows: list[Row]) -> list[tuple[Row, Row, float]]:
    pairs = pairwise(rows)
    timed = [(before, row, (when(row) - when(before)).total_seconds()) for before, row in pairs]
    return [step for step in timed if step[2] <= 10]


def number(row: Row, name: str) -> float:
    return float(row[name])


def known(rows: list[Row], name: str) -> list[float]:
    return [float(row[name]) for row in rows if row[name]]


def test_durations(log: tuple[dict[str, Any], list[Row]]) -> None:
    analysis, rows = log
    sums = dict.fromkeys(("overall_sec", "engineOn_sec", "engineOff_sec", "idle_sec", "driving_sec"), 0.0)
    for _, row, dt in steps(rows):
        on, moving = number(row, "Revs") > 0, number(row, "Speed") > 0
        sums["overall_sec"] += dt
        sums["engineOn_sec"] += dt * on
        sums["engineOff_sec"] += dt * (not on)
        sums["idle_sec"] += dt * (on and not moving)
        sums["driving_sec"] += dt * moving
    assert analysis["overall"]["duration"] == {name: round(value) for name, value in sums.items()}


def test_distance_and_fuel(log: tuple[dict[str, Any], list[Row]]) -> None:
    analysis, rows = log
    km = milligram = 0.0
    for before, row, dt in steps(rows):
        km += (number(before, "Speed") + number(row, "Speed")) / 2 * dt / 3600
        rates = [number(one, "InjFlow") * number(one, "Revs") / 60 * 2 for one in (before, row)]
        milligram += sum(rates) / 2 * dt
    litres = milligram / 1e6 / 0.8375
    assert analysis["overall"]["distance_km"] == round(km, 2)
    assert analysis["fuelConsumption"]["overall"]["total_l"] == round(litres, 2)
    assert analysis["fuelConsumption"]["overall"]["avg_l100km"] == (round(litres / km * 100, 2) if km else None)


def test_soot_and_extremes(log: tuple[dict[str, Any], list[Row]]) -> None:
    analysis, rows = log
    soot = known(rows, "FAPsoot")
    assert analysis["fap"]["soot"] == {
        "start_gl": round(soot[0], 2),
        "end_gl": round(soot[-1], 2),
        "diff_gl": round(soot[-1] - soot[0], 2),
    }
    pressure = [float(row["FAPpressure"]) for row in rows if row["FAPpressure"] and number(row, "Revs") > 0]
    assert analysis["fap"]["pressure"]["max_mbar"] == max(pressure, default=None)
    assert analysis["fap"]["pressure"]["min_mbar"] == min(pressure, default=None)
    assert analysis["driving"]["revs"]["max"] == max(known(rows, "Revs"))
    assert analysis["fap"]["lastRegen_km"] == known(rows, "LastRegen")[-1]


def test_time_weighted_mean(log: tuple[dict[str, Any], list[Row]]) -> None:
    analysis, rows = log
    weighted = [(number(row, "Speed"), dt) for _, row, dt in steps(rows)]
    mean = sum(value * dt for value, dt in weighted) / sum(dt for _, dt in weighted)
    assert analysis["driving"]["speed"]["avg_kmh"] == round(mean)


def test_every_cell_of_a_real_log_is_plausible(log: tuple[dict[str, Any], list[Row]]) -> None:
    analysis, rows = log
    quality = analysis["quality"]
    assert quality["rows_used"] == len(rows)
    assert quality["voided"] == {}
    assert quality["missing_columns"] == []
    assert Analysis.model_validate(analysis).model_dump(mode="json", by_alias=True) == analysis


def test_the_evening_of_two_drives() -> None:
    analysis = analyse(read((LOGS / NAMES[0]).read_bytes()))
    assert analysis["overall"]["distance_km"] == pytest.approx(3.78, rel=0.01)
    assert analysis["drives_total"] == 2
    assert [(drive["start"][11:], drive["end"][11:]) for drive in analysis["drives"]] == [
        ("20:34:42", "20:44:11"),
        ("21:10:38", "21:19:08"),
    ]
    assert [drive["coldStart"] for drive in analysis["drives"]] == [True, True]
    assert sum(drive["distance_km"] for drive in analysis["drives"]) == pytest.approx(3.78, abs=0.011)
    assert analysis["quality"]["gaps"] == 2
    assert analysis["quality"]["gap_sec"] == 1722
    assert analysis["quality"]["rows_dropped"] == {"bad_time": 0, "repeated_header": 1}
    assert analysis["restriction"]["kv"] == pytest.approx(0.29, abs=0.01)  # what is known of this car at soot 15
    assert analysis["health"]["verdict"] == "good"


def test_half_a_minute_with_the_engine_never_on() -> None:
    analysis = analyse(read((LOGS / NAMES[1]).read_bytes()))
    empty = {"min_mbar": None, "max_mbar": None, "avg_mbar": None}
    assert analysis["overall"]["duration"] == {
        "overall_sec": 34,
        "engineOn_sec": 0,
        "engineOff_sec": 34,
        "idle_sec": 0,
        "driving_sec": 0,
    }
    assert analysis["fap"]["pressure"] == analysis["fap"]["pressure_idle"] == empty
    engine = analysis["engine"]
    assert engine["battery"] == {"beforeDrive_v": None, "engineRunning_v": None}
    assert engine["oilDilution_perc"] is None
    assert engine["oilCarbonate_perc"] is None
    assert set(engine["injector"].values()) == {None}
    assert engine["fuelPressure"] == {"avg_diff_idle_bar": None}
    assert engine["boost"] == {"avg_diff_mbar": None}
    assert engine["engineWarmup"] == {"coolant_sec": None, "oil_sec": None}
    assert analysis["driving"]["revs"]["avgDriving"] is None
    assert analysis["driving"]["acceleration"]["avg_perc"] is None
    assert analysis["fuelConsumption"]["overall"]["avg_l100km"] is None
    assert analysis["fuelConsumption"]["bySpeedRange"] == {}
    assert analysis["restriction"] == {"kv": None, "n": 0, "kv_afterRegen": None, "n_after": 0}
    assert analysis["warmup"] == {"to70_sec": None, "to70_l": None}
    assert analysis["fapRegen"] is None
    assert analysis["sootRate_gl100km"] is None
    assert analysis["health"]["verdict"] == "unknown"
    assert {finding["severity"] for finding in analysis["health"]["findings"]} == {"good"}


def test_a_cold_healthy_log_has_no_finding_and_says_what_to_know() -> None:
    health = analyse(read((LOGS / NAMES[0]).read_bytes()))["health"]
    assert (health["verdict"], health["urgency"]) == ("good", None)
    assert {finding["severity"] for finding in health["findings"]} == {"good"}
    assert [note["text"].partition(".")[0] for note in health["notes"]] == [
        "The engine did not get warm: the coolant reached 52 °C at most",
        "A regeneration is due in about 67 km",
    ]
    values = {finding["code"]: finding["value"] for finding in health["findings"]}
    assert values["pressure_not_following_flow"] == pytest.approx(0.82, abs=0.02)
    assert values["restriction_low"] == values["restriction_high"] == 0.294
    assert (values["idle_pressure"], values["max_pressure"], values["rail_pressure_idle"]) == (14.7, 92.0, -1.4)
