"""Writes the tables of docs/performance.md from the baseline: `<!-- section -->` to `<!-- end -->`."""

import re
from collections.abc import Iterable
from typing import Final

from bench.compare import Run
from bench.report import ROOT, Row

DOCUMENT: Final = ROOT / "docs" / "performance.md"
_MARKED: Final = re.compile(r"(?<=<!-- )(?!end )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def filled(text: str, run: Run) -> str:
    """Return the document with the run's figures. Places whose section was not measured stay as they are."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        if name == "run":
            return f"{name}{place[2]}Measured on {run.when}: {run.machine}.\n"
        return f"{name}{place[2]}{_table(run.sections[name].rows)}\n" if name in run.sections else place[0]

    return _MARKED.sub(fill, text)


def write(run: Run) -> None:
    """Update the document with a run's figures."""
    DOCUMENT.write_text(filled(DOCUMENT.read_text("utf-8"), run), "utf-8")


def _table(rows: Iterable[Row]) -> str:
    cells = [(row.name, f"{row.value:g}", row.bar or "", row.detail) for row in rows]
    return "\n".join(f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in line)}|" for line in [_HEAD, _RULE, *cells])


_HEAD: Final = ("what", "seen", "bar", "in detail")
_RULE: Final = ("---", "---", "---", "---")
