"""`python -m faplog.contracts.schema`: writes what the models say into docs/, where readers look for it."""

import json
import sys
from pathlib import Path
from typing import Final

from faplog.contracts.analysis import Analysis
from faplog.contracts.average import Average
from faplog.contracts.limits import LIMITS, Bad, Bound, Limit

DOCS: Final = Path(__file__).parents[2] / "docs"
BEGIN: Final = "<!-- limits -->\n"
END: Final = "<!-- /limits -->\n"
HEAD: Final = "| code | unit | watch | act | confidence |\n|---|---|---|---|---|\n"

_WORDS: Final = {Bad.AT_OR_ABOVE: "≥ {}", Bad.ABOVE: "> {}", Bad.AT_OR_BELOW: "≤ {}", Bad.BELOW: "< {}"}


def analysis_schema() -> str:
    """The JSON schema of an analysis."""
    return json.dumps(Analysis.model_json_schema(by_alias=True), indent=1, ensure_ascii=False) + "\n"


def average_schema() -> str:
    """The JSON schema of an average."""
    return json.dumps(Average.model_json_schema(by_alias=True), indent=1, ensure_ascii=False) + "\n"


def with_limits(page: str) -> str:
    """The page with the table of limits brought up to date between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + HEAD + "".join(map(_row, LIMITS.values())) + END + after


def _row(limit: Limit) -> str:
    cells = (limit.code, limit.unit, _bound(limit, limit.watch), _bound(limit, limit.act), limit.confidence)
    return f"| {' | '.join(cells)} |\n"


def _bound(limit: Limit, bound: Bound | None) -> str:
    if bound is None:
        return "–"
    if isinstance(bound, tuple):
        return f"outside {bound[0]:g} to {bound[1]:g}"
    return _WORDS[limit.bad].format(f"{bound:,g}")


def main() -> int:
    """Write schemas and table; 0."""
    (DOCS / "schema").mkdir(exist_ok=True)
    (DOCS / "schema" / "analysis.json").write_text(analysis_schema(), "utf-8")
    (DOCS / "schema" / "average.json").write_text(average_schema(), "utf-8")
    page = DOCS / "analysis.md"
    page.write_text(with_limits(page.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
