"""Cars: found by their counters, asked about, named, merged, deleted and restored; averages are those of each car.

The logs are analysed and averaged by the real functions, on the real object store.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from psycopg import errors
from werkzeug.test import TestResponse

from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.messages import AnalysisRequest
from faplog.contracts.notes import MOST_KM, MOST_NOTES
from functions.analyse import job as analyse_job
from functions.api.cars.garage import MAX_CARS
from functions.api.cars.notes import has_begun
from functions.average import job as average_job
from tests.integration.delivery import API, Rig, get, work, zipped
from tests.integration.people import Person, arrive
from tests.unit.analyse.handmade import Cells, csv_log

SHARED = Path(__file__).parents[3] / "shared"
CASES = SHARED / "cases"
START = date(2025, 1, 6)

with_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not part of the repository: no {CASES}")


def log(day: int, life_km: float | None, *, additive_ml: float = 1260, rows: int = 60, hour: float = 8) -> bytes:
    """Return a log of so many rows, so many days after the first one."""
    columns: dict[str, Cells] = {
        "Speed": [20 + (day + row) % 60 for row in range(rows)],
        "Revs": [1500 + row for row in range(rows)],
        "FAPAdditiveVol": [additive_ml] * rows,
        "FAPAdditiveRemain": [900 - day] * rows,
    }
    if life_km is not None:
        columns["FAP life"] = [int(life_km)] * rows
    return csv_log(columns, start=hour * 3600, date=f"{START + timedelta(days=day):%Y.%m.%d}")


def name(day: int, profile: str = "DCM62v2") -> str:
    return f"{profile}_{START + timedelta(days=day):%Y%m%d}.csv"


def post(
    person: Person, content: bytes, file_name: str, car: str | None = None, path: str = "/analyses"
) -> TestResponse:
    """Upload a file, for a car if one is named."""
    fields = {} if car is None else {"car": car}
    return person.call("POST", API + path, data={**fields, "file": (BytesIO(content), file_name)})


def add(system: Rig, person: Person, content: bytes, file_name: str, car: str | None = None) -> str:
    """Upload a log, let it be analysed and averaged, and return its id."""
    response = post(person, content, file_name, car)
    assert response.status_code == 202, response.text
    work(system)
    (analysis_id,) = response.get_json()["ids"]
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"
    return str(analysis_id)


def drive(system: Rig, person: Person, day: int, life_km: float | None, **more: Any) -> str:
    """Return a log of this day with this counter."""
    return add(system, person, log(day, life_km, **more), name(day))


def cars(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(person, "/cars")["data"]
    return found


def logs_of(person: Person, car: str) -> set[str]:
    return {one["id"] for one in get(person, "/analyses", car=car, limit=100)["data"]}


def by_car(person: Person) -> dict[str, set[str]]:
    return {car["id"]: logs_of(person, car["id"]) for car in cars(person)}


def car_of(person: Person, analysis_id: str) -> str:
    found: str = get(person, f"/analyses/{analysis_id}")["carId"]
    return found


def check_averages(person: Person) -> None:
    """Check that each period of a car's logs has an average, and that `functions.average` gives the same."""
    for car in cars(person):
        rows = get(person, "/analyses", car=car["id"], superseded="false", limit=100)["data"]
        details = [get(person, f"/analyses/{row['id']}") for row in rows]
        notes = [note for note in get(person, f"/cars/{car['id']}/notes")["data"] if note["done"]]
        dated: dict[tuple[int | None, int | None], list[dict[str, Any]]] = defaultdict(list)
        for one in details:
            year, month = int(one["logDate"][:4]), int(one["logDate"][5:7])
            for period in ((None, None), (year, None), (year, month)):
                dated[period].append(one)
        periods = get(person, "/average/available", car=car["id"])
        assert {(one["year"], one["month"]) for one in periods} == dated.keys()
        for (of_year, of_month), members in dated.items():
            kind = "OVERALL" if of_year is None else "YEARLY" if of_month is None else "MONTHLY"
            named = {key: value for key, value in {"year": of_year, "month": of_month}.items() if value is not None}
            found = get(person, "/average", car=car["id"], type=kind, **named)
            assert found["status"] == "SUCCESS"
            assert found["average"] == orjson.loads(orjson.dumps(expected(members, notes, {"type": kind, **named})))


def expected(
    details: Sequence[dict[str, Any]], notes: Sequence[dict[str, Any]], period: Mapping[str, Any] | None = None
) -> Any:
    """Return what the function makes of these analyses, as a period of the car: later notes do not count in it."""
    items = [
        {"analysisId": one["id"], "logDate": one["logDate"], "distance": one["distance"], "analysis": one["analysis"]}
        for one in details
    ]
    data = {"userId": str(uuid4()), "analysisSha": "0" * 64, "analysis": items, **(period or {})}
    if notes:
        data["notes"] = [{key: note[key] for key in ("kind", "onDate", "km")} for note in notes]
    message = average_job.Request.model_validate({"pattern": "average.request", "data": data})
    return average_job.answer(message, _NoStore()).average


class _NoStore:
    """The average of a few logs needs no object store."""

    def read(self, key: str) -> Iterator[bytes] | None:
        raise AssertionError(key)

    def put(self, key: str, content: bytes) -> None:
        raise AssertionError(key)


def change(person: Person, method: str, path: str, status: int = 200, **body: Any) -> Any:
    """Call a route that changes something, and return its JSON."""
    response = person.call(method, API + path, json=body) if body else person.call(method, API + path)
    assert response.status_code == status, response.text
    return response.get_json() if response.data else None


def refusal(person: Person, method: str, path: str, **body: Any) -> tuple[int, str]:
    """Status and code of a refused call, which has a sentence."""
    response = person.call(method, API + path, json=body) if body else person.call(method, API + path)
    said = response.get_json()
    assert said["message"]
    return response.status_code, said["code"]


# One account, one car


def test_the_first_car_is_there_without_setup_and_not_guessed(system: Rig, person: Person) -> None:
    assert cars(person) == []
    first, second = drive(system, person, 0, 10_000), drive(system, person, 3, 10_100)
    (car,) = cars(person)
    assert (car["guessed"], car["question"], car["name"], car["profile"]) == (False, None, None, "DCM62v2")
    assert (car["logs"], car["lifeKm"], car["lastLogId"], car["dueNotes"]) == (2, 10_100, second, [])
    assert (car["firstLog"][:10], car["lastLog"][:10]) == ("2025-01-06", "2025-01-09")
    assert {car_of(person, first), car_of(person, second)} == {car["id"]}
    check_averages(person)


