"""Sessions through the edge: what a browser sees, and what a client cannot make up."""

from collections.abc import Iterator

import httpx
import pytest

from functions.api.accounts.rate_limit import PAIR
from tests.conftest import Stack
from tests.integration.people import AUTH, PASSWORD, some_email

pytestmark = pytest.mark.stack


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """Yield the browser of a user who is logged in."""
    with httpx.Client(base_url=stack.url, timeout=30) as client:
        body = {"email": some_email(), "password": PASSWORD}
        assert client.post(f"{AUTH}/register", json=body).status_code == 201
        assert client.post(f"{AUTH}/login", json=body).status_code == 200
        client.headers["X-CSRF-Token"] = client.cookies["faplog_csrf"]
        yield client


def test_a_browsers_session(client: httpx.Client, stack: Stack) -> None:
    assert client.get("/api/v1/account").status_code == 200
    assert client.post(f"{AUTH}/refresh", headers={"Origin": stack.url}).status_code == 200
    assert client.post(f"{AUTH}/logout", headers={"Origin": "http://evil.example"}).status_code == 403
    forwarded = {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"}
    assert client.post(f"{AUTH}/logout", headers=forwarded).status_code == 403
    assert client.post(f"{AUTH}/logout", headers={"Origin": stack.url}).status_code == 200
    assert client.get("/api/v1/account").status_code == 401


def test_clients_cannot_make_up_an_address(client: httpx.Client) -> None:
    """The rate limit counts the peer that the edge saw, not what a client claims to be.

    On a machine so slow that a wait is over before the next guess, the next wait is twice as long.
    """
    email = client.get("/api/v1/account").json()["email"]
    codes = []
    for number in range(PAIR.free + 6):
        claimed = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-Ip": f"203.0.113.{number}"}
        body = {"email": email, "password": "wrong pass phrase"}
        codes.append(client.post(f"{AUTH}/login", json=body, headers=claimed).status_code)
        if codes[-1] != 401:
            break
    assert codes[: PAIR.free] == [401] * PAIR.free
    assert codes[-1] == 429


def test_the_description_is_served(client: httpx.Client) -> None:
    assert client.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")
    page = client.get("/api/v1/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
