"""Who schemathesis is while it asks: a user it registers, a new one for each call that ends a session or an account."""

import os
from typing import Any
from uuid import UUID

import httpx
import schemathesis
from schemathesis import AuthContext, Case, HookContext

from tests.integration.people import AUTH, PASSWORD, some_email
from tests.integration.uploading import log

ENDING = ["accounts_delete_delete", "signin_logout_post"]
_uploaded: list[str] = []


class Newcomer:
    """Registers, logs in and uploads a log."""

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        """An access token."""
        body = {"email": some_email(), "password": PASSWORD}
        with httpx.Client(base_url=os.environ["FAPLOG_API"]) as client:
            client.post(f"{AUTH}/register", json=body).raise_for_status()
            token: str = client.post(f"{AUTH}/login", json=body).raise_for_status().json()["access_token"]
            files, headers = {"file": ("drive.csv", log())}, {"Authorization": f"Bearer {token}"}
            client.cookies.clear()
            answer = client.post("/api/v1/analyses", files=files, headers=headers).raise_for_status()
            _uploaded.append(answer.json()["ids"][0])
        return token

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Give the token to the request."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth().skip_for(operation_id=ENDING)
class Resident(Newcomer):
    """Stays."""


@schemathesis.auth(refresh_interval=None).apply_to(operation_id=ENDING)
class Visitor(Newcomer):
    """Comes anew each time."""


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Every other time, look at a log that is there: the resident's."""
    wanted = (path_parameters or {}).get("id")
    is_reading = context.operation is not None and context.operation.method.lower() == "get"
    if path_parameters and is_reading and _uploaded and _is_even(wanted):
        path_parameters["id"] = _uploaded[0]
    return path_parameters


def _is_even(wanted: object) -> bool:
    try:
        return UUID(str(wanted)).int % 2 == 0
    except ValueError:
        return False
