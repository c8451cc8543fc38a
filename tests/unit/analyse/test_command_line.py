"""`python -m functions.analyse`."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from faplog import synthetic
from faplog.contracts import catalogue
from faplog.contracts.limits import Code, Severity
from faplog.contracts.profiles import profile_of
from functions.analyse.__main__ import main
from tests.unit.analyse.handmade import csv_log

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw, _ = synthetic.day(4, regen="complete", minutes=40)
    (tmp_path / "deep").mkdir()
    (tmp_path / "DCM62v2_20250314.csv").write_bytes(raw)
    (tmp_path / "deep" / "other.CSV").write_bytes(csv_log({"Speed": [50] * 5}))
    (tmp_path / "notes.txt").write_text("not a log")
    return tmp_path


def test_one_log_prints_its_analysis(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "DCM62v2_20250314.csv")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["quality"]["profile"] == "DCM62v2"
    assert printed["regens_total"] == 1


def test_a_folder_prints_an_object_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(line["file"]).name for line in lines] == ["DCM62v2_20250314.csv", "other.CSV"]
    assert lines[1]["analysis"]["quality"]["profile"] is None


def test_a_file_that_cannot_be_read_is_named_and_the_others_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.csv").write_text("Date;Speed\n")
    assert main([str(folder), str(folder / "gone.csv")]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "bad.csv: Failed to read csv file: the column 'Time' is missing" in err
    assert "gone.csv: No such file or directory" in err


def test_nothing_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no .csv file" in capsys.readouterr().err


def test_series(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--series", str(folder / "DCM62v2_20250314.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1


def test_text_is_verdict_and_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--text", str(folder / "DCM62v2_20250314.csv")]) == 0
    out = capsys.readouterr().out
    for words in ("✔ All good", "Filter", "restriction kv", "Regenerations", "complete", "Data quality"):
        assert words in out
    assert "None" not in out


def test_text_of_a_log_that_knows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.csv"
    path.write_bytes(csv_log({"Errors": [1, 1]}))
    assert main(["--text", str(path)]) == 0
    out = capsys.readouterr().out
    assert "? Not enough data for a verdict" in out
    assert "▲ Fault codes stored in the ECU: 1" in out
    assert "None" not in out


def test_text_prints_the_words_of_the_catalogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hot.csv"
    columns = {"Revs": [800] * 400, "Coolant": [112] * 400, "Errors": [0] * 400, "FAPpressure": [6] * 400}
    path.write_bytes(csv_log(columns | {"Avg10regen": [800] * 400, "LastRegen": [750] * 400}))
    assert main(["--text", str(path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Do something about it" in out
    assert str(catalogue.advice(Code.COOLANT_MAX, Severity.ACT)) in out
    assert "Do not drive on while this lasts: stop safely and switch the engine off." in out
    assert "i A regeneration is due in about 50 km." in out
    assert "✔ Good: Highest back pressure, Distance between regenerations, Stored fault codes" in out


def test_text_says_what_a_regeneration_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--text", str(folder / "DCM62v2_20250314.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    (before,) = [line for line in lines if line.startswith(" restriction kv")]
    (after,) = [line for line in lines if line.startswith(" restriction after a regeneration")]
    kept = re.compile(r"(0\.\d+) mbar per m³/h  \(\d+ steady rows\)")
    values = [float(found[1]) for line in (before, after) if (found := kept.search(line))]
    assert len(values) == 2
    assert values[1] < values[0]


def test_text_of_a_regeneration_without_an_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.csv"
    path.write_bytes(csv_log({"REGEN": [1, 1], "Revs": [1800, 1800]}))
    assert main(["--text", str(path)]) == 0
    out = capsys.readouterr().out
    assert "Regenerations" in out
    assert "±" not in out


def test_standard_input_and_a_start_without_rich(folder: Path) -> None:
    """The image carries no rich: JSON needs none."""
    code = "import sys; sys.modules['rich'] = None; from functions.analyse.__main__ import main; sys.exit(main(['-']))"
    raw = (folder / "DCM62v2_20250314.csv").read_bytes()
    done = subprocess.run([sys.executable, "-c", code], input=raw, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["drives_total"] >= 1


def test_the_reader_of_the_output_may_stop_reading(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "functions.analyse", str(folder)]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert done.stderr == b""


@pytest.mark.parametrize("form", ["--json", "--text"])
def test_a_terminal_need_not_know_every_character(folder: Path, form: str) -> None:
    log = folder / os.fsdecode(b"Gr\xfcn_20250314.csv")
    (folder / "DCM62v2_20250314.csv").rename(log)
    done = subprocess.run(
        [sys.executable, "-m", "functions.analyse", form, str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "300"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if form == "--json":
        printed = [json.loads(line) for line in done.stdout.splitlines()]
        assert Path(printed[0]["file"]).name == "Gr\N{REPLACEMENT CHARACTER}n_20250314.csv"
        assert "°C" in {finding["unit"] for finding in printed[0]["analysis"]["health"]["findings"]}
    else:
        assert b"Gr?n_20250314.csv" in done.stdout
        assert b"? All good" in done.stdout


def test_several_logs_show_progress_on_a_terminal(folder: Path) -> None:
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "functions.analyse", str(folder)]
    printed = folder / "printed.jsonl"
    with printed.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=its_end) as process:
        os.close(its_end)
        shown = b"".join(iter(lambda: _read(terminal), b""))
    os.close(terminal)
    assert process.returncode == 0
    assert "2/2" in shown.decode()
    assert len(printed.read_text().splitlines()) == 2


def _read(terminal: int) -> bytes:
    """Return what the terminal shows next; nothing once the program has closed it."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("DCM62v2_20250203.csv", "DCM62v2"),
        ("HDI_SID807_BR2_20240116.csv", "HDI_SID807_BR2"),
        ("folder/DCM62v2_20250203 (1).CSV", "DCM62v2"),
        ("C:\\logs\\DCM62v2_20250203.csv", "DCM62v2"),
        ("log.csv", None),
        ("20250203.csv", None),
        ("../_20250203.csv", None),
        ("", None),
    ],
)
def test_the_profile_is_what_the_app_wrote_before_the_date(name: str, profile: str | None) -> None:
    assert profile_of(name) == profile
