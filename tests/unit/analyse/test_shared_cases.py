"""Small inputs that once gave wrong figures in silence, with the outcome that is right."""

from pathlib import Path
from typing import Any

import pytest

from faplog.contracts.analysis import Fingerprint
from faplog.contracts.profiles import day_of
from faplog.contracts.superseding import same_drives, superseded_by
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadLog

SHARED = Path(__file__).parents[4] / "shared"
CASES = SHARED / "cases"
OTHER_APPS = SHARED / "other-apps"
ORIGINAL = SHARED / "logs" / "DCM62v2_20250203.csv"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not part of the repository: no {CASES}")


def analysis(path: Path) -> dict[str, Any]:
    return analyse(read(path.read_bytes(), day_of(path.name)), "DCM62v2")


def case(name: str) -> dict[str, Any]:
    (path,) = (CASES / name).glob("*.csv")
    return analysis(path)


def fingerprints(found: dict[str, Any]) -> list[Fingerprint]:
    return [Fingerprint.model_validate(drive["fingerprint"]) for drive in found["drives"]]


@pytest.fixture(scope="module")
def original() -> dict[str, Any]:
    return analysis(ORIGINAL)


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: section for name, section in found.items() if name not in names}


def test_the_evening_file_supersedes_that_of_noon(original: dict[str, Any]) -> None:
    noon, evening = (fingerprints(case(name)) for name in ("01_grown_noon", "01_grown_evening"))
    assert superseded_by(noon, evening)
    assert not superseded_by(evening, noon)
    assert same_drives(evening, fingerprints(original))
    assert not superseded_by(noon, fingerprints(case("07_second_car")))


def test_lost_hours_are_refused_by_name() -> None:
    with pytest.raises(BadLog) as caught:
        case("02_excel_mmss")
    assert (caught.value.code, caught.value.params) == ("HOURS_MISSING", {"example": "34:42.9"})


@pytest.mark.parametrize("name", ["01_grown_evening", "02_us_date", "06_german_thousands"])
def test_the_figures_are_those_of_the_original(original: dict[str, Any], name: str) -> None:
    found = case(name)
    assert without(found, "drives") == without(original, "drives")
    assert [without(drive, "fingerprint") for drive in found["drives"]] == [
        without(drive, "fingerprint") for drive in original["drives"]
    ]


@pytest.mark.parametrize(("name", "seconds"), [("04_dst_autumn", -3600), ("04_ntp_back_90s", -90)])
def test_a_clock_set_back_within_a_drive(original: dict[str, Any], name: str, seconds: float) -> None:
    found = case(name)
    (jump,) = found["quality"]["clock_jumps"]
    assert jump["sec"] == pytest.approx(seconds, abs=1)
    assert found["drives_total"] == 2
    assert found["overall"]["duration"] == pytest.approx(original["overall"]["duration"], rel=0.01)
    assert found["overall"]["distance_km"] == pytest.approx(3.78, rel=0.01)
    assert found["fuelConsumption"]["overall"] == pytest.approx(original["fuelConsumption"]["overall"], rel=0.01)
    assert found["restriction"] == original["restriction"]
    assert found["health"]["verdict"] == "good"


def test_a_hole_of_nuls_is_no_fault_code(original: dict[str, Any]) -> None:
    found = case("05_nul_hole")
    assert found["engine"]["errors"] == 0
    assert found["quality"]["damaged_rows"] == 1
    assert found["health"]["verdict"] == "good"
    assert found["drives_total"] == 2
    assert found["fap"]["soot"] == original["fap"]["soot"]


def test_values_of_all_ones_are_void(original: dict[str, Any]) -> None:
    found = case("09_ff_sentinels")
    voided = {name: counts["sentinel"] for name, counts in found["quality"]["voided"].items()}
    assert voided == dict.fromkeys(("Speed", "FAPsoot", "FAPcinder", "FAP life", "FAPlifeLeft"), 4)
    assert found["overall"]["distance_km"] == pytest.approx(3.78, rel=0.01)
    assert (found["fap"], found["restriction"]) == (original["fap"], original["restriction"])


@pytest.mark.parametrize(
    ("name", "app"),
    [
        ("carscanner_volvo.csv", "Car Scanner"),
        ("vcds_def.csv", "VCDS"),
        ("vcds_egr.csv", "VCDS"),
        ("vcds_speed.csv", "VCDS"),
    ],
)
def test_logs_of_other_apps_are_refused_by_name(name: str, app: str) -> None:
    with pytest.raises(BadLog) as caught:
        analysis(OTHER_APPS / name)
    assert (caught.value.code, caught.value.params) == ("OTHER_APP", {"app": app})
    assert caught.value.message == f"This looks like a log of {app}. faplog reads the CSV files of the Android app FAP."
