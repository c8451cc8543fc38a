"""The function's door and its job, with a store in memory."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask.testing import FlaskClient

from faplog.contracts import errors
from faplog.contracts.comparison import COMPARISON, MAX_CALL_BYTES, Comparison
from faplog.contracts.keys import average_request_key, average_result_key
from faplog.contracts.messages import HEADER_SECRET, MAX_INLINE_BYTES
from faplog.errors import Unavailable
from functions.average.handler import create_app
from functions.average.settings import Settings
from tests.unit.average.analyses import Json, analysis

SECRET = "a-connector-secret"
USER = UUID("5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11")
SHA = "ab" * 32
REFERENCE = average_request_key(USER, SHA)


class Memory:
    """An object store in memory; away when told so."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away = False

    def read(self, key: str) -> Iterator[bytes] | None:
        """In pieces of a few bytes."""
        if self.away:
            raise Unavailable("the object store did not answer (Test)")
        content = self.objects.get(key)
        if content is None:
            return None
        return (content[start : start + 7] for start in range(0, len(content), 7))

    def put(self, key: str, content: bytes) -> None:
        if self.away:
            raise Unavailable("the object store did not answer (Test)")
        self.objects[key] = content


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def client(store: Memory) -> FlaskClient:
    known = {
        "s3_endpoint": "http://127.0.0.1:1", "s3_bucket": "b", "faplog-connector-secret": SECRET,
        "faplog-average-s3-access-key": "a", "faplog-average-s3-secret-key": "s",
    }  # fmt: skip
    return create_app(Settings.model_validate(known), store).test_client()


def message(**data: Any) -> Json:
    return {"pattern": "average.request", "data": {"userId": str(USER), "analysisSha": SHA} | data}


def post(client: FlaskClient, body: Any, secret: str = SECRET) -> tuple[int, Json]:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    answer = client.post("/", data=content, headers={HEADER_SECRET: secret})
    return answer.status_code, json.loads(answer.data)


def test_an_inline_request_is_answered_with_the_average(client: FlaskClient) -> None:
    items = [{"analysisId": str(USER), "analysis": analysis({"overall.distance_km": km})} for km in (1.5, 2.0)]
    status, result = post(
        client, message(analysis=items, type="MONTHLY", year=2025, month=3, generation=7, other="ignored")
    )
    assert status == 200
    assert result.pop("average")["overall"] | {"duration": None} == {"logs": 2, "distance_km": 3.5, "duration": None}
    assert result == {
        "userId": str(USER), "analysisSha": SHA, "status": "SUCCESS", "message": "Average calculated successfully.",
        "type": "MONTHLY", "year": 2025, "month": 3, "generation": 7,
    }  # fmt: skip


def test_the_answer_names_the_car_of_the_request(client: FlaskClient) -> None:
    car = "7c1b0c55-2f0e-4a55-9d7b-5b0a0e6c9d02"
    for analyses in ([{"analysis": analysis()}], []):
        status, result = post(client, message(analysis=analyses, carId=car))
        assert (status, result["carId"]) == (200, car)


def test_a_malformed_analysis_is_left_out(client: FlaskClient) -> None:
    status, result = post(
        client, message(analysis=[None, {"analysis": None}, {"analysisId": 5, "analysis": analysis()}])
    )
    assert (status, result["status"], result["average"]["overall"]["logs"]) == (200, "SUCCESS", 1)


@pytest.mark.parametrize("separator", [b",", b",\n", b" ,\n "])
def test_a_list_in_the_store_is_read(client: FlaskClient, store: Memory, separator: bytes) -> None:
    items = [{"analysis": analysis({"overall.distance_km": 1.0})} for _ in range(50)]
    store.objects[REFERENCE] = b"[" + separator.join(orjson.dumps(item) for item in items) + b"]"
    status, result = post(client, message(analysisRef=REFERENCE))
    assert (status, result["average"]["overall"]["distance_km"]) == (200, 50.0)


