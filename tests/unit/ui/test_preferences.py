"""What a visitor chose is remembered, and nothing a form or an address says leads elsewhere."""

import pytest
from flask.testing import FlaskClient

from ui.session import local_path

FOREIGN = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "",
    "logs",
    "/a\nb",
    None,
]


@pytest.mark.parametrize("target", FOREIGN)
def test_only_paths_of_this_site_are_gone_to(target: str | None) -> None:
    assert local_path(target, "/logs") == "/logs"


def test_a_path_with_its_query_is_gone_back_to() -> None:
    assert local_path("/logs?q=a&page=2", "/") == "/logs?q=a&page=2"


@pytest.mark.parametrize("target", FOREIGN)
def test_the_login_never_leads_to_another_site(browser: FlaskClient, target: str | None) -> None:
    page = browser.get("/login", query_string={"next": target} if target is not None else {})
    assert 'data-target="/logs"' in page.text


def test_choices_last_a_year_and_come_back_to_the_page(browser: FlaskClient) -> None:
    response = browser.post("/preferences", data={"language": "pl", "theme": "dark", "units": "mi", "next": "/sample"})
    assert (response.status_code, response.location) == (303, "/sample")
    assert all("Max-Age=31536000" in cookie for cookie in response.headers.getlist("Set-Cookie"))
    page = browser.get("/").text
    assert '<html lang="pl" data-bs-theme="dark"' in page


@pytest.mark.parametrize(("site", "stored"), [("same-origin", 1), ("none", 1), ("same-site", 0), ("cross-site", 0)])
def test_a_form_on_another_site_changes_nothing(browser: FlaskClient, site: str, stored: int) -> None:
    response = browser.post("/preferences", data={"language": "pl", "next": "/"}, headers={"Sec-Fetch-Site": site})
    assert response.status_code == 303
    assert len(response.headers.getlist("Set-Cookie")) == stored


def test_what_is_not_on_offer_is_ignored(browser: FlaskClient) -> None:
    response = browser.post("/preferences", data={"language": "xx", "theme": "pink", "next": "//evil.example"})
    assert response.location == "/"
    assert not response.headers.getlist("Set-Cookie")


def test_a_cookie_of_nonsense_is_ignored(browser: FlaskClient) -> None:
    browser.set_cookie("faplog_theme", "pink")
    browser.set_cookie("faplog_language", "../../etc")
    browser.set_cookie("faplog_units", "furlong")
    assert '<html lang="en" data-bs-theme="light" data-theme="auto"' in browser.get("/").text


@pytest.mark.parametrize(
    ("header", "language"), [("fr-CH, en;q=0.5", "fr"), ("pl", "pl"), ("de, en;q=0.3", "en"), ("de", "en")]
)
def test_the_browsers_language_until_one_is_chosen(browser: FlaskClient, header: str, language: str) -> None:
    assert f'<html lang="{language}"' in browser.get("/", headers={"Accept-Language": header}).text


def test_a_secure_site_gives_secure_cookies(browser: FlaskClient) -> None:
    response = browser.post("/preferences", data={"theme": "dark"}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in response.headers["Set-Cookie"]
