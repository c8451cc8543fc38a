"""What the pages are built with is there: icons, styles, modules; and it is kept by browsers."""

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

UI = Path(__file__).parents[3] / "ui"
LOCK = json.loads((UI / "package-lock.json").read_text("utf-8"))


def test_every_icon_used_is_in_the_sprite_and_every_one_in_it_is_used() -> None:
    sources = [path.read_text("utf-8") for path in [*UI.rglob("templates/*.html"), *UI.glob("*.py")]]
    listed = set((UI / "icons.txt").read_text("utf-8").split())
    used = {name for name in listed if any(f'"{name}"' in source for source in sources)}
    asked = {name for source in sources for name in re.findall(r'icon\("([a-z0-9-]+)"', source)}
    assert asked <= listed
    assert used == listed


def test_the_lock_names_no_registry_and_pins_every_package() -> None:
    packages = {name: package for name, package in LOCK["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"], name
        assert "resolved" not in package, name


def test_modules_import_only_each_other() -> None:
    modules = {path.name: path.read_text("utf-8") for path in (UI / "static" / "js").glob("*.js")}
    for name, source in modules.items():
        for target in re.findall(r'(?:from|import)\s+"([^"]+)"', source):
            assert target.removeprefix("./") in modules, f"{name}: {target}"


def test_every_text_a_module_uses_is_given_to_it(browser: FlaskClient) -> None:
    page = browser.get("/login").text
    given = json.loads(re.search(r'id="texts">(.*?)</script>', page, re.S).group(1))  # type: ignore[union-attr]
    sources = [path.read_text("utf-8") for path in (UI / "static" / "js").glob("*.js")]
    used = {name for source in sources for name in re.findall(r"\btexts\.(?!js\b)(\w+)", source)}
    assert used == set(given)


def test_files_are_kept_for_a_year_under_their_version_only(browser: FlaskClient) -> None:
    address = re.search(r'href="(/assets/\w+/css/app\.css)"', browser.get("/").text)
    assert address
    current = browser.get(address[1], headers={"Accept-Encoding": "br"}, buffered=True)
    assert "immutable" in current.headers["Cache-Control"]
    assert "max-age=31536000" in current.headers["Cache-Control"]
    assert current.headers["Content-Encoding"] == "br"
    other = browser.get("/assets/other/css/app.css", buffered=True)
    assert "immutable" not in other.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/login"])
def test_pages_are_not_cached(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/assets/x/../../settings.py", "/assets/x/%2e%2e/app.py", "/assets/x//etc/passwd"])
def test_only_static_files_are_served(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code in (308, 404)


def test_the_home_screen_knows_the_site(browser: FlaskClient) -> None:
    manifest = browser.get("/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert browser.get(manifest.get_json()["icons"][0]["src"], buffered=True).status_code == 200
    assert browser.get("/favicon.ico").status_code == 302
    assert browser.get("/health").text == "ok"