def test_a_large_average_goes_through_the_store(client: FlaskClient, store: Memory) -> None:
    items = [
        {"analysisId": str(UUID(int=number)), "analysis": analysis({"fap.temp.avg_c": 200})} for number in range(1500)
    ]
    store.objects[REFERENCE] = orjson.dumps(items)
    status, result = post(client, message(analysisRef=REFERENCE))
    key = average_result_key(USER, SHA)
    assert (status, result["status"], result["averageRef"], result["average"]) == (200, "SUCCESS", key, None)
    assert len(store.objects[key]) > MAX_INLINE_BYTES
    assert json.loads(store.objects[key])["overall"]["logs"] == 1500


@pytest.mark.parametrize(
    ("stored", "data", "reason"),
    [
        (None, {}, "does not name any analyses"),
        (None, {"analysis": []}, "None of the analyses can be read"),
        (None, {"analysis": [None, 3]}, "None of the analyses can be read"),
        (None, {"analysisRef": REFERENCE}, "no longer there"),
        (b"[{]", {"analysisRef": REFERENCE}, "cannot be read"),
        (b"", {"analysisRef": REFERENCE}, "cannot be read"),
        (b"{}", {"analysisRef": REFERENCE}, "is not a list"),
        (b"[]", {"analysisRef": REFERENCE}, "None of the analyses can be read"),
    ],
)
def test_what_cannot_be_averaged_is_answered_with_the_reason(
    client: FlaskClient, store: Memory, stored: bytes | None, data: Json, reason: str
) -> None:
    if stored is not None:
        store.objects[REFERENCE] = stored
    status, result = post(client, message(**data, generation=3))
    assert (status, result["status"], result["average"], result["generation"]) == (200, "FAILED", None, 3)
    assert reason in result["message"]
    assert result["message"] == errors.message(errors.ErrorCode(result["code"]), result["params"])


def test_an_absent_store_is_to_be_tried_again(client: FlaskClient, store: Memory) -> None:
    store.away = True
    status, answer = post(client, message(analysisRef=REFERENCE))
    assert (status, answer["statusCode"], answer["error"]) == (503, 503, "Service Unavailable")
    assert "try again" in answer["message"]


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        (b"{}", "wrong", 401),
        (b"{}", "", 401),
        (b"{}", SECRET, 400),
        (b"not json", SECRET, 400),
        (orjson.dumps(message(analysisRef="../../etc/passwd")), SECRET, 400),
        (orjson.dumps(message(analysisRef="logs/5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11.csv")), SECRET, 400),
        (orjson.dumps(message(analysisSha="short")), SECRET, 400),
        (b"x" * 1_100_000, SECRET, 413),
    ],
)
def test_what_is_no_request_is_refused_with_a_sentence(
    client: FlaskClient, body: bytes, secret: str, status: int
) -> None:
    given, answer = post(client, body, secret)
    assert (given, answer["statusCode"]) == (status, status)
    assert answer["message"].endswith(".")


def test_an_error_of_ours_is_a_500_without_its_trace(
    client: FlaskClient, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "read", lambda _: 1 / 0)
    status, answer = post(client, message(analysisRef=REFERENCE))
    assert (status, answer["statusCode"]) == (500, 500)
    assert "division" not in answer["message"]


def test_other_paths_and_methods_and_health(client: FlaskClient) -> None:
    assert client.get("/health").data == b"ok"
    assert client.get("/").status_code == 405
    assert json.loads(client.get("/nowhere").data)["statusCode"] == 404


def noted(client: FlaskClient, notes: Any, **period: Any) -> Json:
    """Return the average of a log of 14 March with thinned oil."""
    items = [{"analysis": analysis({"engine.oilDilution_perc": 8}, date="2025-03-14")}]
    status, result = post(client, message(analysis=items, notes=notes, **period))
    assert (status, result["status"]) == (200, "SUCCESS")
    found: Json = result["average"]
    return found


CHANGED = {"kind": "oil_changed", "onDate": "2025-03-15", "km": None, "text": ""}


