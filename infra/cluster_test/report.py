"""The table of a run: its rows, and how it is written as text, Markdown and JSON."""

import json
import textwrap
from dataclasses import asdict, dataclass
from typing import Final, Literal

Verdict = Literal["pass", "FAIL", "measured"]

COLUMNS: Final = ("part", "what", "measured", "verdict")
WIDTHS: Final = (9, 42, 58, 8)


@dataclass(frozen=True, slots=True)
class Row:
    """One proof: what was looked at, what was measured, and whether that is what is promised."""

    part: str
    what: str
    measured: str
    verdict: Verdict

    def cells(self) -> tuple[str, str, str, str]:
        """Return the cells in the order of the columns."""
        return self.part, self.what, self.measured, self.verdict


@dataclass(frozen=True, slots=True)
class Report:
    """A run: when, against what, and its rows."""

    date: str
    environment: str
    versions: dict[str, str]
    rows: list[Row]

    @property
    def failed(self) -> list[Row]:
        """The rows that are not as promised."""
        return [row for row in self.rows if row.verdict == "FAIL"]


def proof(part: str, what: str, measured: str, *, holds: bool) -> Row:
    """Return a row with a verdict."""
    return Row(part, what, measured, "pass" if holds else "FAIL")


def measured(part: str, what: str, value: str) -> Row:
    """Return a row that only measures."""
    return Row(part, what, value, "measured")


def line(cells: tuple[str, ...]) -> str:
    """Return one row of the text table; long cells are wrapped."""
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, WIDTHS, strict=True)]
    height = max(map(len, wrapped))
    rows = [[cell[number] if number < len(cell) else "" for cell in wrapped] for number in range(height)]
    return "\n".join("  ".join(map(str.ljust, row, WIDTHS)).rstrip() for row in rows)


def as_text(report: Report) -> str:
    """Return the whole table as text."""
    head = [f"{report.date}, environment {report.environment}"]
    head += textwrap.wrap("; ".join(f"{name} {value}" for name, value in report.versions.items()), sum(WIDTHS) + 6)
    rule = "  ".join("-" * width for width in WIDTHS)
    rows = [line(row.cells()) for row in report.rows]
    failures = len(report.failed)
    last = f"{failures} of {len(rows)} rows failed." if failures else f"All {len(rows)} rows are as promised."
    return "\n".join([*head, "", line(COLUMNS), rule, *rows, "", last])


def as_markdown(report: Report) -> str:
    """Return the table for `docs/operations.md`."""
    versions = "; ".join(f"{name} {value}" for name, value in report.versions.items())
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells()) + " |" for row in report.rows]
    head = [f"{report.date}, environment `{report.environment}`. {versions}.", ""]
    return "\n".join([*head, "| part | what | measured | verdict |", "|---|---|---|---|", *rows]) + "\n"


def as_json(report: Report) -> str:
    """Return the report as JSON."""
    return json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n"