def test_a_log_says_whether_the_filter_of_its_car_is_getting_worse(system: Rig, person: Person) -> None:
    logs = [drive(system, person, day, 10_000 + 100 * day) for day in range(3)]
    course = get(person, "/average", type="OVERALL")["average"]["course"]
    assert course["direction"] == "unknown"
    assert [get(person, f"/analyses/{one}")["filterCourse"] for one in logs] == [course] * 3
    token = person.call("POST", f"{API}/analyses/{logs[0]}/share").get_json()["token"]
    assert "filterCourse" not in get(person, f"/shared/{token}"), "a link shows nothing of other logs"


def test_a_client_that_knows_no_cars_sees_what_it_saw(system: Rig, person: Person) -> None:
    """Fields of 0.1 of the routes that are fed by cars now, and bare lists."""
    drive(system, person, 0, 10_000)
    drive(system, person, 40, 11_000)
    periods = get(person, "/average/available")
    assert periods == [
        {"type": "OVERALL", "year": None, "month": None, "status": "SUCCESS"},
        {"type": "YEARLY", "year": 2025, "month": None, "status": "SUCCESS"},
        {"type": "MONTHLY", "year": 2025, "month": 2, "status": "SUCCESS"},
        {"type": "MONTHLY", "year": 2025, "month": 1, "status": "SUCCESS"},
    ]
    assert get(person, "/average")["average"]["overall"]["logs"] == 2
    assert get(person, "/average", type="MONTHLY", year=2025, month=1)["average"]["overall"]["logs"] == 1
    (request,) = _requests_for_one_more(system, person)
    assert set(request["data"]) >= {"userId", "analysisSha", "analysis", "type", "generation", "carId"}
    answered = average_job.answer(average_job.Request.model_validate(request), system.blobs)
    without_car = orjson.loads(answered.to_json())
    del without_car["carId"]
    system.averaged(without_car)
    assert get(person, "/average")["status"] == "SUCCESS"
    assert get(person, "/average")["average"]["overall"]["logs"] == 3


def _requests_for_one_more(system: Rig, person: Person) -> list[dict[str, Any]]:
    """Return the request for the overall average after another log; the others are answered."""
    post(person, log(41, 11_010), name(41))
    for message in system.take("analysis.request"):
        result = analyse_job.answer(AnalysisRequest.model_validate(message), system.blobs)
        system.analysed(orjson.loads(result.to_json()))
    return [message for message in system.take("average.request") if message["data"]["type"] == "OVERALL"]


# Two cars with the same control unit


UNTIDY = "mixed", "backwards", "one by one"
MIXED = [(0, 10_000), (1, 154_000), (3, 10_120), (4, 154_200), (9, 10_400), (40, 156_000)]


@pytest.mark.parametrize("order", [MIXED, MIXED[::-1], MIXED[::2] + MIXED[1::2]], ids=UNTIDY)
def test_two_cars_with_the_same_profile_are_found(system: Rig, person: Person, order: list[tuple[int, float]]) -> None:
    ids = {life_km: drive(system, person, day, life_km) for day, life_km in order}
    small = {ids[life_km] for _, life_km in MIXED if life_km < 100_000}
    assert {frozenset(logs) for logs in by_car(person).values()} == {
        frozenset(small),
        frozenset({*ids.values()} - small),
    }
    assert [car["question"] for car in cars(person) if not car["guessed"]] == [None]
    assert [car["guessed"] for car in cars(person)].count(True) == 1
    check_averages(person)
    newest = car_of(person, ids[156_000])
    assert get(person, "/average") == get(person, "/average", car=newest)
    assert get(person, "/average/available") == get(person, "/average/available", car=newest)


def test_the_average_shown_without_a_car_does_not_disappear_while_a_new_one_is_calculated(
    system: Rig, person: Person
) -> None:
    small = car_of(person, drive(system, person, 0, 10_000))
    assert get(person, "/average")["carId"] == small
    before = get(person, "/average")
    post(person, log(1, 154_000), name(1))
    for message in system.take("analysis.request"):
        result = analyse_job.answer(AnalysisRequest.model_validate(message), system.blobs)
        system.analysed(orjson.loads(result.to_json()))
    assert len(cars(person)) == 2
    assert get(person, "/average") == before
    work(system)
    assert get(person, "/average")["carId"] != small


def test_two_cars_in_one_zip(system: Rig, person: Person) -> None:
    content = zipped({name(day): log(day, life_km) for day, life_km in MIXED})
    assert post(person, content, "logs.zip").status_code == 202
    work(system)
    assert sorted(len(logs) for logs in by_car(person).values()) == [3, 3]
    check_averages(person)


def test_averages_follow_a_moved_log_a_merge_a_deletion_and_a_restoration(system: Rig, person: Person) -> None:
    ids = {life_km: drive(system, person, day, life_km) for day, life_km in MIXED}
    small, large = car_of(person, ids[10_000]), car_of(person, ids[154_000])

    moved = change(person, "PATCH", f"/analyses/{ids[154_200]}", car=small)
    assert moved == {"id": ids[154_200], "fileName": name(4), "carId": small, "note": None}
    work(system)
    assert {car: len(logs) for car, logs in by_car(person).items()} == {small: 4, large: 2}
    check_averages(person)
    drive(system, person, 5, 154_260)  # the moved log does not draw others after it
    assert {car: len(logs) for car, logs in by_car(person).items()} == {small: 4, large: 3}

    change(person, "DELETE", f"/cars/{small}", 204)
    work(system)
    assert list(by_car(person)) == [large]
    assert get(person, "/analyses")["pagination"]["totalItems"] == 3
    assert refusal(person, "GET", f"/average?car={small}") == (404, "CAR_NOT_FOUND")
    (deleted,) = get(person, "/cars/deleted")["data"]
    assert (deleted["id"], deleted["logs"]) == (small, 4)
    check_averages(person)

    change(person, "POST", f"/cars/{small}/restore", 204)
    work(system)
    assert {car: len(logs) for car, logs in by_car(person).items()} == {small: 4, large: 3}
    check_averages(person)

    merged = change(person, "POST", f"/cars/{large}/merge", into=small)
    work(system)
    assert (merged["id"], merged["logs"]) == (small, 7)
    assert [len(logs) for logs in by_car(person).values()] == [7]
    check_averages(person)
    drive(system, person, 41, 156_050)
    assert [len(logs) for logs in by_car(person).values()] == [8]


NEAR = [(day, begun_km + 45 * day) for day in range(4) for begun_km in (12_700, 13_400)]
RANDOM = [NEAR[place] for place in (4, 3, 0, 7, 2, 5, 6, 1)]


@pytest.mark.parametrize("order", [NEAR, NEAR[::-1], NEAR[::2] + NEAR[1::2], RANDOM], ids=[*UNTIDY, "at random"])
def test_cars_whose_counters_are_near_do_not_share_logs(
    system: Rig, person: Person, order: list[tuple[int, float]]
) -> None:
    """The counter of the one car could have risen to that of the other one."""
    ids = {(day, life_km): drive(system, person, day, life_km, hour=6 + life_km / 5000) for day, life_km in order}
    first = {ids[place] for place in NEAR[::2]}
    assert {frozenset(logs) for logs in by_car(person).values()} == {
        frozenset(first),
        frozenset({*ids.values()} - first),
    }
    check_averages(person)


