"""The function's door: what each kind of request is answered with."""

import gzip
import json
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from faplog import synthetic
from faplog.contracts import errors, keys
from faplog.contracts.analysis import Analysis
from faplog.contracts.direct import CSV, DirectCall, DirectResult
from faplog.contracts.messages import BATCH, HEADER_SECRET, AnalysisRequest, AnalysisResult
from faplog.errors import Unavailable
from functions.analyse import handler, job
from functions.analyse.core import analysis
from functions.analyse.core.analysis import Reading
from functions.analyse.core.sections import Section
from functions.analyse.handler import create_app
from functions.analyse.settings import Settings
from tests.unit.analyse.handmade import csv_log

SECRET = "connector"
LOG = csv_log({"Speed": [36] * 61, "Revs": [1500] * 61, "REGEN": [0] * 30 + [1] * 31})
WIRE = {"analysisId", "status", "message", "analysis", "fapRegen", "logDate", "distance"}


class Shelf:
    """An object store in a dictionary. It can be away or full, and a put can wait for a meeting."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_away = False
        self.is_full = False
        self.meeting: Barrier | None = None

    def get(self, key: str) -> bytes | None:
        if self.is_away:
            raise Unavailable("the object store did not answer")
        return self.objects.get(key)

    def put(self, key: str, content: bytes) -> None:
        if self.is_full:
            raise Unavailable("the object store did not answer")
        if self.meeting:
            self.meeting.wait()
        self.objects[key] = content


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def client(shelf: Shelf) -> FlaskClient:
    settings = Settings.model_construct(
        s3_endpoint="http://nowhere.invalid",
        s3_bucket="faplog",
        connector_secret=SecretStr(SECRET),
        s3_access_key=SecretStr("key"),
        s3_secret_key=SecretStr("secret"),
    )
    return create_app(settings, shelf).test_client()


def message(analysis_id: UUID, **data: Any) -> bytes:
    return json.dumps({"pattern": "analysis.request", "data": {"fileName": str(analysis_id), **data}}).encode()


def post(client: FlaskClient, body: bytes, secret: str = SECRET) -> tuple[int, dict[str, Any]]:
    answer = client.post("/", data=body, content_type="application/json", headers={HEADER_SECRET: secret})
    return answer.status_code, answer.get_json()


def test_a_message_is_answered_with_the_analysis(client: FlaskClient, shelf: Shelf) -> None:
    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    status, answer = post(client, message(analysis_id))
    assert status == 200
    assert set(answer) == WIRE
    assert (answer["analysisId"], answer["status"]) == (str(analysis_id), "Success")
    assert answer["message"] == "Analysis completed successfully."
    assert (answer["fapRegen"], answer["distance"]) == (True, 0.6)
    assert answer["logDate"] == "2025-02-03T00:00:00.000Z"
    Analysis.model_validate(answer["analysis"])
    AnalysisResult.model_validate(answer)


def post_together(client: FlaskClient, *ids: UUID) -> tuple[int, str | None, list[dict[str, Any]]]:
    """Return the status, the content type and the answers of a batch."""
    body = b"\n".join(map(message, ids))
    answer = client.post("/", data=body, content_type=BATCH, headers={HEADER_SECRET: SECRET})
    lines = answer.data.split(b"\n") if answer.status_code == 200 else []
    return answer.status_code, answer.mimetype, [json.loads(line) for line in lines]


def test_a_batch_is_answered_line_by_line(client: FlaskClient, shelf: Shelf) -> None:
    ids = [uuid4() for _ in range(4)]
    for analysis_id in (ids[0], ids[1], ids[3]):
        shelf.objects[keys.log_key(analysis_id)] = LOG
    status, mimetype, answers = post_together(client, *ids)
    assert (status, mimetype) == (200, BATCH)
    said = [(answer["analysisId"], answer["status"], answer.get("code")) for answer in answers]
    assert said == [
        (str(ids[0]), "Success", None),
        (str(ids[1]), "Success", None),
        (str(ids[2]), "Failed", "FILE_MISSING"),
        (str(ids[3]), "Success", None),
    ]
    assert answers[0] == post(client, message(ids[0]))[1], "alone it is the same"
    assert {keys.series_key(analysis_id) for analysis_id in (ids[0], ids[1], ids[3])} <= set(shelf.objects)


def test_a_batch_that_takes_long_is_answered_as_far_as_it_is_done(
    client: FlaskClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [uuid4() for _ in range(4)]
    for analysis_id in ids:
        shelf.objects[keys.log_key(analysis_id)] = LOG
    monkeypatch.setattr(handler, "BATCH_SEC", 0)
    status, mimetype, answers = post_together(client, *ids)
    assert (status, mimetype) == (200, BATCH)
    assert [answer["analysisId"] for answer in answers] == [str(ids[0])]
    assert keys.series_key(ids[1]) not in shelf.objects


def test_a_batch_without_its_store_is_503(client: FlaskClient, shelf: Shelf) -> None:
    shelf.is_away = True
    assert post_together(client, uuid4(), uuid4())[0] == 503


def test_the_series_is_stored_compressed(client: FlaskClient, shelf: Shelf) -> None:
    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    post(client, message(analysis_id))
    series = json.loads(gzip.decompress(shelf.objects[keys.series_key(analysis_id)]))
    assert [channel["name"] for channel in series["channels"]] == ["speed", "revs", "regen"]


def test_the_series_is_stored_while_the_log_is_analysed(
    client: FlaskClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.meeting = Barrier(2, timeout=60)

    def meet(reading: Reading, profile: str | None) -> Section:
        assert shelf.meeting
        shelf.meeting.wait()
        return analysis.analyse(reading, profile)

    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    monkeypatch.setattr(job, "analyse", meet)
    _, answer = post(client, message(analysis_id))
    assert answer["status"] == "Success"
    assert keys.series_key(analysis_id) in shelf.objects


def test_a_series_that_cannot_be_stored_is_503(client: FlaskClient, shelf: Shelf) -> None:
    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    shelf.is_full = True
    status, answer = post(client, message(analysis_id))
    assert (status, answer["error"]) == (503, "Service Unavailable")
    shelf.is_full = False
    assert post(client, message(analysis_id))[1]["status"] == "Success"


def test_what_the_requester_sent_comes_back(client: FlaskClient, shelf: Shelf) -> None:
    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    _, answer = post(client, message(analysis_id, attempt=2, version=7, profile="DCM62v2", unknown=1))
    assert (answer["attempt"], answer["version"]) == (2, 7)
    assert answer["analysis"]["quality"]["profile"] == "DCM62v2"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LOG.replace(b"Time", b"Uhr"), "Failed to read csv file: the column 'Time' is missing"),
        (LOG.replace(b"2025.", b"then "), "Failed to process data: no row has a valid date and time"),
        (None, "Failed to read csv file: the file is no longer there"),
    ],
)
def test_a_log_that_cannot_be_read_is_an_answer(
    client: FlaskClient, shelf: Shelf, content: bytes | None, reason: str
) -> None:
    analysis_id = uuid4()
    if content:
        shelf.objects[keys.log_key(analysis_id)] = content
    status, answer = post(client, message(analysis_id))
    assert status == 200
    assert set(answer) == WIRE | {"code", "params"}
    assert (answer["status"], answer["message"], answer["analysis"]) == ("Failed", reason, None)
    assert errors.message(errors.ErrorCode(answer["code"]), answer["params"]) == reason
    assert keys.series_key(analysis_id) not in shelf.objects


def test_a_large_result_goes_through_the_store(
    client: FlaskClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    monkeypatch.setattr(job, "MAX_INLINE_BYTES", 3000)
    status, answer = post(client, message(analysis_id))
    assert status == 200
    assert answer["analysis"] is None
    assert answer["analysisRef"] == keys.result_key(analysis_id)
    Analysis.model_validate_json(shelf.objects[keys.result_key(analysis_id)])


def test_the_store_away_is_503_and_counts_for_nothing(client: FlaskClient, shelf: Shelf) -> None:
    shelf.is_away = True
    status, answer = post(client, message(uuid4()))
    assert status == 503
    assert answer["error"] == "Service Unavailable"


def test_an_error_of_ours_is_no_bad_file(client: FlaskClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    analysis_id = uuid4()
    shelf.objects[keys.log_key(analysis_id)] = LOG
    monkeypatch.setattr(job, "analyse", broken)
    monkeypatch.setattr(handler, "analyse", broken)
    status, answer = post(client, message(analysis_id))
    assert status == 500
    assert "ours" not in answer["message"]
    assert client.post("/", data=LOG, content_type="text/csv").status_code == 500


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_message_without_the_secret_is_refused(client: FlaskClient, secret: str) -> None:
    status, answer = post(client, message(uuid4()), secret)
    assert (status, answer["statusCode"]) == (401, 401)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", message(UUID(int=1)).replace(b"fileName", b"name")])
def test_what_is_no_message_is_refused_with_a_sentence(client: FlaskClient, body: bytes) -> None:
    status, answer = post(client, body)
    assert status == 400
    assert answer["message"].startswith("This function does not accept the message")


def test_a_path_as_id_is_refused(client: FlaskClient) -> None:
    body = b'{"pattern": "analysis.request", "data": {"fileName": "../averages/x"}}'
    assert post(client, body)[0] == 400


def test_a_csv_body_gets_its_analysis_without_secret_or_store(client: FlaskClient, shelf: Shelf) -> None:
    shelf.is_away = True
    answer = client.post("/", data=LOG, content_type="text/csv; charset=utf-8")
    assert answer.status_code == 200
    assert Analysis.model_validate(answer.get_json()).overall.distance_km == 0.6
    assert shelf.objects == {}


def test_a_direct_call_computes_what_an_upload_of_the_file_does(client: FlaskClient, shelf: Shelf) -> None:
    analysis_id, name = uuid4(), "DCM62v2_20250203.csv"
    shelf.objects[keys.log_key(analysis_id)] = LOG
    _, uploaded = post(client, message(analysis_id, profile="DCM62v2", day="2025-02-03"))
    before = dict(shelf.objects)
    answer = client.post("/", data=LOG, content_type=CSV, query_string=DirectCall.for_file(name).query())
    result = DirectResult.model_validate(answer.get_json())
    assert result.analysis == uploaded["analysis"]
    assert result.analysis["quality"]["profile"] == "DCM62v2"
    assert result.series == json.loads(gzip.decompress(shelf.objects[keys.series_key(analysis_id)]))
    assert shelf.objects == before


def test_the_day_of_the_name_decides_between_day_and_month(client: FlaskClient) -> None:
    rows = "\n".join(f"2/3/2025;10:00:{second:02}.000;{second}" for second in range(60))
    content = f"Date;Time;Speed\n{rows}\n".encode()

    def day(name: str) -> str:
        query = DirectCall.for_file(name).query()
        answer = client.post("/", data=content, content_type=CSV, query_string=query)
        return str(answer.get_json()["analysis"]["overall"]["date"]["date"])

    assert (day("DCM62v2_20250203.csv"), day("DCM62v2_20250302.csv")) == ("2025-02-03", "2025-03-02")


@pytest.mark.parametrize("query", ["day=yesterday", "series=maybe", f"profile={'x' * 41}", "name=DCM62v2.csv"])
def test_a_wrong_parameter_of_a_direct_call_is_named(client: FlaskClient, query: str) -> None:
    answer = client.post(f"/?{query}", data=LOG, content_type=CSV)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_INPUT")
    assert answer.get_json()["params"]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"%PDF-1.7", "NO_HEADER"),
        (b"Date;Speed\n1;2\n", "COLUMN_MISSING"),
        (b"GPS Time, Device Time, Longitude, Latitude\n", "OTHER_APP"),
    ],
)
def test_a_csv_body_that_is_no_log_gets_422(client: FlaskClient, body: bytes, code: str) -> None:
    answer = client.post("/", data=body, content_type="text/csv")
    assert answer.status_code == 422
    assert answer.get_json()["error"] == "Unprocessable Entity"
    assert answer.get_json()["code"] == code
    assert answer.get_json()["message"] == errors.message(errors.ErrorCode(code), answer.get_json()["params"])


def test_a_body_of_more_than_20_mb_gets_413(client: FlaskClient) -> None:
    answer = client.post("/", data=b"1" * (20 * 1024 * 1024 + 1), content_type="text/csv")
    assert (answer.status_code, answer.get_json()["message"]) == (413, "A log may have at most 20 MB.")
    assert (answer.get_json()["code"], answer.get_json()["params"]) == ("LOG_BODY_TOO_LARGE", {"max_mb": 20})


def test_health_and_what_is_not_there(client: FlaskClient) -> None:
    assert client.get("/health").data == b"ok"
    assert client.get("/other").get_json()["statusCode"] == 404
    assert client.get("/").status_code == 405


def test_the_time_of_a_result_is_that_of_the_log() -> None:
    shelf, analysis_id = Shelf(), uuid4()
    raw, truth = synthetic.day(3, minutes=10)
    shelf.put(keys.log_key(analysis_id), raw)
    request = AnalysisRequest.model_validate_json(message(analysis_id))
    found = job.answer(request, shelf)
    assert found.log_date == datetime.fromisoformat(truth["date"]).replace(tzinfo=UTC)
    assert found.distance == pytest.approx(truth["distance_km"], rel=0.01)
