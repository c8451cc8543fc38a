"""`python -m faplog.contracts.schema`: write the schemas and tables of docs/ from the models."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from faplog.contracts.analysis import Analysis
from faplog.contracts.average import Average
from faplog.contracts.comparison import Comparison
from faplog.contracts.errors import TEMPLATES, Cause, ErrorCode, Template
from faplog.contracts.limits import LIMITS, Bad, Bound, Limit

DOCS: Final = Path(__file__).parents[2] / "docs"
BEGIN: Final = "<!-- limits -->\n"
END: Final = "<!-- /limits -->\n"
HEAD: Final = "| code | unit | watch | act | confidence |\n|---|---|---|---|---|\n"

ERRORS_HEAD: Final = """# Error codes

Every refused request and every failed analysis or average says why as `code`, `params` and an English `message` made
from them. Match on the code; translate from code and params; show the message for a code you do not know. A code keeps
its meaning and its parameters; new ones may be added. This page is generated from `faplog/contracts/errors.py`.

*Status* is the HTTP status of a refused request; "–" marks codes that only say why a stored analysis or average failed.
The function `analyse` and the short form `GET /api/v1/analyse/{id}` answer a log that cannot be analysed with 422.
*Again* marks the codes whose cause is not the content of the request: the same request may be accepted later. A
parameter of the type "error" is another `code`, `params` and `message`.

| code | status | message | params | again |
|---|---|---|---|---|
"""

_TYPES: Final = {str: "text", int: "number", Cause: "error"}

_WORDS: Final = {Bad.AT_OR_ABOVE: "≥ {}", Bad.ABOVE: "> {}", Bad.AT_OR_BELOW: "≤ {}", Bad.BELOW: "< {}"}


def pages() -> dict[Path, str]:
    """Return the content of each generated file: the JSON schemas, the error codes, and the page with the limits."""
    guide = DOCS / "analysis.md"
    return {
        DOCS / "schema" / "analysis.json": _schema(Analysis),
        DOCS / "schema" / "average.json": _schema(Average),
        DOCS / "schema" / "comparison.json": _schema(Comparison),
        DOCS / "errors.md": errors_page(),
        guide: with_limits(guide.read_text("utf-8")),
    }


def stale() -> dict[Path, str]:
    """Return the generated files that are out of date, and their new content."""
    return {path: text for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text}


def with_limits(page: str) -> str:
    """Return the page with a new table of limits between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + HEAD + "".join(map(_limit_row, LIMITS.values())) + END + after


def errors_page() -> str:
    """Return the page of all error codes."""
    return ERRORS_HEAD + "".join(_error(code, template) for code, template in TEMPLATES.items())


def _error(code: ErrorCode, template: Template) -> str:
    params = ", ".join(f"`{name}` ({_TYPES[kind]})" for name, kind in template.params.items()) or "–"
    status = template.status.value if template.status else "–"
    again = "yes" if template.may_help_to_repeat else ""
    return f"| `{code}` | {status} | {template.plain_text} | {params} | {again} |\n"


def _schema(model: type[BaseModel]) -> str:
    return json.dumps(model.model_json_schema(by_alias=True), indent=1, ensure_ascii=False) + "\n"


def _limit_row(limit: Limit) -> str:
    cells = (
        limit.code,
        limit.unit,
        _bound(limit, limit.watch if limit.watch != limit.act else None),
        _bound(limit, limit.act),
        limit.confidence,
    )
    return f"| {' | '.join(cells)} |\n"


def _bound(limit: Limit, bound: Bound | None) -> str:
    if bound is None:
        return "–"
    if isinstance(bound, tuple):
        return f"outside {bound[0]:g} to {bound[1]:g}"
    return _WORDS[limit.bad].format(f"{bound:,g}")


def main(arguments: list[str] | None = None) -> int:
    """Write the files that are out of date. With `--check` only list them, and return 1 if there are any."""
    parser = argparse.ArgumentParser(
        prog="python -m faplog.contracts.schema", description="Write the schemas and tables of docs/ from the models."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    check: bool = parser.parse_args(arguments).check
    outdated = stale()
    for path, wanted in outdated.items():
        if check:
            name = path.relative_to(DOCS.parent)
            print(f"{name} is out of date: run `make format` and commit it.", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted, "utf-8")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
