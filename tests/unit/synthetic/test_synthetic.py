"""The generator against itself: the same seed, the app's file format, and a truth that a plain reading confirms."""

import json
import re
from collections import Counter
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from faplog import synthetic
from faplog.synthetic.__main__ import main
from faplog.synthetic.drive import Wish
from faplog.synthetic.truth import FileTruth
from tests.unit.synthetic.plain_reading import Plain, read

PROFILES = sorted(synthetic.PROFILES)
REAL_LOG = Path(__file__).parents[4] / "shared" / "logs" / "DCM62v2_20250203.csv"

Month = list[tuple[FileTruth, Plain]]


@pytest.fixture(scope="module", params=PROFILES)
def month(request: pytest.FixtureRequest) -> Month:
    return [(truth, read(content)) for content, truth in synthetic.month(30, seed=3, profile=request.param)]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again = (list(synthetic.month(3, seed=5)) for _ in range(2))
    assert first == again
    assert first != list(synthetic.month(3, seed=6))
    assert synthetic.day(4, regen="complete") == synthetic.day(4, regen="complete")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_format_is_the_apps(profile: str) -> None:
    content, truth = synthetic.day(9, profile, minutes=10)
    lines = content.decode("ascii").split("\n")
    assert lines[-1] == "", "the file ends with a line feed"
    assert lines[0].startswith("Date;Time;")
    assert {line.count(";") for line in lines[:-1]} == {len(synthetic.PROFILES[profile].channels) + 2}
    assert all(re.match(r"2025\.03\.14;\d\d:\d\d:\d\d\.\d;", line) and line.endswith(";") for line in lines[1:-1])
    assert truth["file"] == f"{profile}_20250314.csv"
    assert b"\r" not in content
    assert b"-0;" not in content
    assert b"nan" not in content


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the real logs are not beside this checkout (../shared/logs)")
def test_the_header_is_a_real_ones() -> None:
    content, _ = synthetic.day(1, "DCM62v2", minutes=2)
    assert content.split(b"\n")[0] == REAL_LOG.read_bytes().split(b"\n")[0]


def test_cells_are_blank_until_polled_and_then_held() -> None:
    content, _ = synthetic.day(2, minutes=8)
    plain = read(content)
    began = plain.times[0]
    for name, first in (("Battery", 11.4), ("Coolant", 22.8), ("LastRegen", 38.0), ("FAPdeposits", 93.1)):
        seen = [bool(row[name]) for row in plain.rows]
        assert all(seen[seen.index(True) :]), f"{name} is held"
        assert plain.times[seen.index(True)] - began == pytest.approx(first, abs=2.5)
    speeds = plain.column("Speed")
    changes = sum(a != b for a, b in pairwise(speeds))
    assert changes < len(speeds) / 2.5, "speed is read about every third row"


def test_pseudo_values_before_the_ecu_wakes_and_after_it_stops() -> None:
    plain = read(synthetic.day(2, minutes=8)[0])
    assert plain.column("OilCarbon")[0] == 8
    assert plain.column("OilCarbon")[-1] == 1
    assert plain.column("TurboInstr")[0] == plain.column("TurboInstr")[-1] == 1000
    assert plain.column("Revs")[-1] == 0
    assert plain.column("InjFlow")[-1] > 0, "injection stays stale"


def test_a_plain_reading_confirms_the_truth_of_a_month(month: Month) -> None:
    for truth, plain in month:
        assert plain.distance_km == pytest.approx(truth["distance_km"], rel=0.01), truth["file"]
        assert plain.fuel_l == pytest.approx(truth["fuel_l"], rel=0.05), truth["file"]
        assert len(plain.rows) == truth["rows"]
        assert plain.headers == truth["repeated_headers"] + 1
        assert plain.bad_rows == truth["truncated"]
        assert plain.gaps == truth["gaps"]
        assert plain.gap_sec == pytest.approx(truth["gap_sec"], abs=0.3 * max(1, truth["gaps"]))
        soot = plain.column("FAPsoot")
        assert soot[0] == pytest.approx(truth["soot_start_gl"], abs=0.02)
        assert soot[-1] == pytest.approx(truth["soot_end_gl"], abs=0.05)
        for name, rows in truth["sentinels"].items():
            assert sum(row[name] in ("65280", "25855") for row in plain.rows) == rows


