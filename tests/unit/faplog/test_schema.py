"""What docs/ publishes of the models: fresh, and said in a sentence where it is not."""

import shutil
from pathlib import Path

import pytest

from faplog.contracts import schema


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of docs/ that a test may spoil."""
    copy = tmp_path / "docs"
    shutil.copytree(schema.DOCS, copy, ignore=shutil.ignore_patterns("screenshots", "adr"))
    monkeypatch.setattr(schema, "DOCS", copy)
    return copy


def test_what_is_published_says_what_the_models_say() -> None:
    assert schema.main(["--check"]) == 0, "run make format"


def test_what_is_stale_is_named_and_written_anew(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guide = docs / "analysis.md"
    wanted = schema.pages()
    (docs / "schema" / "average.json").unlink()
    guide.write_text(guide.read_text("utf-8").replace("| idle_pressure |", "| idle |"), "utf-8")
    assert schema.main(["--check"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == ["docs/schema/average.json", "docs/analysis.md"]
    assert all("make format" in line for line in said)
    assert schema.main([]) == 0
    assert {path: path.read_text("utf-8") for path in wanted} == wanted
    assert schema.main(["--check"]) == 0
