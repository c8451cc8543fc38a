"""The patterns of routes, in the form of the OpenAPI document."""

import re
from typing import Final

VARIABLE: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
"""A variable in a route's pattern: its converter, if it has one, and its name."""


def path_of(rule: str) -> str:
    """Return a route's pattern in the form of the document: `/things/<uuid:id>` becomes `/things/{id}`."""
    return VARIABLE.sub(r"{\2}", rule)
