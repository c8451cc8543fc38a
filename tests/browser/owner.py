"""An owner of a car, made through the API: an account, drives that were uploaded, and where they got to."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import until

PASSWORD = "four unrelated plain words"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Owner:
    """An account and its tokens."""

    email: str
    http: httpx.Client

    def upload(self, *paths: Path) -> list[str]:
        """Return the ids of these files' analyses, once all are done."""
        ids = [self.send(path.name, path.read_bytes()) for path in paths]
        until(lambda: not self.logs(status="Processing")["data"], 240)
        return ids

    def send(self, name: str, content: bytes) -> str:
        """Return the id of a file's analysis, on its way."""
        response = self.http.post("/api/v1/analyses", files={"file": (name, content, "text/csv")})
        assert response.status_code == 202, response.text
        (log_id,) = response.json()["ids"]
        return str(log_id)

    def logs(self, **query: str) -> dict[str, Any]:
        """Return the list of this owner's logs."""
        response = self.http.get("/api/v1/analyses", params=query)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def average(self) -> dict[str, Any]:
        """Return the overall average, once it is up to date."""

        def ready() -> dict[str, Any] | None:
            response = self.http.get("/api/v1/average")
            done = response.status_code == 200 and response.json()["status"] == "SUCCESS"
            return response.json() if done else None

        found: dict[str, Any] = until(ready, 240)
        return found


def new_owner(url: str) -> Owner:
    """Return an account of its own, logged in with a Bearer token."""
    email = f"owner{next(_numbers)}-{re.sub(r'[^0-9]', '', url)[-5:]}@example.org"
    http = httpx.Client(base_url=url, timeout=60, trust_env=False)
    body = {"email": email, "password": PASSWORD}
    registered = http.post("/api/v1/auth/register", json=body)
    assert registered.status_code == 201, registered.text
    tokens = http.post("/api/v1/auth/login", json=body).json()
    http.cookies.clear()
    http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return Owner(email, http)
