"""What the API answers: the base of all output models, timestamps, and the one helper that makes a JSON response."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from flask import Response
from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def timestamp(moment: datetime) -> str:
    """Return a moment in the form of every JSON of this API: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(timestamp, return_type=str, when_used="json")]


class Output(BaseModel):
    """Base of the answers: snake_case in Python, camelCase in JSON, nulls included."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, alias_generator=to_camel)


def json_response(body: BaseModel | Mapping[str, Any], status: int = 200, *, exclude_none: bool = False) -> Response:
    """Return a JSON response.

    Args:
        body: A model, or a mapping that may contain `orjson.Fragment`, such as JSON from the database.
        status: The HTTP status.
        exclude_none: Whether to leave out the fields of a model that are None.
    """
    if isinstance(body, BaseModel):
        content: str | bytes = body.model_dump_json(by_alias=True, exclude_none=exclude_none)
    else:
        content = orjson.dumps(body)
    return Response(content, status, mimetype="application/json")
