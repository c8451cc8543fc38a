"""The pages with a small API in memory behind them."""

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.ui.fake_api import FakeApi
from ui.api import Api
from ui.app import create_app
from ui.settings import Settings

ADDRESS = "http://api.invalid"


@pytest.fixture
def api() -> FakeApi:
    """Return the API; what it answers is up to the test."""
    return FakeApi()


@pytest.fixture(scope="session")
def pages() -> Flask:
    """Return the pages' application, made once as in a process; `browser` puts the test's own API behind it."""
    return create_app(Settings.model_validate({"api_url": ADDRESS}))


@pytest.fixture
def browser(pages: Flask, api: FakeApi) -> FlaskClient:
    """Return a browser without a session."""
    pages.extensions["api"] = Api(ADDRESS, httpx.WSGITransport(app=api.app()))
    return pages.test_client()


@pytest.fixture
def user(browser: FlaskClient) -> FlaskClient:
    """Return a browser that is signed in."""
    browser.set_cookie("faplog_access", "good")
    browser.set_cookie("faplog_csrf", "token")
    return browser
