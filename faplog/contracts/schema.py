"""`python -m faplog.contracts.schema [FOLDER]`: what clients read, as JSON schemas, into docs/schema."""

import json
import sys
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from faplog.contracts.average import Average

FOLDER: Final = Path(__file__).parents[2] / "docs" / "schema"
MODELS: Final[dict[str, type[BaseModel]]] = {"average": Average}


def schema(name: str) -> str:
    """The JSON schema of the document of that name, as the text of its file."""
    made = MODELS[name].model_json_schema(by_alias=True, mode="serialization")
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(made, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> None:
    """Write each schema into the folder."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        (folder / f"{name}.json").write_text(schema(name), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