def test_regenerations_in_the_rows_are_those_of_the_truth(month: Month) -> None:
    for truth, plain in month:
        flags = [row["REGEN"] == "1" for row in plain.rows]
        rises = [i for i in range(1, len(flags)) if flags[i] and not flags[i - 1]]
        assert len(rises) == len(truth["regens"]), truth["file"]
        for i, regen in zip(rises, truth["regens"], strict=True):
            started = datetime.fromisoformat(regen["start"] + "+00:00").timestamp()
            assert plain.times[i] == pytest.approx(started, abs=6)
            counter = [float(row["LastRegen"]) for row in plain.rows[i:] if row["LastRegen"]]
            assert (min(counter) < counter[0]) == regen["reset_shown"]
            if regen["interval_km"] is not None:
                assert max(counter) <= regen["interval_km"] <= max(counter) + 20
                assert regen["soot_after_gl"] < regen["soot_end_gl"] < 2 < regen["soot_start_gl"]
            assert regen["outcome"] != "aborted" or regen["running_after_sec"] >= 400


def test_a_month_shows_every_outcome(month: Month) -> None:
    outcomes = Counter(regen["outcome"] for truth, _ in month for regen in truth["regens"])
    assert set(outcomes) == {"complete", "aborted", "unknown"}
    assert outcomes["complete"] >= 2


def test_what_the_app_spoils_occurs_within_a_month(month: Month) -> None:
    truths = [truth for truth, _ in month]
    assert any(truth["truncated"] for truth in truths)
    assert any(truth["repeated_headers"] for truth in truths)
    assert any(pause["sec"] > 10 for truth in truths for pause in truth["pauses"])
    assert any(3 < pause["sec"] <= 10 for truth in truths for pause in truth["pauses"])
    assert any(sum(truth["sentinels"].values()) for truth in truths)
    assert any(len(truth["drives"]) > 1 and not truth["repeated_headers"] for truth in truths)


@pytest.mark.parametrize("wish", ["complete", "aborted", "unknown"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_can_have_the_regeneration_one_asks_for(wish: Wish, seed: int) -> None:
    _, truth = synthetic.day(seed, regen=wish, minutes=20)
    assert [regen["outcome"] for regen in truth["regens"]] == [wish]
    _, without = synthetic.day(seed, minutes=60)
    assert without["regens"] == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("size", [200_000, 2_000_000, 20_000_000])
def test_a_log_of_a_size(profile: str, size: int) -> None:
    content, truth = synthetic.log_of_size(size, profile=profile)
    assert len(content) == pytest.approx(size, rel=0.2)
    assert content.count(b"2025.03.14;") == truth["rows"], "one file is one day"


def highest_pressure(content: bytes) -> int:
    header, *lines = content.split(b"\n")
    index = header.split(b";").index(b"FAPpressure")
    cells = {line.split(b";")[index] for line in lines if line.count(b";") > index}
    return max(int(cell) for cell in cells if cell.isdigit() and cell != b"65280")


def test_a_worn_filter_shows() -> None:
    good, worn = (list(synthetic.month(16, seed=2, health=health)) for health in ("good", "worn"))
    highest = [max(highest_pressure(content) for content, _ in month) for month in (good, worn)]
    assert highest[0] < 200 < 300 < highest[1]
    aborted = "".join(regen["outcome"][0] for _, truth in worn for regen in truth["regens"])
    assert "aaa" in aborted
    intervals = [
        [regen["interval_km"] for _, truth in month for regen in truth["regens"] if regen["interval_km"]]
        for month in (good, worn)
    ]
    assert min(intervals[0]) > 350
    assert min(intervals[1]) < 300


def test_the_command_writes_logs_and_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--days", "2", "--seed", "7", "--profile", "HDI_SID807_BR2", "--start", "2024-02-28", str(tmp_path / "out")])
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["HDI_SID807_BR2_20240228.csv", "HDI_SID807_BR2_20240229.csv", "truth.json"]
    truth = json.loads((tmp_path / "out" / "truth.json").read_text("utf-8"))
    assert [file["file"] for file in truth["files"]] == names[:2]
    assert "2 logs" in capsys.readouterr().out
    main(["--size", "50000", str(tmp_path / "one")])
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["DCM62v2_20250314.csv"]


def test_the_command_refuses_nonsense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--days", "0", "OUT"])
    assert "must be at least 1" in capsys.readouterr().err


def test_dates_follow_the_first_day() -> None:
    dates = [truth["date"] for _, truth in synthetic.month(2, first=date(2024, 12, 31))]
    assert dates == ["2024-12-31", "2025-01-01"]
