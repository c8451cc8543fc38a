"""The pages with a small API in memory behind them."""

import httpx
import pytest
from flask.testing import FlaskClient

from tests.unit.ui.fake_api import FakeApi
from ui.api import Api
from ui.app import create_app
from ui.settings import Settings


@pytest.fixture
def api() -> FakeApi:
    """The API; what it answers is up to the test."""
    return FakeApi()


@pytest.fixture
def browser(api: FakeApi) -> FlaskClient:
    """A browser without a session."""
    address = "http://api.invalid"
    client = Api(address, httpx.WSGITransport(app=api.app()))
    return create_app(Settings.model_validate({"api_url": address}), client).test_client()


@pytest.fixture
def user(browser: FlaskClient) -> FlaskClient:
    """A browser that is signed in."""
    browser.set_cookie("faplog_access", "good")
    browser.set_cookie("faplog_csrf", "token")
    return browser
