"""The history of several cars: filtered by one, together with days, text and result."""

import re

from flask.testing import FlaskClient

from tests.unit.ui.fake_api import FakeApi, item, listing

CAR = "3f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f01"


def asked(api: FakeApi) -> dict[str, str]:
    """Return the query of the last list."""
    return [query for path, query in api.asked if path == "analyses"][-1]


def test_a_car_is_asked_for_together_with_everything_else(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item(carId=CAR)) | {
        "pagination": {"totalItems": 50, "currentPage": 1, "pageSize": 20, "totalPages": 3}
    }
    page = user.get(f"/logs?car={CAR}&from=2025-01-01&to=2025-02-01&q=DCM&show=act").text
    wanted = {"car": CAR, "dateFrom": "2025-01-01", "dateTo": "2025-02-01", "q": "DCM", "verdict": "act"}
    assert wanted.items() <= asked(api).items()
    assert f'<option value="{CAR}" selected>' in page, "kept until the names of the cars are there"
    table = re.search(r'href="/api/v1/analyses.csv\?([^"]*)"', page)
    assert table
    assert f"car={CAR}" in table[1]
    following = re.search(r'href="(/logs\?[^"]*page=2[^"]*)"', page)
    assert following
    assert f"car={CAR}" in following[1]
    assert f'data-car="{CAR}"' in page, "what a move is undone by"


def test_what_is_no_car_is_no_filter(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item())
    assert "car" not in asked_after(user, api, "/logs?car=Berlingo")
    assert "car" not in asked_after(user, api, "/logs?car=")
    page = user.get("/logs").text
    assert 'class="finder-car" data-car-filter hidden' in page, "one car needs no filter"


def asked_after(user: FlaskClient, api: FakeApi, path: str) -> dict[str, str]:
    assert user.get(path).status_code == 200
    return asked(api)


def test_a_car_that_is_gone_says_so(user: FlaskClient, api: FakeApi) -> None:
    page = user.get(f"/logs?car={CAR}")
    assert page.status_code == 400
    assert "This car no longer exists" in page.text
    assert f'<option value="{CAR}" selected>' in page.text


def test_a_car_without_such_logs_says_so(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing()
    assert "No logs found" in user.get(f"/logs?car={CAR}").text
