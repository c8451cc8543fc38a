"""Schemathesis with a read token: whatever it sends with it, only the routes that read accept it.

The routes are written down here, so that neither the document nor the code says by itself what a token may do.
"""

import os
from typing import Any, Final
from uuid import UUID

import schemathesis
from schemathesis import AuthContext, Case, CheckContext, HookContext, Response

READS: Final = {
    "GET /api/v1/analyses",
    "GET /api/v1/analyses.csv",
    "GET /api/v1/analyses/{id}",
    "GET /api/v1/analyses/{id}/series",
    "GET /api/v1/analyses/{id}/file",
    "GET /api/v1/analyse/{id}",
    "GET /api/v1/cars",
    "GET /api/v1/cars/{id}",
    "GET /api/v1/cars/{id}/notes",
    "GET /api/v1/cars/{id}/comparison",
    "GET /api/v1/comparison",
    "GET /api/v1/average",
    "GET /api/v1/average/available",
}


@schemathesis.auth()
class Script:
    """The token that the test made."""

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        """Return the read token."""
        return os.environ["FAPLOG_READ_TOKEN"]

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Give the token to the request."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Use an existing id every other time: that of the owner's log, or of the token itself."""
    operation = context.operation
    if not path_parameters or operation is None or "id" not in path_parameters:
        return path_parameters
    try:
        is_even = UUID(str(path_parameters["id"])).int % 2 == 0
    except ValueError:
        return path_parameters
    if is_even:
        name = "FAPLOG_TOKEN_ID" if "/tokens/" in operation.path else "FAPLOG_LOG_ID"
        path_parameters["id"] = os.environ[name]
    return path_parameters


@schemathesis.check
def a_read_token_only_reads(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Check that each authenticated route refuses the token, unless it is one of those that read."""
    operation = case.operation
    is_guarded = bool(operation.definition.raw["security"])
    accepted = response.status_code < 400 and case.method != "OPTIONS"  # which asks what there is
    assert not (is_guarded and accepted and operation.label not in READS), f"{operation.label} took a read token"