@with_cases
@pytest.mark.parametrize("first", [True, False], ids=["original first", "second car first"])
def test_the_case_of_the_second_car(system: Rig, person: Person, first: bool) -> None:
    (second,) = (CASES / "07_second_car").glob("*.csv")
    original = SHARED / "logs" / "DCM62v2_20250203.csv"
    for path in (original, second) if first else (second, original):
        add(system, person, path.read_bytes(), path.name)
    assert sorted(car["lifeKm"] for car in cars(person)) == [10_765, 154_300]
    assert [len(logs) for logs in by_car(person).values()] == [1, 1]
    check_averages(person)
    assert get(person, "/average")["average"]["overall"]["distance_km"] == pytest.approx(3.78, abs=0.05)


def test_other_profiles_are_other_cars(system: Rig, person: Person) -> None:
    first = add(system, person, log(0, 10_000), name(0))
    second = add(system, person, log(1, 10_050), name(1, "EDC17"))
    unnamed = add(system, person, log(2, 10_100), "holiday.csv")
    assert car_of(person, first) != car_of(person, second)
    assert car_of(person, unnamed) == car_of(person, second)  # the nearest counter
    assert {car["profile"] for car in cars(person)} == {"DCM62v2", "EDC17"}
    check_averages(person)


def test_versions_of_a_file_are_of_the_same_car(system: Rig, person: Person) -> None:
    noon = add(system, person, log(0, 10_000, rows=40), name(0))
    other = change(person, "POST", "/cars", 201, name="Another")["id"]
    evening = add(system, person, log(0, 10_000, rows=80), name(0), other)
    assert get(person, f"/analyses/{noon}")["supersededBy"]["id"] == evening
    assert {car_of(person, noon), car_of(person, evening)} == {other}
    check_averages(person)
    first = next(car["id"] for car in cars(person) if car["id"] != other)
    change(person, "PATCH", f"/analyses/{noon}", car=first)
    work(system)
    assert {car_of(person, noon), car_of(person, evening)} == {first}
    check_averages(person)


def test_a_log_analysed_again_keeps_its_car(system: Rig, person: Person) -> None:
    ids = {life_km: drive(system, person, day, life_km) for day, life_km in MIXED[:4]}
    before = by_car(person)
    system.sql("UPDATE fap_analysis SET status = 'Processing', attempt = 2 WHERE user_id = %s", person.id)
    assert get(person, "/average")["average"] is not None  # no average disappears meanwhile
    for life_km in (154_200, 10_000, 154_000, 10_120):
        data = {"fileName": ids[life_km], "attempt": 2, "version": ANALYSIS_VERSION, "profile": "DCM62v2"}
        message = AnalysisRequest.model_validate({"pattern": "analysis.request", "data": data})
        system.analysed(orjson.loads(analyse_job.answer(message, system.blobs).to_json()))
    work(system)
    assert by_car(person) == before
    check_averages(person)


# After an upgrade


def put_into_one_car(system: Rig, person: Person) -> None:
    """Undo all decisions: as the migration does, all logs of the user are in one unsorted car."""
    (kept, *others) = (UUID(car["id"]) for car in cars(person))
    system.sql("UPDATE fap_analysis SET car_id = %s WHERE user_id = %s", kept, person.id)
    system.sql("DELETE FROM car WHERE id = ANY(%s)", others)
    system.sql("UPDATE car SET unsorted = true, profile = NULL, guessed = false WHERE id = %s", kept)


def test_reconcile_distributes_the_logs_of_an_upgraded_database(system: Rig, person: Person) -> None:
    for day, life_km in MIXED:
        drive(system, person, day, life_km)
    put_into_one_car(system, person)
    shown = get(person, "/average")["average"]
    system.reconcile()
    assert sorted(len(logs) for logs in by_car(person).values()) == [3, 3]
    assert {car["profile"] for car in cars(person)} == {"DCM62v2"}
    assert get(person, "/average")["average"] == shown  # until the new ones are calculated
    work(system)
    check_averages(person)


def test_a_log_that_arrives_before_reconcile_distributes_them_too(system: Rig, person: Person) -> None:
    for day, life_km in MIXED:
        drive(system, person, day, life_km)
    put_into_one_car(system, person)
    drive(system, person, 41, 156_050)
    assert sorted(len(logs) for logs in by_car(person).values()) == [3, 4]
    check_averages(person)


def test_a_log_that_could_not_be_analysed_has_no_car(system: Rig, person: Person) -> None:
    """Also not after logs were distributed anew: it would count among those whose car was guessed."""
    dateless = log(3, None).replace(b"2025.01.09", b"yesterday!")
    (failed,) = post(person, dateless, name(3)).get_json()["ids"]
    work(system)
    drive(system, person, 1, 80_000)
    drive(system, person, 2, 20_000)
    found = get(person, f"/analyses/{failed}")
    assert (found["status"], found["carId"], found["carGuessed"]) == ("Failed", None, False)
    assert sorted((car["logs"], car["guessedLogs"]) for car in cars(person)) == [(1, 0), (1, 0)]


def test_drives_of_two_cars_at_the_same_time_do_not_overlap(system: Rig, person: Person) -> None:
    one, other = (drive(system, person, 1, life_km) for life_km in (80_000, 20_000))
    assert get(person, f"/analyses/{one}")["carId"] != get(person, f"/analyses/{other}")["carId"]
    assert [get(person, f"/analyses/{log_id}")["overlaps"] for log_id in (one, other)] == [[], []]


def test_reconcile_finds_the_car_of_a_log_that_has_none(system: Rig, person: Person) -> None:
    """As the API of the release before leaves one during an upgrade."""
    ids = {life_km: drive(system, person, day, life_km) for day, life_km in MIXED}
    before = by_car(person)
    system.sql("UPDATE fap_analysis SET car_id = NULL WHERE id = %s", UUID(ids[10_120]))
    system.reconcile()
    work(system)
    assert by_car(person) == before
    check_averages(person)


# A filter replaced on the only car


def replaced(system: Rig, person: Person, order: Sequence[int]) -> dict[int, str]:
    """Return three logs with the old filter and three with a new one, uploaded in an order."""
    lives = [90_000, 90_200, 90_500, 20, 150, 400]
    return {index: drive(system, person, index * 4, lives[index]) for index in order}


ORDERS = [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 4, 1, 5, 2), (0, 5, 4, 1, 2, 3)]


