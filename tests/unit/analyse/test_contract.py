"""The published contract: the examples bind names, nesting and rounding."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from faplog import synthetic
from faplog.contracts import schema
from faplog.contracts.analysis import Analysis
from functions.analyse.core.analysis import analyse, read

EXAMPLE = Path(__file__).parents[4] / "shared" / "examples" / "analysis.json"


@pytest.fixture(scope="module")
def analysis() -> dict[str, Any]:
    raw, _ = synthetic.day(5, regen="complete", minutes=60)
    return analyse(read(raw), "DCM62v2")


def test_an_analysis_keeps_to_the_published_schema(analysis: dict[str, Any]) -> None:
    published = json.loads((schema.DOCS / "schema" / "analysis.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(analysis, published)


def test_models_and_core_agree_to_the_letter(analysis: dict[str, Any]) -> None:
    assert Analysis.model_validate(analysis, strict=False).model_dump(mode="json", by_alias=True) == analysis


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    if not EXAMPLE.is_file():
        pytest.skip(f"the examples are not part of the repository: no {EXAMPLE}")
    return json.loads(EXAMPLE.read_text("utf-8"))  # type: ignore[no-any-return]


def wrong(given: dict[str, Any]) -> set[str]:
    """In what ways it is no analysis."""
    try:
        Analysis.model_validate(given)
    except ValidationError as error:
        return {one["type"] for one in error.errors()}
    return set()


def test_the_example_lacks_at_most_what_was_added_since(example: dict[str, Any]) -> None:
    """What clients were promised keeps its name, place and kind; a new metric beside it breaks no client."""
    assert wrong(example) <= {"missing"}


def shape(value: Any, path: str = "") -> dict[str, str]:
    """Return each leaf's path and type; entries of a list count as one, and names that are data as `*`."""
    if isinstance(value, dict):
        free = path.endswith(("bySpeedRange", "voided"))
        return {k: v for name, one in value.items() for k, v in shape(one, f"{path}.{'*' if free else name}").items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {k: v for one in value for k, v in shape(one, f"{path}[]").items()}
    return {path: type(value).__name__}


def test_names_and_types_are_those_of_the_example(example: dict[str, Any], analysis: dict[str, Any]) -> None:
    bound, found = shape(example), shape(analysis)
    loose = {".health.findings[].advice", ".health.findings[].limit.watch", ".health.findings[].limit.act",
             ".health.findings[].value"}  # fmt: skip
    assert set(found) >= set(bound)
    other = {
        path: (found[path], kind)
        for path, kind in bound.items()
        if found[path] not in {kind, "NoneType"} and path not in loose
    }
    assert not other


def decimals(value: float) -> int:
    return len(repr(value).partition(".")[2].rstrip("0"))


def test_no_figure_has_more_decimals_than_said(analysis: dict[str, Any]) -> None:
    def floats(value: Any, path: str) -> list[tuple[str, float]]:
        if isinstance(value, dict):
            return [leaf for name, one in value.items() for leaf in floats(one, f"{path}.{name}")]
        if isinstance(value, list):
            return [leaf for one in value for leaf in floats(one, path)]
        return [(path, value)] if isinstance(value, float) else []

    one = (".fap.pressure.", ".fap.pressure_idle.", ".fapRegen.fapPressure.", ".fapRegen.distance_km")
    for path, value in floats(analysis, ""):
        most = 3 if path.startswith((".restriction.", ".health.")) else 1 if path.startswith(one) else 2
        assert decimals(value) <= most, path
