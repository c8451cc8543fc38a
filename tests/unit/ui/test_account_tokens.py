"""The API tokens of the account page: what the list says, and where it is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from faplog.contracts.api_tokens import MAX_NAME_CHARS
from tests.unit.ui.fake_api import FakeApi
from tests.unit.ui.test_pages import text

LIST = "/account/tokens"
FRAGMENT = {"fragment": 1}


def token(**changes: Any) -> dict[str, Any]:
    """Return a token as the API lists it."""
    return {
        "id": "0b6a7a6e-2a0b-4d5c-8a51-6f3f6f1f0c22",
        "name": "Garage NAS",
        "scopes": ["read", "upload"],
        "createdAt": "2025-03-15T08:00:00.000Z",
        "expiresAt": None,
        "lastUsedAt": None,
    } | changes


def test_the_account_page_has_the_section_and_no_token(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {"account": {"email": "a@example.org"}, "account/sessions": {"sessions": []}}
    page = user.get("/account").text
    assert 'id="tokens"' in page
    assert "js/account_tokens.js" in page
    assert f'maxlength="{MAX_NAME_CHARS}"' in page
    assert "account/tokens" not in {path for path, _ in api.asked}, "the frame does not wait for the list"


def test_the_list_names_each_token(user: FlaskClient, api: FakeApi) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    api.answers["account/tokens"] = {
        "data": [
            token(),
            token(name="Old <b>script</b>", scopes=["upload"], expiresAt="2025-04-14T08:00:00.000Z"),
            token(name="New", scopes=["read"], expiresAt=soon.isoformat(), lastUsedAt="2025-03-16T23:30:00.000Z"),
        ]
    }
    answer = user.get(LIST, query_string=FRAGMENT)
    assert 'data-count="3"' in answer.text
    assert "<b>" not in answer.text
    seen = text(answer)
    assert "Garage NAS reading, uploading 15 Mar 2025 never no time limit Revoke" in seen
    assert "script&lt;/b&gt; expired uploading 15 Mar 2025 never 14 Apr 2025 Revoke" in seen
    assert "New reading 15 Mar 2025 16 Mar 2025" in seen


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Garage NAS lecture, envoi 15 mars 2025 jamais"),
        ("pl", "Garage NAS odczyt, przesyłanie 15 mar 2025 nigdy"),
    ],
)
def test_the_list_speaks_the_readers_language(user: FlaskClient, api: FakeApi, language: str, words: str) -> None:
    api.answers["account/tokens"] = {"data": [token()]}
    assert words in text(user.get(LIST, query_string=FRAGMENT, headers={"Accept-Language": language}))


def test_no_tokens(user: FlaskClient, api: FakeApi) -> None:
    api.answers["account/tokens"] = {"data": []}
    assert "You have no API tokens." in user.get(LIST, query_string=FRAGMENT).text


def test_a_scope_of_a_later_release_is_shown_as_it_is(user: FlaskClient, api: FakeApi) -> None:
    api.answers["account/tokens"] = {"data": [token(scopes=["compare"])]}
    assert "compare" in text(user.get(LIST, query_string=FRAGMENT))


def test_the_list_is_no_page_and_no_strangers(user: FlaskClient, browser: FlaskClient, api: FakeApi) -> None:
    assert user.get(LIST).location == "/account#tokens"
    api.status["account/tokens"] = 503
    assert user.get(LIST, query_string=FRAGMENT).status_code == 503
    browser.delete_cookie("faplog_access")
    assert browser.get(LIST, query_string=FRAGMENT).status_code == 401
