"""People with accounts, each at an address of their own."""

from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "a long pass phrase"
AUTH = "/api/v1/auth"
ORIGIN = "http://localhost"

_numbers = count(1)


def somewhere() -> str:
    """Return an address that no test has used before."""
    number = next(_numbers)
    return f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"


def some_email() -> str:
    """Return an e-mail address that no test has used before."""
    return f"{uuid4()}@example.org"


@dataclass
class Person:
    """A user with an account, and after `log_in` a session."""

    app: Flask
    client: FlaskClient
    email: str
    address: str
    id: UUID
    access_token: str = ""
    refresh_token: str = ""

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Return a request with the person's access token; if `buffered`, what follows its answer is done too."""
        headers = {"Authorization": f"Bearer {self.access_token}", "X-Forwarded-For": self.address}
        more = {"buffered": True} | more
        return self.client.open(path, method=method, headers=headers | more.pop("headers", {}), **more)

    def log_in(self, password: str = PASSWORD, address: str | None = None) -> TestResponse:
        """Try to log in, from home or elsewhere."""
        response = log_in(self.client, self.email, password, address or self.address)
        if response.status_code == 200:
            self.access_token = response.get_json()["access_token"]
            self.refresh_token = response.get_json()["refresh_token"]
        return response

    def refresh(self, token: str | None = None) -> TestResponse:
        """Exchange a refresh token, the person's own by default."""
        return self.client.post(f"{AUTH}/refresh", json={"refresh_token": token or self.refresh_token})

    def browser(self) -> "Browser":
        """Return the person at a browser, logged in by cookies."""
        browser = Browser(self.app.test_client(), self.address)
        assert log_in(browser.client, self.email, PASSWORD, self.address).status_code == 200
        return browser


@dataclass
class Browser:
    """A client that lives by cookies."""

    client: FlaskClient
    address: str

    def cookie(self, name: str, path: str = "/") -> str:
        """Return the value of a cookie, empty if there is none."""
        found = self.client.get_cookie(name, path=path)
        return found.value if found else ""

    def call(
        self, method: str, path: str, *, origin: str = ORIGIN, csrf: str | None = None, **more: Any
    ) -> TestResponse:
        """Return a request our own page makes."""
        headers = {"Origin": origin, "X-CSRF-Token": self.cookie("faplog_csrf") if csrf is None else csrf}
        headers["X-Forwarded-For"] = self.address
        return self.client.open(path, method=method, headers=headers, **more)


def log_in(client: FlaskClient, email: str, password: str, address: str) -> TestResponse:
    """Return an attempt to log in."""
    body = {"email": email, "password": password}
    return client.post(f"{AUTH}/login", json=body, headers={"X-Forwarded-For": address})


def register(app: Flask) -> Person:
    """Return a new user, with an account and no session."""
    client, email, address = app.test_client(use_cookies=False), some_email(), somewhere()
    body = {"email": email, "password": PASSWORD}
    response = client.post(f"{AUTH}/register", json=body, headers={"X-Forwarded-For": address})
    assert response.status_code == 201, response.text
    return Person(app, client, email, address, UUID(response.get_json()["id"]))


def arrive(app: Flask) -> Person:
    """Return a new user, logged in."""
    person = register(app)
    assert person.log_in().status_code == 200
    return person