@pytest.mark.parametrize("order", ORDERS)
def test_a_new_filter_is_asked_about_once_and_written_down(system: Rig, person: Person, order: Sequence[int]) -> None:
    ids = replaced(system, person, order)
    asked = [car for car in cars(person) if car["question"]]
    assert len(cars(person)) == 2
    (guessed,) = asked
    other = next(car["id"] for car in cars(person) if car["id"] != guessed["id"])
    assert guessed["guessed"]
    on_date = (START + timedelta(days=12)).isoformat()
    asked_about = {"otherCar": other, "counter": "life", "before": 90_500, "after": 20, "onDate": on_date}
    assert guessed["question"] == asked_about
    check_averages(person)

    said = change(person, "POST", f"/cars/{guessed['id']}/answer", answer="maintenance")
    work(system)
    assert (said["id"], said["logs"], said["question"]) == (other, 6, None)
    assert by_car(person) == {other: set(ids.values())}
    (note,) = get(person, f"/cars/{other}/notes")["data"]
    assert (note["kind"], note["onDate"], note["done"]) == ("filter_replaced", on_date, True)
    check_averages(person)
    assert refusal(person, "POST", f"/cars/{other}/answer", answer="maintenance") == (409, "CAR_WITHOUT_QUESTION")

    drive(system, person, 24, 600)
    drive(system, person, 7, 90_400)
    assert [(car["id"], car["logs"]) for car in cars(person)] == [(other, 8)]
    check_averages(person)


@pytest.mark.parametrize("order", ORDERS)
def test_another_car_with_a_lower_counter_stays_another_car(system: Rig, person: Person, order: Sequence[int]) -> None:
    ids = replaced(system, person, order)
    before = by_car(person)
    (guessed,) = (car["id"] for car in cars(person) if car["question"])
    said = change(person, "POST", f"/cars/{guessed}/answer", answer="another_car")
    work(system)
    assert (said["id"], said["guessed"], said["question"]) == (guessed, False, None)
    assert by_car(person) == before
    assert sorted(map(len, before.values())) == [3, 3]
    drive(system, person, 24, 600)
    drive(system, person, 25, 90_900)
    assert sorted(len(logs) for logs in by_car(person).values()) == [4, 4]
    assert [car["question"] for car in cars(person)] == [None, None]
    assert car_of(person, ids[0]) != car_of(person, ids[5])
    check_averages(person)


def test_the_kind_and_the_date_of_the_maintenance_can_be_said(system: Rig, person: Person) -> None:
    replaced(system, person, ORDERS[0])
    (guessed,) = (car["id"] for car in cars(person) if car["question"])
    path = f"/cars/{guessed}/answer"
    for day in ("3000-01-01", "1900-01-01"):
        assert refusal(person, "POST", path, answer="maintenance", onDate=day) == (400, "NOTE_DATE_OUT_OF_RANGE")
    on_date = (START + timedelta(days=10)).isoformat()
    car = change(person, "POST", path, answer="maintenance", kind="filter_cleaned", onDate=on_date)["id"]
    (note,) = get(person, f"/cars/{car}/notes")["data"]
    assert (note["kind"], note["onDate"]) == ("filter_cleaned", on_date)


def test_a_filter_that_was_written_down_before_is_not_asked_about(system: Rig, person: Person) -> None:
    drive(system, person, 0, 90_000)
    (car,) = cars(person)
    change(person, "POST", f"/cars/{car['id']}/notes", 201, kind="filter_replaced", onDate="2025-01-08")
    drive(system, person, 4, 20)
    assert [(car["logs"], car["question"]) for car in cars(person)] == [(2, None)]
    check_averages(person)


def test_additive_that_fell_asks_about_a_refill(system: Rig, person: Person) -> None:
    drive(system, person, 0, 90_000, additive_ml=1260)
    drive(system, person, 2, 90_050, additive_ml=900)
    (guessed,) = (car for car in cars(person) if car["question"])
    assert guessed["question"]["counter"] == "additive"
    car = change(person, "POST", f"/cars/{guessed['id']}/answer", answer="maintenance")["id"]
    assert [note["kind"] for note in get(person, f"/cars/{car}/notes")["data"]] == ["additive_refilled"]
    work(system)
    check_averages(person)


def test_a_question_about_a_merged_or_deleted_car_is_moot(system: Rig, person: Person) -> None:
    replaced(system, person, ORDERS[0])
    third = change(person, "POST", "/cars", 201, name="Third")["id"]
    (guessed,) = (car for car in cars(person) if car["question"])
    change(person, "POST", f"/cars/{guessed['question']['otherCar']}/merge", into=third)
    (again,) = (car for car in cars(person) if car["question"])
    assert again["question"]["otherCar"] == third
    change(person, "DELETE", f"/cars/{third}", 204)
    assert [car["question"] for car in cars(person)] == [None]
    change(person, "POST", f"/cars/{third}/restore", 204)
    change(person, "POST", f"/cars/{third}/merge", into=guessed["id"])
    assert [car["question"] for car in cars(person)] == [None]


# Said by the owner


