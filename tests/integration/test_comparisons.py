"""Before and after over HTTP: values as in the averages, what is refused, and nothing of others.

Analyses and averages are made by the real functions; the function `average` runs as a process of its own.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from faplog.contracts.comparison import COMPARED, Comparison, Value
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from functions.average.core import average
from standalone.servers import Servers
from tests.conftest import ROOT, free_port
from tests.integration.delivery import API, Rig, get, rig, work
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import Person, arrive
from tests.integration.test_cars import add, cars, change, drive, log, name, refusal

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def averaging(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionProcess]:
    """Yield the function `average`, with the secrets of the system."""
    names = {"FAPLOG_SECRETS_DIR": str(servers.secrets), "FAPLOG_FUNCTION_NAME": "average"}
    folder = tmp_path_factory.mktemp("average")
    with function_process(folder, ROOT, "functions.average.handler:create_app()", **names) as process:
        yield process


@pytest.fixture(scope="module")
def system(
    api_settings: Settings, averaging: FunctionProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    """Yield the app with a broker of its own and that function."""
    settings = api_settings.model_copy(update={"average_url": averaging.url})
    with rig(settings, tmp_path_factory.mktemp("nats")) as made:
        yield made


def note(person: Person, car: str, kind: str = "filter_cleaned", **more: Any) -> str:
    """Return a note of a car."""
    made: str = change(person, "POST", f"/cars/{car}/notes", 201, kind=kind, **more)["id"]
    return made


def around(person: Person, car: str, note_id: str) -> Comparison:
    """Return a car before and after."""
    return Comparison.model_validate(get(person, f"/cars/{car}/comparison", note=note_id))


def details(person: Person, ids: list[str]) -> list[dict[str, Any]]:
    """Return logs as an average takes them."""
    shown = [get(person, f"/analyses/{one}") for one in ids]
    return [{"analysisId": one["id"], "logDate": one["logDate"], "analysis": one["analysis"]} for one in shown]


def test_a_car_before_and_after_is_the_average_of_each_period(system: Rig, person: Person) -> None:
    early = [drive(system, person, day, 10_000 + 40 * day) for day in (0, 3, 5)]
    late = [drive(system, person, day, 10_000 + 40 * day) for day in (9, 12, 20, 22)]
    car = cars(person)[0]["id"]
    work(system)
    found = around(person, car, note(person, car, onDate="2025-01-14"))
    assert (found.before.logs, found.after.logs, found.enough) == (3, 4, True)
    assert (found.before.from_, found.after.to, found.date) == ("2025-01-06", "2025-01-28", "2025-01-14")
    sides = {"before": average(details(person, early)), "after": average(details(person, late))}
    for side, whole in sides.items():
        assert getattr(found, side).distance_km == whole.overall.distance_km
        dumped = whole.model_dump()
        for one in found.figures:
            if COMPARED[one.key].value is Value.AVERAGE and not one.key.startswith("regens_"):
                expected: Any = dumped
                for part in one.key.split("."):
                    expected = None if expected is None else expected[part]
                assert getattr(one, side) == expected, one.key
    assert any(one.key == "driving.speed.avg_kmh" for one in found.figures)
    additive = next(one for one in found.figures if one.key == "additive_ml")
    assert (additive.before, additive.after) == (895, 891)  # next to the work


def test_a_deleted_log_and_an_earlier_version_do_not_count(system: Rig, person: Person) -> None:
    add(system, person, log(0, 10_000, rows=40), name(0))
    add(system, person, log(0, 10_000, rows=80), name(0))
    gone = drive(system, person, 2, 10_080)
    drive(system, person, 9, 10_300)
    car = cars(person)[0]["id"]
    note_id = note(person, car, onDate="2025-01-12")
    assert around(person, car, note_id).before.logs == 2
    change(person, "DELETE", f"/analyses/{gone}", 204)
    found = around(person, car, note_id)
    assert (found.before.logs, found.after.logs, found.enough) == (1, 1, False)
    change(person, "POST", f"/analyses/{gone}/restore", 204)
    assert around(person, car, note_id).before.logs == 2


def test_two_logs_are_compared_by_an_api_token_too(system: Rig, person: Person) -> None:
    ids = [drive(system, person, day, 10_000 + 40 * day) for day in (0, 3, 5, 8, 9, 12, 14)]
    query = {"before": ids[0], "after": ids[-1]}
    found = Comparison.model_validate(get(person, "/comparison", **query))
    assert (found.before.logs, found.after.logs, found.kind, found.enough) == (1, 1, None, True)
    additive = next(one for one in found.figures if one.key == "additive_ml")
    assert (additive.before, additive.after, additive.change) == (900, 886, -14)
    # the other five logs show the scatter
    assert next(one for one in found.figures if one.key == "driving.speed.avg_kmh").scatter is not None
    token = change(person, "POST", "/account/tokens", 201, name="script", scopes=["read"])["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = system.app.test_client().get(f"{API}/comparison", query_string=query, headers=headers)
    assert answer.status_code == 200
    assert answer.get_json() == get(person, "/comparison", **query)


def test_what_cannot_be_compared_gets_a_sentence(system: Rig, person: Person) -> None:
    one, other = drive(system, person, 0, 10_000), drive(system, person, 3, 10_100)
    car = cars(person)[0]["id"]
    second = change(person, "POST", "/cars", 201, name="another")["id"]
    cleaned = note(person, car, onDate="2025-01-08")
    reminder = note(person, car, km=20_000)
    failed = person.call("POST", f"{API}/analyses", data={"file": (BytesIO(b"Date;Speed\n1;2\n"), "x.csv")})
    work(system)
    broken = failed.get_json()["ids"][0]
    cases = {
        f"/cars/{car}/comparison?note={reminder}": (409, "COMPARISON_NOTE_NOT_DONE"),
        f"/cars/{second}/comparison?note={cleaned}": (404, "NOTE_NOT_FOUND"),
        f"/cars/{car}/comparison?note={uuid4()}": (404, "NOTE_NOT_FOUND"),
        f"/cars/{uuid4()}/comparison?note={cleaned}": (404, "CAR_NOT_FOUND"),
        f"/cars/{car}/comparison": (400, "INVALID_INPUT"),
        f"/cars/{car}/comparison?note=7": (400, "INVALID_INPUT"),
        f"/comparison?before={one}&after={one}": (400, "COMPARISON_SAME_LOG"),
        f"/comparison?before={one}&after={uuid4()}": (404, "ANALYSIS_NOT_FOUND"),
        f"/comparison?before={one}&after={broken}": (409, "COMPARISON_LOG_WITHOUT_RESULT"),
        f"/comparison?before={one}": (400, "INVALID_INPUT"),
        f"/comparison?before={one}&after={other}&more=1": (400, "INVALID_INPUT"),
    }
    assert {path: refusal(person, "GET", path) for path in cases} == cases
    change(person, "DELETE", f"/analyses/{other}", 204)
    assert refusal(person, "GET", f"/comparison?before={one}&after={other}") == (404, "ANALYSIS_NOT_FOUND")
    stranger = arrive(system.app)
    for path in (f"/cars/{car}/comparison?note={cleaned}", f"/comparison?before={one}&after={other}"):
        assert refusal(stranger, "GET", path)[0] == 404


def test_without_logs_on_a_side_figures_are_null(system: Rig, person: Person) -> None:
    for day in (0, 1, 2):
        drive(system, person, day, 10_000 + day)
    car = cars(person)[0]["id"]
    found = around(person, car, note(person, car, onDate="2025-02-14"))
    assert (found.before.logs, found.after.logs, found.after.distance_km) == (3, 0, None)
    assert {one.after for one in found.figures} == {None}
    empty = change(person, "POST", "/cars", 201, name="new")["id"]
    found = around(person, empty, note(person, empty, onDate="2025-02-14"))
    assert (found.before.logs, found.after.logs, found.figures) == (0, 0, [])


def test_a_server_without_the_function_says_so(api_app: Flask) -> None:
    person = arrive(api_app)
    car = change(person, "POST", "/cars", 201, name="car")["id"]
    note_id = note(person, car, onDate="2025-01-14")
    assert refusal(person, "GET", f"/cars/{car}/comparison?note={note_id}") == (404, "COMPARISON_NOT_OFFERED")


def test_while_the_function_is_away_the_answer_is_to_come_back(api_settings: Settings) -> None:
    app = create_app(api_settings.model_copy(update={"average_url": f"http://127.0.0.1:{free_port()}"}))
    person = arrive(app)
    car = change(person, "POST", "/cars", 201, name="car")["id"]
    note_id = note(person, car, onDate="2025-01-14")
    assert refusal(person, "GET", f"/cars/{car}/comparison?note={note_id}") == (503, "UNAVAILABLE")
    assert person.call("GET", f"{API}/cars").status_code == 200
    services_of(app).database.close()
