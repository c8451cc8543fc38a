"""`python -m functions.average`: useful on its own, without any server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions.average.__main__ import main
from tests.unit.average.analyses import analysis

ROOT = Path(__file__).parents[3]


def test_it_averages_files_of_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = analysis({"overall.distance_km": 1.0})
    forms = {
        "bare.json": one,
        "list.json": [one, one],
        "item.json": {"analysisId": "x", "analysis": one},
        "message.json": {"pattern": "average.request", "data": {"analysis": [{"analysis": one}]}},
    }
    for name, form in forms.items():
        (tmp_path / name).write_text(json.dumps(form), "utf-8")
    lines = [
        {"file": "a.csv", "analysis": one},
        {"file": "b.csv", "error": "no log"},
        {"file": "c.csv", "analysis": one},
    ]
    (tmp_path / "lines.json").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert main([str(path) for path in sorted(tmp_path.iterdir())]) == 0
    found = json.loads(capsys.readouterr().out)["overall"]
    assert (found["logs"], found["distance_km"]) == (7, 7.0)


def test_the_notes_of_a_request_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = analysis({"engine.oilDilution_perc": 8})
    request = {"data": {"analysis": [{"analysis": one}], "notes": [{"kind": "oil_changed", "onDate": "2025-03-15"}]}}
    for notes, baseline in ((request["data"]["notes"], ["oil_dilution"]), ({}, []), (None, [])):
        request["data"]["notes"] = notes
        (tmp_path / "request.json").write_text(json.dumps(request), "utf-8")
        assert main([str(tmp_path / "request.json")]) == 0
        assert list(json.loads(capsys.readouterr().out)["baseline"]) == baseline


def test_what_cannot_be_read_is_said_and_the_rest_averaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.json").write_text(json.dumps(analysis()), "utf-8")
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert main([str(tmp_path / name) for name in ("bad.json", "good.json", "absent.json")]) == 1
    told = capsys.readouterr()
    assert "bad.json: not JSON" in told.err
    assert "absent.json: No such file" in told.err
    assert json.loads(told.out)["overall"]["logs"] == 1


def test_no_analysis_at_all_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.json").write_text("[]", "utf-8")
    assert main([str(tmp_path / "empty.json")]) == 1
    assert "No analysis" in capsys.readouterr().err


def test_it_runs_as_a_process_and_reads_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "functions.average", "-"],
        input=json.dumps(analysis({"overall.distance_km": 2.0})),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert json.loads(done.stdout)["overall"]["distance_km"] == 2.0


def test_the_reader_of_the_output_may_stop_reading(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(analysis()), "utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "functions.average", str(tmp_path / "one.json")]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert done.stderr == b""
