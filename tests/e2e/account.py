"""A user of the running system, through the edge address alone."""

import json
import subprocess
import sys
import uuid
import weakref
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ROOT, Stack, until

PASSWORD = "correct horse battery staple"


class Account:
    """A fresh account, or the one of an e-mail address, signed in with its token."""

    def __init__(self, stack: Stack, email: str = "") -> None:
        self.email = email or f"{uuid.uuid4().hex[:12]}@example.com"
        self.http = httpx.Client(timeout=60)
        weakref.finalize(self, self.http.close)
        self._car: dict[str, str] = {}
        if not email:
            credentials = {"email": self.email, "password": PASSWORD}
            self.http.post(f"{stack.url}/api/v1/auth/register", json=credentials).raise_for_status()
        self.sign_in(stack)

    @property
    def id(self) -> str:
        """Whose it is."""
        found: str = self.http.get("/account").raise_for_status().json()["id"]
        return found

    @property
    def access_token(self) -> str:
        """What its requests are authorised by."""
        return self.http.headers["Authorization"].removeprefix("Bearer ")

    def sign_in(self, stack: Stack) -> None:
        """Sign in; from now on everything is asked of this system."""
        self.http.base_url = httpx.URL(f"{stack.url}/api/v1")
        answer = self.http.post("/auth/login", json={"email": self.email, "password": PASSWORD}).raise_for_status()
        self.http.cookies.clear()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def use_one_car(self) -> None:
        """Upload everything for the same car from now on: logs of synthetic days are of as many cars as seeds."""
        self._car = {"car": self.http.post("/cars", json={"name": "Car"}).raise_for_status().json()["id"]}

    def cars(self) -> list[str]:
        """Return the ids of its cars."""
        return [car["id"] for car in self.http.get("/cars").raise_for_status().json()["data"]]

    def upload(self, name: str, content: bytes) -> httpx.Response:
        """Upload one file, whatever the answer."""
        return self.http.post("/analyses", data=self._car, files={"file": (name, content)})

    def ids(self, answer: httpx.Response) -> list[str]:
        """Return the ids of an upload that was accepted."""
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        ids: list[str] = answer.json()["ids"]
        return ids

    def one(self, analysis_id: str) -> dict[str, Any]:
        """Return one analysis as it is now."""
        found: dict[str, Any] = self.http.get(f"/analyses/{analysis_id}").raise_for_status().json()
        return found

    def count(self, **query: str) -> int:
        """Return how many analyses the account has, of a status if one is given."""
        answer = self.http.get("/analyses", params={"limit": "1"} | query).raise_for_status()
        return int(answer.json()["pagination"]["totalItems"])

    def settled(self, seconds: float = 60) -> None:
        """Return once nothing of the account is being analysed."""
        until(lambda: self.count(status="Processing") == 0, seconds)

    def average(self, seconds: float = 60, **period: str) -> dict[str, Any]:
        """Return the average of a period (all there is by default), once it is there."""

        def get() -> dict[str, Any] | None:
            answer = self.http.get("/average", params={"type": "OVERALL"} | period)
            if (
                answer.status_code == httpx.codes.NOT_FOUND
                or answer.raise_for_status().json()["status"] == "CALCULATING"
            ):
                return None
            found: dict[str, Any] = answer.json()
            return found

        found = until(get, seconds)
        assert found["status"] == "SUCCESS", found["message"]
        average: dict[str, Any] = found["average"]
        return average


def averaged(analyses: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return what the function average makes of analyses without any server."""
    file = folder / "analyses.json"
    file.write_text(json.dumps(analyses), "utf-8")
    command = [sys.executable, "-m", "functions.average", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    average: dict[str, Any] = json.loads(done.stdout)
    return average