def test_notes_travel_with_the_request_and_reset_what_they_name(client: FlaskClient) -> None:
    assert [one["code"] for one in noted(client, None)["health"]["findings"]] == ["oil_dilution"]
    found = noted(client, [CHANGED])
    assert found["health"]["findings"] == []
    assert found["baseline"] == {"oil_dilution": {"kind": "oil_changed", "date": "2025-03-15", "km": None}}


@pytest.mark.parametrize(
    "wrong",
    [
        7, None, "oil", {}, {"kind": "oil_changed"}, {"kind": "washed", "onDate": "2025-03-15"},
        {"kind": "oil_changed", "onDate": "soon"}, {"kind": "oil_changed", "km": 90_000},
        {"kind": "oil_changed", "onDate": "2025-03-15", "km": -1},
    ],
)  # fmt: skip
def test_a_note_that_is_none_or_a_reminder_is_left_out_and_the_rest_counts(client: FlaskClient, wrong: Any) -> None:
    assert noted(client, [wrong])["baseline"] == {}
    assert list(noted(client, [wrong, CHANGED])["baseline"]) == ["oil_dilution"]


@pytest.mark.parametrize(
    ("on", "period", "counts"),
    [
        ("2025-03-31", {"type": "MONTHLY", "year": 2025, "month": 3}, True),
        ("2025-04-01", {"type": "MONTHLY", "year": 2025, "month": 3}, False),
        ("2025-12-31", {"type": "YEARLY", "year": 2025}, True),
        ("2026-01-01", {"type": "YEARLY", "year": 2025}, False),
        ("2026-01-01", {"type": "OVERALL"}, True),
        ("2026-01-01", {"type": "OVERALL", "year": 2025, "month": 3}, True),
        ("2026-01-01", {"type": "MONTHLY", "year": 2025}, True),
        ("2026-01-01", {"type": "MONTHLY", "month": 3}, True),
        ("2026-01-01", {"type": "MONTHLY", "year": 2025, "month": 13}, True),
        ("2026-01-01", {"type": "YEARLY", "year": 10**12}, True),
    ],
)
def test_a_note_after_the_period_that_is_averaged_does_not_count(
    client: FlaskClient, on: str, period: Json, counts: bool
) -> None:
    assert bool(noted(client, [CHANGED | {"onDate": on}], **period)["baseline"]) is counts


def call(client: FlaskClient, body: Any, secret: str = SECRET) -> tuple[int, Json]:
    """Return a direct call of the function."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    answer = client.post("/", data=content, content_type=COMPARISON, headers={HEADER_SECRET: secret})
    return answer.status_code, json.loads(answer.data)


def test_a_comparison_is_answered_directly_and_nothing_stored(client: FlaskClient, store: Memory) -> None:
    first, second = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
    items = [
        {"analysisId": name, "analysis": analysis({"overall.distance_km": km, "fap.temp.avg_c": 200})}
        for name, km in ((first, 3.0), (second, 4.0))
    ]
    status, found = call(client, {"analysis": items, "before": first, "after": second})
    assert status == 200
    compared = Comparison.model_validate(found)
    assert (compared.before.distance_km, compared.after.distance_km) == (3, 4)
    note = {"kind": "filter_cleaned", "onDate": "2025-03-14"}
    status, found = call(client, {"analysis": items, "note": note, "notes": [note, 7]})
    assert (status, found["before"]["logs"], found["after"]["logs"], found["date"]) == (200, 0, 2, "2025-03-14")
    assert store.objects == {}


def test_only_the_api_may_ask_for_a_comparison_and_only_for_one(client: FlaskClient) -> None:
    good = {"analysis": [], "note": {"kind": "other", "onDate": "2025-03-14"}}
    status, found = call(client, good, secret="another")
    assert (status, found["code"]) == (401, "SENDER_NOT_ALLOWED")
    wrong: Any
    for wrong in (b"nonsense", b"[]", {"analysis": 3}, {"analysis": []}, good | {"before": 7}):
        status, found = call(client, wrong)
        assert (status, found["code"]) == (400, "MESSAGE_INVALID")
    status, found = call(client, b" " * (MAX_CALL_BYTES + 1))
    assert (status, found["code"]) == (413, "BODY_TOO_LARGE")
