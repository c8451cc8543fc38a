"""The figures of docs/performance.md are those of the baseline."""

from bench.compare import BASELINE, Run, Section, load
from bench.document import DOCUMENT, filled
from bench.report import row

RUN = Run(
    "2025-03-01",
    "two cores",
    {"flow": Section({}, [row("CPU, ms", 57.25, 90), row("MiB", 8, detail="api 8"), row("n", 1)])},
)


def test_a_marked_place_gets_the_figures_of_its_section() -> None:
    text = "Before.\n\n<!-- flow -->\nold\n<!-- end -->\n\nAfter.\n"
    made = filled(text, RUN)
    assert "old" not in made
    assert "| CPU, ms | 57.25 | ≤ 90 | |\n| MiB | 8 | | api 8 |\n| n | 1 | | |\n<!-- end -->\n\nAfter.\n" in made
    assert made.startswith("Before.\n\n<!-- flow -->\n| what |")
    assert filled(made, RUN) == made


def test_when_and_where_it_was_measured() -> None:
    made = filled("<!-- run -->\n<!-- end -->\n", RUN)
    assert made == "<!-- run -->\nMeasured on 2025-03-01: two cores.\n<!-- end -->\n"


def test_every_marked_place_is_filled() -> None:
    made = filled("<!-- run -->\n<!-- end -->\n\nBetween.\n\n<!-- flow -->\n<!-- end -->\n", RUN)
    assert "two cores.\n<!-- end -->\n\nBetween.\n\n<!-- flow -->\n| what |" in made


def test_what_was_not_measured_stays() -> None:
    text = "<!-- scale -->\nold\n<!-- end -->\n<!-- flow -->\n<!-- end -->"
    assert "<!-- scale -->\nold\n<!-- end -->" in filled(text, RUN)


def test_the_document_shows_the_baseline() -> None:
    baseline = load(BASELINE)
    assert baseline
    text = DOCUMENT.read_text("utf-8")
    assert filled(text, baseline) == text
    assert all(f"<!-- {name} -->" in text for name in ("run", *baseline.sections))