def test_the_car_named_at_the_upload_counts_whatever_the_counters_say(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    other = change(person, "POST", "/cars", 201, name="Second")["id"]
    named = add(system, person, log(1, 10_020), name(1), other)
    assert logs_of(person, other) == {named}
    response = post(person, zipped({name(day): log(day, 10_000 + day) for day in (2, 3)}), "logs.zip", other)
    assert response.status_code == 202
    short = post(person, log(4, 10_004), name(4), other, "/analyse")
    assert short.status_code == 202
    work(system)
    assert len(logs_of(person, other)) == 4
    check_averages(person)
    first = next(car["id"] for car in cars(person) if car["id"] != other)
    assert add(system, person, log(1, 10_020), name(1), first) == named
    assert car_of(person, named) == first
    check_averages(person)


def uncounted(day: int, *, hour: float = 10, mean_km: int | None = None) -> bytes:
    """Return a log without the counters of filter and additive."""
    columns: dict[str, Cells] = {"Speed": [30 + row % 50 for row in range(60)], "Revs": [1600] * 60}
    if mean_km is not None:
        columns["Avg10regen"] = [mean_km] * 60
    return csv_log(columns, start=hour * 3600, date=f"{START + timedelta(days=day):%Y.%m.%d}")


def test_the_car_of_a_log_without_counters_is_guessed_and_said_to_be(system: Rig, person: Person) -> None:
    first = drive(system, person, 0, 10_000)
    alone = add(system, person, uncounted(0), name(0))
    assert get(person, f"/analyses/{alone}")["carGuessed"] is False, "there is only one car"
    second = drive(system, person, 1, 154_000)
    assert get(person, f"/analyses/{alone}")["carGuessed"] is True, "another car has been found"
    log = add(system, person, uncounted(1), name(1))
    assert car_of(person, log) == car_of(person, second)
    assert {one["id"] for one in get(person, "/analyses", carGuessed="true")["data"]} == {alone, log}
    assert {one["id"] for one in get(person, "/analyses")["data"] if one["carGuessed"]} == {alone, log}
    assert {car["id"]: car["guessedLogs"] for car in cars(person)} == dict.fromkeys(by_car(person), 1)
    change(person, "PATCH", f"/analyses/{log}", car=car_of(person, second))
    change(person, "PATCH", f"/analyses/{alone}", car=car_of(person, second))
    work(system)
    assert get(person, "/analyses", carGuessed="true")["data"] == []
    assert by_car(person) == {car_of(person, first): {first}, car_of(person, second): {second, alone, log}}
    check_averages(person)


def test_the_mean_distance_of_regenerations_finds_the_car_of_a_log_without_counters(
    system: Rig, person: Person
) -> None:
    def counted(day: int, life_km: int, mean_km: int, hour: float) -> str:
        columns: dict[str, Cells] = {"Revs": [1600] * 60, "FAP life": [life_km] * 60, "Avg10regen": [mean_km] * 60}
        content = csv_log(columns, start=hour * 3600, date=f"{START + timedelta(days=day):%Y.%m.%d}")
        return add(system, person, content, name(day))

    first, second = counted(0, 10_000, 610, 8), counted(0, 154_000, 880, 9.9)
    near, far = (
        add(system, person, uncounted(0, mean_km=mean, hour=hour), name(0)) for mean, hour in ((885, 8.1), (605, 10))
    )
    assert by_car(person) == {car_of(person, first): {first, far}, car_of(person, second): {second, near}}
    assert get(person, "/analyses", carGuessed="true")["data"] == []


def test_with_one_car_left_no_log_is_a_guess(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    log = add(system, person, uncounted(0), name(0))
    assert get(person, f"/analyses/{log}")["carGuessed"] is True
    change(person, "DELETE", f"/cars/{car_of(person, second)}", 204)
    assert get(person, f"/analyses/{log}")["carGuessed"] is False
    assert [car["guessedLogs"] for car in cars(person)] == [0]
    assert car_of(person, log) == car_of(person, first)


def test_a_car_without_logs_gets_the_log_that_fits_no_other(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    other = change(person, "POST", "/cars", 201, name="Second")["id"]
    assert car_of(person, drive(system, person, 1, 154_000)) == other
    assert [car["guessed"] for car in cars(person)] == [False, False]


def test_a_guessed_car_that_loses_its_last_log_is_gone(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    change(person, "PATCH", f"/analyses/{second}", car=car_of(person, first))
    work(system)
    assert [car["logs"] for car in cars(person)] == [2]
    check_averages(person)


def test_a_move_away_from_a_guessed_car_can_be_undone_for_an_hour(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    before = by_car(person)
    old, new = car_of(person, second), car_of(person, first)
    change(person, "PATCH", f"/analyses/{second}", car=new)
    system.reconcile()
    assert by_car(person) == {new: {first, second}}
    assert get(person, "/cars/deleted")["data"] == [], "there is nothing that a restoration would bring back"
    change(person, "PATCH", f"/analyses/{second}", car=old)
    work(system)
    assert by_car(person) == before
    check_averages(person)

    change(person, "PATCH", f"/analyses/{second}", car=new)
    system.sql("UPDATE car SET deleted_at = now() - interval '61 minutes' WHERE id = %s", UUID(old))
    assert refusal(person, "PATCH", f"/analyses/{second}", car=old) == (404, "CAR_NOT_FOUND")
    assert by_car(person) == {new: {first, second}}
    system.reconcile()
    assert refusal(person, "PATCH", f"/analyses/{second}", car=old) == (404, "CAR_NOT_FOUND")


def test_a_log_is_not_moved_to_a_car_that_was_deleted_with_its_logs(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    other = car_of(person, second)
    change(person, "DELETE", f"/cars/{other}", 204)
    assert refusal(person, "PATCH", f"/analyses/{first}", car=other) == (404, "CAR_NOT_FOUND")
    assert [car["logs"] for car in cars(person)] == [1]


def test_a_guessed_car_whose_last_log_is_deleted_is_gone_after_the_hour(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    change(person, "DELETE", f"/analyses/{second}", 204)
    system.reconcile()
    assert [car["logs"] for car in cars(person)] == [1, 0]  # until the log cannot be restored any more
    system.sql("UPDATE fap_analysis SET deleted_at = now() - interval '61 minutes' WHERE id = %s", UUID(second))
    system.reconcile()
    assert by_car(person) == {car_of(person, first): {first}}


def test_a_car_is_named_and_confirmed(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    drive(system, person, 1, 154_000)
    (guessed,) = (car["id"] for car in cars(person) if car["guessed"])
    assert change(person, "PATCH", f"/cars/{guessed}", guessed=False)["guessed"] is False
    assert change(person, "PATCH", f"/cars/{guessed}", name="  Mamas Auto ")["name"] == "Mamas Auto"
    assert change(person, "PATCH", f"/cars/{guessed}", name=None)["name"] is None
    for bad in ("", "   ", "x" * 61, "a\x00b", 3):
        assert refusal(person, "PATCH", f"/cars/{guessed}", name=bad) == (400, "INVALID_INPUT")
    assert refusal(person, "PATCH", f"/cars/{guessed}", guessed=True) == (400, "INVALID_INPUT")
    assert refusal(person, "PATCH", f"/cars/{guessed}", colour="red") == (400, "INVALID_INPUT")


def test_a_note_on_a_log(system: Rig, person: Person) -> None:
    analysis_id = drive(system, person, 0, 10_000)
    assert change(person, "PATCH", f"/analyses/{analysis_id}", note="Trailer")["note"] == "Trailer"
    assert [one["note"] for one in get(person, "/analyses")["data"]] == ["Trailer"]
    car = car_of(person, analysis_id)
    change(person, "PATCH", f"/analyses/{analysis_id}", car=car)
    assert get(person, f"/analyses/{analysis_id}")["note"] == "Trailer"
    assert refusal(person, "PATCH", f"/analyses/{analysis_id}", note="x" * 1001) == (400, "INVALID_INPUT")
    assert change(person, "PATCH", f"/analyses/{analysis_id}", note="")["note"] is None


# Notes and reminders


def test_notes_are_listed_changed_and_deleted(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    (car,) = cars(person)
    path = f"/cars/{car['id']}/notes"
    done = change(person, "POST", path, 201, kind="oil_changed", onDate="2025-01-05", km=9_990, text="5W-30")
    assert (done["done"], done["due"], done["carId"], done["km"]) == (True, False, car["id"], 9_990)
    work(system)
    check_averages(person)
    (request,) = _requests_for_one_more(system, person)
    assert request["data"]["notes"] == [{"kind": "oil_changed", "onDate": "2025-01-05", "km": 9_990}]
    changed = change(person, "PATCH", f"/notes/{done['id']}", text="0W-30", km=None)
    assert (changed["text"], changed["km"], changed["onDate"]) == ("0W-30", None, "2025-01-05")
    change(person, "DELETE", f"/notes/{done['id']}", 204)
    assert get(person, path)["data"] == []
    assert refusal(person, "DELETE", f"/notes/{done['id']}") == (404, "NOTE_NOT_FOUND")


def test_a_note_makes_the_averages_anew_and_its_text_does_not(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    (car,) = cars(person)
    note = change(person, "POST", f"/cars/{car['id']}/notes", 201, kind="egr", onDate="2025-01-05")
    assert {one["data"]["type"] for one in system.waiting("average.request")} == {"OVERALL", "YEARLY", "MONTHLY"}
    work(system)
    change(person, "PATCH", f"/notes/{note['id']}", text="new")
    assert system.waiting("average.request") == []
    change(person, "POST", f"/cars/{car['id']}/notes", 201, kind="egr", km=99_000)  # a reminder resets nothing
    assert system.waiting("average.request") == []
    change(person, "DELETE", f"/notes/{note['id']}", 204)
    assert len(system.waiting("average.request")) == 3
    work(system)
    check_averages(person)


def test_a_log_that_is_analysed_again_and_fails_a_try_stays_in_the_averages(system: Rig, person: Person) -> None:
    log_id = drive(system, person, 0, 10_000)
    (car,) = cars(person)
    work(system)
    averages = get(person, "/average", car=car["id"])
    again = "UPDATE fap_analysis SET status = 'Processing', delayed = true WHERE id = %s RETURNING id"
    assert system.sql(again, UUID(str(log_id)))
    change(person, "POST", f"/cars/{car['id']}/notes", 201, kind="egr", onDate="2025-01-05")
    assert system.waiting("average.request") == []
    assert get(person, "/average", car=car["id"]) == averages


def test_reminders_become_due_by_date_and_by_kilometres(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    (car,) = cars(person)
    path = f"/cars/{car['id']}/notes"
    today = datetime.now(UTC).date()
    by_km = change(person, "POST", path, 201, kind="oil_changed", km=10_500)
    by_date = change(
        person, "POST", path, 201, kind="other", onDate=(today + timedelta(days=30)).isoformat(), text="MOT"
    )
    assert [(one["done"], one["due"]) for one in (by_km, by_date)] == [(False, False)] * 2
    assert cars(person)[0]["dueNotes"] == []
    drive(system, person, 9, 10_600)
    assert [one["id"] for one in cars(person)[0]["dueNotes"]] == [by_km["id"]]
    system.sql("UPDATE note SET on_date = %s WHERE id = %s", today, UUID(by_date["id"]))  # its day has come
    assert {one["id"] for one in get(person, f"/cars/{car['id']}")["dueNotes"]} == {by_km["id"], by_date["id"]}
    assert [one["due"] for one in get(person, path)["data"]] == [True, True]

    done = change(person, "PATCH", f"/notes/{by_km['id']}", done=True)
    assert (done["done"], done["due"], done["onDate"]) == (True, False, today.isoformat())
    done = change(person, "PATCH", f"/notes/{by_date['id']}", done=True, onDate="2025-01-10")
    assert (done["done"], done["onDate"]) == (True, "2025-01-10")
    assert cars(person)[0]["dueNotes"] == []
    again = change(person, "PATCH", f"/notes/{by_date['id']}", onDate=(today + timedelta(days=400)).isoformat())
    assert again["done"] is False
    work(system)
    check_averages(person)


def test_a_reminder_stays_one_until_it_is_done(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    (car,) = cars(person)
    path = f"/cars/{car['id']}/notes"
    today = datetime.now(UTC).date()
    tomorrow = (today + timedelta(days=1)).isoformat()
    reminder = change(person, "POST", path, 201, kind="filter_cleaned", onDate=tomorrow)
    assert reminder["done"] is False
    system.sql("UPDATE note SET on_date = %s WHERE id = %s", today, UUID(reminder["id"]))  # its day has come
    as_shown: dict[str, Any] = {"kind": "filter_cleaned", "onDate": today.isoformat(), "km": None}
    changed = change(person, "PATCH", f"/notes/{reminder['id']}", **as_shown, text="Garage Martin")
    assert (changed["done"], changed["due"], changed["text"]) == (False, True, "Garage Martin")
    changed = change(person, "PATCH", f"/notes/{reminder['id']}", onDate=tomorrow)
    assert (changed["done"], changed["due"]) == (False, False)
    early = change(person, "POST", path, 201, kind="filter_cleaned", onDate=tomorrow, done=True)
    assert early["done"] is has_begun(today + timedelta(days=1), anywhere=True), (
        "where a clock is ahead of UTC it may be that day"
    )
    assert change(person, "PATCH", f"/notes/{reminder['id']}", done=True)["done"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "other", "onDate": "3000-01-01"}, "NOTE_DATE_OUT_OF_RANGE"),
        ({"kind": "other", "onDate": "1899-12-31"}, "NOTE_DATE_OUT_OF_RANGE"),
        ({"kind": "other", "km": -1}, "NOTE_KM_OUT_OF_RANGE"),
        ({"kind": "other", "km": MOST_KM + 1}, "NOTE_KM_OUT_OF_RANGE"),
        ({"kind": "other"}, "NOTE_NOT_PLACED"),
        ({"kind": "washed", "km": 1}, "INVALID_INPUT"),
        ({"kind": "other", "km": 1.5}, "INVALID_INPUT"),
        ({"kind": "other", "km": 1, "text": "x" * 1001}, "INVALID_INPUT"),
        ({"kind": "other", "km": 1, "text": "a\x00b"}, "INVALID_INPUT"),
        ({"kind": "other", "onDate": "yesterday"}, "INVALID_INPUT"),
    ],
)
def test_a_note_that_cannot_be_is_refused(system: Rig, person: Person, body: dict[str, Any], code: str) -> None:
    car = change(person, "POST", "/cars", 201, name="Car")["id"]
    kept = change(person, "POST", f"/cars/{car}/notes", 201, kind="sensor", onDate="2025-01-05", km=7)
    assert refusal(person, "POST", f"/cars/{car}/notes", **body) == (400, code)
    if code != "NOTE_NOT_PLACED":
        assert refusal(person, "PATCH", f"/notes/{kept['id']}", **body) == (400, code)
    else:
        assert refusal(person, "PATCH", f"/notes/{kept['id']}", km=None, onDate=None) == (400, code)
    assert get(person, f"/cars/{car}/notes")["data"] == [kept]


def test_a_car_has_a_limit_of_notes(system: Rig, person: Person) -> None:
    car = change(person, "POST", "/cars", 201, name="Car")["id"]
    other = change(person, "POST", "/cars", 201, name="Other")["id"]
    system.sql(
        """
        INSERT INTO note (user_id, car_id, kind, km, done)
        SELECT %s, %s, 'other', n, false FROM generate_series(1, %s) AS n
        """,
        person.id,
        UUID(car),
        MOST_NOTES,
    )
    assert refusal(person, "POST", f"/cars/{car}/notes", kind="other", km=1) == (409, "NOTE_LIMIT_REACHED")
    change(person, "POST", f"/cars/{other}/notes", 201, kind="other", km=1)
    assert refusal(person, "POST", f"/cars/{other}/merge", into=car) == (409, "NOTE_LIMIT_REACHED")
    assert len(get(person, f"/cars/{car}/notes")["data"]) == MOST_NOTES


# Deletion


def test_a_restored_log_brings_its_car_back(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    third = drive(system, person, 2, 154_100)
    car = car_of(person, second)
    change(person, "DELETE", f"/cars/{car}", 204)
    work(system)
    change(person, "POST", f"/analyses/{second}/restore", 204)
    work(system)
    assert by_car(person) == {car_of(person, first): {first}, car: {second}}
    assert add(system, person, log(2, 154_100), name(2)) == third  # uploaded again
    assert logs_of(person, car) == {second, third}
    check_averages(person)


def test_a_log_of_a_deleted_car_that_is_uploaded_for_another_one(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    change(person, "DELETE", f"/cars/{car_of(person, second)}", 204)
    assert add(system, person, log(1, 154_000), name(1), car_of(person, first)) == second
    assert list(by_car(person).values()) == [{first, second}]
    check_averages(person)


def test_a_deleted_car_is_purged_after_an_hour(system: Rig, person: Person) -> None:
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    car = car_of(person, second)
    change(person, "POST", f"/cars/{car}/notes", 201, kind="other", km=5)
    change(person, "DELETE", f"/cars/{car}", 204)
    assert refusal(person, "DELETE", f"/cars/{car}") == (404, "CAR_NOT_FOUND")
    system.reconcile()
    assert system.sql("SELECT id FROM car WHERE id = %s", UUID(car)) != []
    for table in ("car", "fap_analysis"):
        system.sql(
            f"UPDATE {table} SET deleted_at = deleted_at - interval '61 minutes' "
            "WHERE user_id = %s AND deleted_at IS NOT NULL",
            person.id,
        )
    assert refusal(person, "POST", f"/cars/{car}/restore") == (404, "CAR_NOT_FOUND")
    assert get(person, "/cars/deleted")["data"] == []
    system.reconcile()
    for table, column in (("car", "id"), ("note", "car_id"), ("fap_analysis", "car_id"), ("fap_average", "car_id")):
        assert system.sql(f"SELECT {column} FROM {table} WHERE {column} = %s", UUID(car)) == []
    assert by_car(person) == {car_of(person, first): {first}}


def test_a_log_that_was_deleted_before_its_car_is_not_restored_with_it(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    before, kept = drive(system, person, 1, 154_000), drive(system, person, 2, 154_100)
    car = car_of(person, kept)
    change(person, "DELETE", f"/analyses/{before}", 204)
    change(person, "DELETE", f"/cars/{car}", 204)
    change(person, "POST", f"/cars/{car}/restore", 204)
    change(person, "POST", f"/cars/{car}/restore", 204)  # not deleted: no change
    work(system)
    assert logs_of(person, car) == {kept}
    check_averages(person)


def test_the_only_car_is_not_deleted(system: Rig, person: Person) -> None:
    analysis_id = drive(system, person, 0, 10_000)
    car = car_of(person, analysis_id)
    assert refusal(person, "DELETE", f"/cars/{car}") == (409, "CAR_IS_LAST")
    assert logs_of(person, car) == {analysis_id}


def test_a_restored_car_must_find_room(system: Rig, person: Person) -> None:
    drive(system, person, 0, 10_000)
    car = car_of(person, drive(system, person, 1, 154_000))
    change(person, "DELETE", f"/cars/{car}", 204)
    seed_cars(system, person, MAX_CARS - 1)
    assert refusal(person, "POST", f"/cars/{car}/restore") == (409, "CAR_LIMIT_REACHED")


# What is not accepted


def seed_cars(system: Rig, person: Person, number: int) -> None:
    system.sql(
        "INSERT INTO car (user_id, name) SELECT %s, 'Car ' || n FROM generate_series(1, %s) AS n", person.id, number
    )


def test_there_is_a_limit_of_cars(system: Rig, person: Person) -> None:
    answers = [person.call("POST", f"{API}/cars", json={"name": f"Car {number}"}) for number in range(200)]
    codes = [answer.get_json().get("code") for answer in answers]
    assert codes == [None] * MAX_CARS + ["CAR_LIMIT_REACHED"] * (200 - MAX_CARS)
    assert len(cars(person)) == MAX_CARS


def test_logs_are_accepted_when_no_more_cars_may_be_added(system: Rig, person: Person) -> None:
    first = drive(system, person, 0, 10_000)
    seed_cars(system, person, MAX_CARS - 1)
    system.sql("UPDATE car SET profile = 'EDC17' WHERE user_id = %s AND name IS NOT NULL", person.id)
    assert car_of(person, drive(system, person, 1, 154_000)) == car_of(person, first)
    assert get(person, f"/analyses/{add(system, person, log(2, 5), name(2, 'SID807'))}")["carId"] is not None


def test_nonsense_counters_do_not_add_cars_without_end(system: Rig, person: Person) -> None:
    for day in range(30):
        post(person, log(day, 200_000 - 6_000 * day), name(day))
    work(system)
    found = cars(person)
    assert 2 <= len(found) <= 11
    assert sum(car["logs"] for car in found) == 30
    check_averages(person)


@pytest.mark.parametrize("wanted", ["gone", "another's", "unknown", "no id", "too long"])
def test_an_upload_that_names_no_car_of_ones_own_is_refused_and_stores_nothing(
    system: Rig, person: Person, wanted: str
) -> None:
    drive(system, person, 0, 10_000)
    other = arrive(system.app)
    gone = change(person, "POST", "/cars", 201, name="Gone")["id"]
    change(person, "DELETE", f"/cars/{gone}", 204)
    theirs = change(other, "POST", "/cars", 201, name="Theirs")["id"]
    car = {"gone": gone, "another's": theirs, "unknown": str(uuid4()), "no id": "Golf", "too long": "x" * 5000}[wanted]
    for path, content, file_name in (
        ("/analyses", log(1, 10_010), name(1)),
        ("/analyse", log(1, 10_010), name(1)),
        ("/analyses", zipped({name(1): log(1, 10_010)}), "logs.zip"),
    ):
        response = post(person, content, file_name, car, path)
        assert (response.status_code, response.get_json()["code"]) == (404, "CAR_NOT_FOUND")
    assert get(person, "/analyses")["pagination"]["totalItems"] == 1


def test_a_car_deleted_while_its_log_is_analysed_loses_nothing(system: Rig, person: Person) -> None:
    first = drive(system, person, 0, 10_000)
    other = change(person, "POST", "/cars", 201, name="Second")["id"]
    response = post(person, log(1, 10_020), name(1), other)
    (waiting,) = response.get_json()["ids"]
    change(person, "DELETE", f"/cars/{other}", 204)
    work(system)
    assert logs_of(person, car_of(person, first)) == {first}
    change(person, "POST", f"/analyses/{waiting}/restore", 204)
    work(system)
    assert car_of(person, waiting) == other
    check_averages(person)


def test_an_upload_names_its_car_once(system: Rig, person: Person) -> None:
    car = change(person, "POST", "/cars", 201, name="Car")["id"]
    data = {"car": [car, car], "file": (BytesIO(log(0, 1)), name(0))}
    response = person.call("POST", f"{API}/analyses", data=data)
    assert (response.status_code, response.get_json()["code"]) == (400, "PARAMETER_REPEATED")


def test_a_car_is_not_merged_with_itself(system: Rig, person: Person) -> None:
    analysis_id = drive(system, person, 0, 10_000)
    car = car_of(person, analysis_id)
    assert refusal(person, "POST", f"/cars/{car}/merge", into=car) == (400, "CAR_MERGED_WITH_ITSELF")
    assert refusal(person, "POST", f"/cars/{car}/merge", into=str(uuid4())) == (404, "CAR_NOT_FOUND")
    assert logs_of(person, car) == {analysis_id}


# Each user alone


def test_cars_and_notes_of_others_are_not_there(system: Rig, person: Person) -> None:
    mine = drive(system, person, 0, 10_000)
    other = arrive(system.app)
    theirs = drive(system, other, 0, 10_000)
    my_car, their_car = car_of(person, mine), car_of(other, theirs)
    note = change(other, "POST", f"/cars/{their_car}/notes", 201, kind="other", km=5)["id"]
    before = (cars(other), get(other, f"/cars/{their_car}/notes"), by_car(other))
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/cars/{their_car}", {}),
        ("PATCH", f"/cars/{their_car}", {"name": "Mine"}),
        ("DELETE", f"/cars/{their_car}", {}),
        ("POST", f"/cars/{their_car}/restore", {}),
        ("POST", f"/cars/{their_car}/merge", {"into": my_car}),
        ("POST", f"/cars/{my_car}/merge", {"into": their_car}),
        ("POST", f"/cars/{their_car}/answer", {"answer": "maintenance"}),
        ("GET", f"/cars/{their_car}/notes", {}),
        ("POST", f"/cars/{their_car}/notes", {"kind": "other", "km": 1}),
        ("PATCH", f"/notes/{note}", {"km": 6}),
        ("DELETE", f"/notes/{note}", {}),
        ("PATCH", f"/analyses/{theirs}", {"car": my_car}),
        ("PATCH", f"/analyses/{mine}", {"car": their_car}),
        ("GET", f"/analyses?car={their_car}", {}),
        ("GET", f"/average?car={their_car}", {}),
        ("GET", f"/average/available?car={their_car}", {}),
    ]
    for method, path, body in calls:
        status, code = refusal(person, method, path, **body)
        assert (status, code.endswith("_NOT_FOUND")) == (404, True), path
    work(system)
    assert (cars(other), get(other, f"/cars/{their_car}/notes"), by_car(other)) == before
    assert by_car(person) == {my_car: {mine}}


def test_row_level_security_hides_cars_and_notes(system: Rig, person: Person) -> None:
    car = car_of(person, drive(system, person, 0, 10_000))
    change(person, "POST", f"/cars/{car}/notes", 201, kind="other", km=5)
    other = arrive(system.app)
    url = system.settings.api_database.get_secret_value()
    for user_id, seen in ((person.id, 1), (other.id, 0), (None, 0)):
        with as_user(url, user_id) as connection:
            for table in ("car", "note"):
                assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (seen,)
    for statement in (
        f"INSERT INTO car (user_id) VALUES ('{person.id}')",
        f"UPDATE car SET name = 'x' WHERE id = '{car}'",
        "DELETE FROM car",
        "DELETE FROM note",
        "UPDATE note SET km = 1",
    ):
        with as_user(url, other.id) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    insert = """
        INSERT INTO fap_analysis (user_id, file_name, size, sha256, version, car_id) VALUES (%s, 'x', 1, %s, 1, %s)
    """
    with as_user(url, other.id) as connection, pytest.raises(errors.ForeignKeyViolation):
        connection.execute(insert, [other.id, bytes(32), UUID(car)])


@contextmanager
def as_user(url: str, user_id: UUID | None) -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection as the role `faplog_api`, for a user or for none; nothing it does is kept."""
    with psycopg.connect(url) as connection:
        if user_id:
            connection.execute("SELECT set_config('app.current_user_id', %s, true)", [str(user_id)])
        yield connection
        connection.rollback()


def test_deleting_the_account_removes_cars_and_notes(system: Rig, person: Person) -> None:
    car = car_of(person, drive(system, person, 0, 10_000))
    change(person, "POST", f"/cars/{car}/notes", 201, kind="other", km=5)
    drive(system, person, 1, 154_000)
    assert person.call("DELETE", f"{API}/account").status_code == 204
    for table in ("car", "note", "fap_analysis", "fap_average"):
        assert system.sql(f"SELECT FROM {table} WHERE user_id = %s", person.id) == []


# Averages, exactly once


def test_a_late_average_of_a_car_that_changed_is_dropped(system: Rig, person: Person) -> None:
    """Results arrive late, twice and in any order; of each car the one of its present logs is shown."""
    first, second = drive(system, person, 0, 10_000), drive(system, person, 1, 154_000)
    small = car_of(person, first)
    change(person, "PATCH", f"/analyses/{second}", car=small)
    stale = system.take("average.request")
    third = change(person, "POST", "/cars", 201, name="Third")["id"]
    change(person, "PATCH", f"/analyses/{second}", car=third)
    fresh = system.take("average.request")
    assert {one["data"]["carId"] for one in fresh} == {small, third}
    results = [
        orjson.loads(average_job.answer(average_job.Request.model_validate(one), system.blobs).to_json())
        for one in (*stale, *fresh, *stale[::-1])
    ]
    for result in results:
        system.averaged(result)
    check_averages(person)
    for result in permutations(results[:3]):
        for one in result:
            system.averaged(one)
    check_averages(person)
