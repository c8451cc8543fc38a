"""`python -m infra.upstream release|chart NAME VERSION FILE…`: keep the shape of what other projects release.

Two kinds of our files depend on files outside of this repository: kustomizations that patch released manifests, and
values of Helm charts. `make check` needs no network, so it compares them with shapes: of a release the identity of
each object (and the type of a Service), of a chart the names of its values and their types. After raising a version,
download the new file and run this module; the result goes to `infra/schemas/releases` and `infra/schemas/charts`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

SCHEMAS: Final = Path(__file__).resolve().parent / "schemas"
RELEASES: Final = SCHEMAS / "releases"
CHARTS: Final = SCHEMAS / "charts"
OPEN: Final = {
    "affinity",
    "annotations",
    "customLabels",
    "extraEnv",
    "labels",
    "merge",
    "nodeSelector",
    "patch",
    "resources",
    "securityContext",
}
"""Values that a chart copies into a manifest or merges with one: any name may stand in them."""


def release_shape(documents: list[Any]) -> list[dict[str, Any]]:
    """Reduce released manifests to what kustomize matches patches and duplicates by."""
    shapes = []
    for document in documents:
        if not document:
            continue
        metadata = {key: document["metadata"][key] for key in ("name", "namespace") if key in document["metadata"]}
        shape = {"apiVersion": document["apiVersion"], "kind": document["kind"], "metadata": metadata}
        if "type" in document.get("spec", {}):
            shape["spec"] = {"type": document["spec"]["type"]}
        if document["kind"] == "ConfigMap":
            shape["data"] = dict.fromkeys(document.get("data", {}), "")
        shapes.append(shape)
    return shapes


def values_shape(values: Any, key: str = "") -> Any:
    """Reduce a chart's values to names and types; `map` and `any` take whatever is given."""
    if isinstance(values, dict):
        if not values or key in OPEN:
            return "map"
        return {name: values_shape(value, name) for name, value in values.items()}
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", type(None): "any"}
    return kinds[type(values)]


def schema_shape(schema: dict[str, Any], root: dict[str, Any], key: str = "") -> Any:
    """Reduce a chart's JSON schema to the same names and types."""
    while "$ref" in schema:
        part: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            part = part[step]
        schema = part
    kind = schema.get("type", "any")
    if kind == "object":
        properties = schema.get("properties", {})
        if not properties or key in OPEN or schema.get("additionalProperties") is not False:
            return "map"
        return {name: schema_shape(value, root, name) for name, value in properties.items()}
    names = {"array": "list", "integer": "number", "number": "number", "string": "string", "boolean": "boolean"}
    return names.get(kind, "any") if isinstance(kind, str) else "any"


def misfits(values: Any, shape: Any, where: str = "") -> Iterator[str]:
    """Compare values of ours with the shape of a chart; yield each name and type that the chart does not have."""
    if shape == "any" or values is None:
        return
    if isinstance(shape, dict):
        if not isinstance(values, dict):
            yield f"{where} is a map in the chart"
            return
        for name, value in values.items():
            path = f"{where}.{name}".lstrip(".")
            if name not in shape:
                yield f"{path} is not read by the chart"
            else:
                yield from misfits(value, shape[name], path)
        return
    given = "map" if isinstance(values, dict) else values_shape(values)
    if given != shape:
        yield f"{where} is a {shape} in the chart, here it is a {given}"


def chart_shape(name: str) -> tuple[str, Any]:
    """Read the version and the shape of a chart that we have kept."""
    document = yaml.safe_load((CHARTS / f"{name}.yaml").read_text("utf-8"))
    return document["version"], document["values"]


def main(arguments: list[str] | None = None) -> int:
    """Write the shape of a downloaded release or chart."""
    parser = argparse.ArgumentParser(prog="python -m infra.upstream", description=__doc__)
    parser.add_argument("what", choices=("release", "chart"))
    parser.add_argument("name", help="of the release's file (serving-core) or of the chart (nats)")
    parser.add_argument("version")
    parser.add_argument("file", type=Path, help="the manifests; the chart's values.yaml or values.schema.json")
    options = parser.parse_args(arguments)
    text = options.file.read_text("utf-8")
    source = f"# Shape of {options.name} {options.version}, written by `python -m infra.upstream`.\n"
    if options.what == "release":
        shapes = release_shape(list(yaml.safe_load_all(text)))
        target, body = RELEASES, yaml.safe_dump_all(shapes, sort_keys=False, default_flow_style=None, width=200)
    else:
        document = json.loads(text) if options.file.suffix == ".json" else yaml.safe_load(text)
        shape = schema_shape(document, document) if options.file.suffix == ".json" else values_shape(document)
        kept = {"version": options.version, "values": shape}
        target, body = CHARTS, yaml.safe_dump(kept, sort_keys=False)
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{options.name}.yaml").write_text(source + body, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
