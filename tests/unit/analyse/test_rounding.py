"""Every figure has the decimals its reader was promised: whole numbers, tenths of a mbar, hundredths of the rest."""

from typing import Any

import pytest

from functions.analyse.core import stats
from tests.unit.analyse.handmade import Cells, analysis, part

STANDING: dict[str, Cells] = {
    "Revs": [0, 800.6, 800.6], "Speed": [0, 0, 0], "Battery": [12.345, 14.348, 14.348],
    "FAPpressure": [None, 6.27, 6.27], "FAPtemp": [250.6] * 3, "FAPsoot": [8.127, None, 8.349],
    "LastRegen": [701.6] * 3, "Avg10regen": [785.4] * 3, "FAP life": [10_765.6] * 3, "FAPlifeLeft": [147_460.4] * 3,
    "FAPAdditiveVol": [1260.126] * 3, "FAPAdditiveRemain": [756.127] * 3,
    "FAPdeposits": [3.456] * 3, "FAPcinder": [2.347] * 3,
    "Coolant": [88.6] * 3, "OilTemp": [90.4] * 3, "ExternalTemp": [-3.6] * 3,
    "OilDilution": [2.6] * 3, "OilCarbon": [1.4] * 3,
    "Inj.1FlowCorr": [1.0426] * 3, "Inj.2FlowCorr": [0.9374] * 3, "Inj.3FlowCorr": [0.9853] * 3,
    "Inj.4FlowCorr": [1.0281] * 3,
    "FuelPress": [312.347] * 3, "FuelPressInstr": [310] * 3,
    "TurboInstr": [1300] * 3, "Turbopress": [1275.127] * 3,
}  # fmt: skip


def test_the_sections_of_a_standing_car() -> None:
    found = analysis(STANDING)
    engine = {
        "battery": {"beforeDrive_v": 12.35, "engineRunning_v": 14.35},
        "coolantTemp": {"min_c": 89, "max_c": 89, "avg_c": 89},
        "oilTemp": {"min_c": 90, "max_c": 90, "avg_c": 90},
        "engineWarmup": {"coolant_sec": None, "oil_sec": None},
        "errors": None,
        "oilDilution_perc": 3,
        "oilCarbonate_perc": 1,
        "injector": {"injector1": 1.04, "injector2": 0.94, "injector3": 0.99, "injector4": 1.03, "average": 1.0},
        "fuelPressure": {"avg_diff_idle_bar": 2.35},
        "boost": {"avg_diff_mbar": -24.87},
    }
    assert part(found["engine"], engine) == engine
    fap = {
        "soot": {"start_gl": 8.13, "end_gl": 8.35, "diff_gl": 0.22},
        "pressure": {"min_mbar": 6.3, "max_mbar": 6.3, "avg_mbar": 6.3},
        "pressure_idle": {"min_mbar": 6.3, "max_mbar": 6.3, "avg_mbar": 6.3},
        "temp": {"min_c": 251, "max_c": 251, "avg_c": 251},
        "lastRegen_km": 702,
        "last10Regen_km": 785,
        "life": {"life_km": 10766, "left_km": 147460},
        "additive": {"vol_ml": 1260.13, "remain_ml": 756.13},
        "deposits": {"weight_gram": 3.46, "percentage_perc": 2.35},
    }
    assert part(found["fap"], fap) == fap
    assert found["overall"]["externalTemp"] == {"min_c": -4, "max_c": -4, "avg_c": -4}


def test_the_sections_of_a_moving_car() -> None:
    rows = 101
    found = analysis({
        "Revs": [1500.6] * rows, "Speed": [36.4] * rows, "InjFlow": [11] * rows, "AccelPedalPos": [33.4] * rows,
        "FAPsoot": [8.127] * 50 + [8.349] * 51,
    })  # fmt: skip
    assert found["overall"]["distance_km"] == 1.01  # 36.4 km/h for 100 s: 1.0111 km
    driving = {
        "acceleration": {"max_perc": 33, "avg_perc": 33},
        "revs": {"min": 1501, "max": 1501, "avg": 1501, "avgDriving": 1501},
        "speed": {"min_kmh": 36, "max_kmh": 36, "avg_kmh": 36},
    }
    assert part(found["driving"], driving) == driving
    # 11 mg · 1500.6 / 60 · 2 a second: 0.0550220 kg or 0.0656979 l in 100 s, 6.49759 l/100 km
    assert found["fuelConsumption"] == {
        "overall": {"total_l": 0.07, "avg_l100km": 6.5},
        "bySpeedRange": {"35-45_l100km": 6.5, "_35-45_km": 1.01},
    }
    (listed,) = found["drives"]
    drive = {
        "start": "2025-02-03T08:00:00",
        "end": "2025-02-03T08:01:40",
        "duration_sec": 100,
        "distance_km": 1.01,
        "fuel_l": 0.07,
        "l100km": 6.5,
        "soot_start_gl": 8.13,
        "soot_end_gl": 8.35,
        "coldStart": None,
        "regen": None,
    }
    assert part(listed, drive) == drive


def test_consumption_to_the_hundredth() -> None:
    rows = 101
    found = analysis({"Revs": [1500] * rows, "Speed": [36] * rows, "InjFlow": [11.15] * rows})
    # 11.15 · 1500 / 60 · 2 mg/s: 0.05575 kg or 0.0665672 l in 100 s, over 1 km
    assert found["fuelConsumption"]["overall"] == {"total_l": 0.07, "avg_l100km": 6.66}
    assert found["fuelConsumption"]["bySpeedRange"]["35-45_l100km"] == 6.66
    assert found["drives"][0]["l100km"] == 6.66


@pytest.mark.parametrize("name", ["lastRegen_km", "last10Regen_km"])
def test_whole_numbers_are_no_floats(name: str) -> None:
    assert isinstance(analysis(STANDING)["fap"][name], int)


ROUNDED: list[tuple[Any, int, Any]] = [
    (None, 0, None), (float("nan"), 2, None), (float("inf"), 0, None), (2.6, 0, 3), (-0.126, 2, -0.13), (5, 1, 5.0),
]  # fmt: skip


@pytest.mark.parametrize(("value", "decimals", "expected"), ROUNDED)
def test_what_is_no_number_is_null(value: Any, decimals: int, expected: Any) -> None:
    found = stats.rounded(value, decimals)
    assert (found, type(found)) == (expected, type(expected))
