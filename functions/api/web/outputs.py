"""What the API answers: the base of all output models, timestamps, and the one helper that makes a JSON response."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from flask import Response
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from faplog.contracts.errors import Param


def timestamp(moment: datetime) -> str:
    """Return a moment as all JSON of this API writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(timestamp, return_type=str, when_used="json")]


Code = Annotated[
    str | None,
    Field(
        validation_alias=AliasChoices("error_code", "code"),
        description="Why it failed, as a code: match on this, not on the message. Null where it did not fail, and for "
        "failures stored by releases without codes. New codes may be added.",
    ),
]
Params = Annotated[
    dict[str, Param] | None,
    Field(
        validation_alias=AliasChoices("error_params", "params"),
        description="The values in the sentence of the code, for translations.",
    ),
]


class Output(BaseModel):
    """Base of all responses: snake_case in Python, camelCase in JSON, nulls included."""

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
