"""The names, nesting and types of the average are the contract with API clients."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from faplog.contracts.average import Average
from faplog.contracts.schema import DOCS
from functions.average.core import average
from tests.unit.average.analyses import Json

EXAMPLES = Path(__file__).parents[4] / "shared" / "examples"

needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the binding examples are not beside this checkout (../shared/examples)"
)


def example(name: str) -> Json:
    read: Json = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return read


def shape(tree: Any, at: str = "") -> set[str]:
    """Return every key's path; below keys that are data (speed ranges, profiles) only that there are some."""
    if isinstance(tree, dict):
        if at in (".fuelConsumption.bySpeedRange", ".trends"):
            return {at} | {path for value in tree.values() for path in shape(value, f"{at}.*")}
        return {at} | {path for key, value in tree.items() for path in shape(value, f"{at}.{key}")}
    if isinstance(tree, list):
        return {at} | {path for value in tree for path in shape(value, f"{at}[]")}
    return {at}


@needs_examples
def test_the_example_is_an_average_and_stays_what_it_is() -> None:
    given = example("average")
    dumped = Average.model_validate(given).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert json.dumps(dumped, sort_keys=True) == json.dumps(given, sort_keys=True), "ints stay ints, floats floats"


@needs_examples
def test_the_average_of_the_example_analysis_has_the_examples_keys() -> None:
    item = {"analysisId": "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11", "analysis": example("analysis")}
    found = average([item]).model_dump(mode="json", by_alias=True)
    del found["health"]["findings"]
    wanted = example("average")
    del wanted["health"]["findings"]
    assert shape(found) >= shape(wanted)


@needs_examples
def test_the_average_of_one_log_is_that_log() -> None:
    log = example("analysis")
    found = average([log])
    assert found.overall.distance_km == log["overall"]["distance_km"]
    assert found.overall.duration.model_dump() == log["overall"]["duration"]
    assert found.driving.revs.model_dump() == log["driving"]["revs"]
    assert found.engine.injector.model_dump() == log["engine"]["injector"]
    assert found.engine.coolantTemp.model_dump() == log["engine"]["coolantTemp"]
    assert found.fap.pressure.model_dump() == log["fap"]["pressure"]
    assert found.fuelConsumption.overall.model_dump() == log["fuelConsumption"]["overall"]
    assert found.fapRegen is not None
    assert found.fapRegen.previousRegen_km == 688
    assert found.fapRegen.fuelConsumption.model_dump() == log["fapRegen"]["fuelConsumption"]
    (point,) = found.trends["DCM62v2"]
    assert (point.date, point.kv, point.outcome) == ("2025-03-14", 0.291, "complete")


def test_an_average_keeps_to_the_published_schema() -> None:
    published = json.loads((DOCS / "schema" / "average.json").read_text("utf-8"))
    found = average([{"overall": {"distance_km": 1.5}}]).model_dump(mode="json", by_alias=True)
    jsonschema.validate(found, published, cls=jsonschema.Draft202012Validator)
    found["overall"]["logs"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, published, cls=jsonschema.Draft202012Validator)
