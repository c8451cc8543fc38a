"""Who schemathesis is while it asks: a user it registers, a new one for each call that ends a session or an account.

The user has a log that is shared by a link, and another for making links to.
"""

import os
import time
from typing import Any
from uuid import UUID

import httpx
import schemathesis
from schemathesis import AuthContext, Case, HookContext

from tests.integration.people import AUTH, PASSWORD, some_email
from tests.integration.uploading import log

ENDING = ["accounts_delete_delete", "signin_logout_post"]
BUSY_ATTEMPTS = 10
LINKED = ["shared_open_link_get", "shared_open_series_get"]
_uploaded: list[str] = []
_tokens: list[str] = []
_cars: list[str] = []
_notes: list[str] = []


def posted(client: httpx.Client, path: str, **body: Any) -> httpx.Response:
    """Return the answer to a POST, which is sent again while the service is busy, as its clients do."""
    for _ in range(BUSY_ATTEMPTS):
        answer = client.post(path, **body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(float(answer.headers["Retry-After"]))
    return answer.raise_for_status()


class Newcomer:
    """Registers, logs in, uploads two logs, shares the first, and has a car with a note."""

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        """Return an access token."""
        body = {"email": some_email(), "password": PASSWORD}
        with httpx.Client(base_url=os.environ["FAPLOG_API"], timeout=60) as client:
            posted(client, f"{AUTH}/register", json=body)
            token: str = posted(client, f"{AUTH}/login", json=body).json()["access_token"]
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {token}"
            files = [{"file": ("drive.csv", log(text))} for text in ("1", "2")]
            logs = [posted(client, "/api/v1/analyses", files=file).json()["ids"][0] for file in files]
            car = posted(client, "/api/v1/cars", json={"name": "Golf"}).json()["id"]
            note = posted(client, f"/api/v1/cars/{car}/notes", json={"kind": "egr", "km": 1}).json()["id"]
            if not _tokens:
                _tokens.append(posted(client, f"/api/v1/analyses/{logs[0]}/share").json()["token"])
        _uploaded.extend(logs)
        _cars.append(car)
        _notes.append(note)
        return token

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Give the token to the request."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth().skip_for(operation_id=[*ENDING, *LINKED])
class Resident(Newcomer):
    """Stays."""


@schemathesis.auth(refresh_interval=None).apply_to(operation_id=ENDING)
class Visitor(Newcomer):
    """Comes anew each time."""


@schemathesis.auth().apply_to(operation_id=LINKED)
class Reader(Newcomer):
    """Has a link to a log, and no account."""

    def get(self, case: Case[Any], context: AuthContext) -> str:
        """Return the token of the link."""
        super().get(case, context)
        return _tokens[0]


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Use an id of the resident every other time: of a log, its link, a car or a note."""
    operation = context.operation
    if not path_parameters or operation is None or not _uploaded:
        return path_parameters
    is_reading = operation.method.lower() == "get"
    if is_reading and len(str(path_parameters.get("token", "x"))) % 2 == 0:
        path_parameters["token"] = _tokens[0]
    if (is_reading or operation.label.startswith(("POST", "PATCH"))) and _is_even(path_parameters.get("id")):
        logs = _uploaded[0 if is_reading else 1]
        path_parameters["id"] = next(
            (ids[0] for path, ids in (("/cars/", _cars), ("/notes/", _notes)) if path in operation.label), logs
        )
    return path_parameters


def _is_even(wanted: object) -> bool:
    try:
        return UUID(str(wanted)).int % 2 == 0
    except ValueError:
        return False
