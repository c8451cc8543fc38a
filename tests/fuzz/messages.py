"""Any bytes as a message: understood and answered, or refused with a 4xx; never a 500, which would be tried again."""

import json
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError

from faplog import synthetic
from faplog.contracts.keys import average_request_key, log_key
from faplog.contracts.messages import (
    HEADER_SECRET,
    AnalysisRequest,
    AnalysisRequestData,
    AnalysisResult,
    AnalysisStatus,
    AverageItem,
    AverageRequest,
    AverageRequestData,
    AverageResult,
    AverageStatus,
    Message,
    Period,
)
from functions.analyse import handler as analyse_handler
from functions.analyse.core.analysis import analyse, read
from functions.analyse.settings import Settings as AnalyseSettings
from functions.average import handler as average_handler
from functions.average.core import average
from functions.average.items import BadList, read_items
from functions.average.settings import Settings as AverageSettings
from tests.fuzz import logs
from tests.fuzz.memory import Memory
from tests.fuzz.plain import check_plain, check_sentence

USER: Final = UUID("0f9d1f5e-54e3-4f9a-8f6e-1d1f1b7f3c01")
SHA: Final = "ab" * 32
REFERENCE: Final = average_request_key(USER, SHA)
SECRET: Final = "a-connector-secret"
SETTINGS: Final = {
    "s3_endpoint": "http://nowhere.invalid",
    "s3_bucket": "b",
    "faplog-connector-secret": SECRET,
    **{f"faplog-{name}-s3-{part}-key": "x" for name in ("analyse", "average") for part in ("access", "secret")},
}
MODELS: Final[tuple[type[Message], ...]] = (AnalysisRequest, AnalysisResult, AverageRequest, AverageResult)
INNER: Final[dict[str, Any]] = {"analysis": True, "average": True, "data": {"analysis"}}
"""What a message carries without looking at it: JSON of any kind, in which what is no number becomes null."""

WORDS: Final = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"null",
        b"true",
        b"1e999",
        b"NaN",
        b"-Infinity",
        b"\\u0000",
        b"\\ud800",
    ),
    *(b'"data":', b'"fileName":', b'"pattern":"analysis.request"', b'"pattern":"average.request"', b'"userId":'),
    *(b'"analysisSha":', b'"analysis":', b'"analysisRef":', b'"logDate":', b'"distance":', b'"status":', b'"type":'),
    *(b'"generation":', b'"profile":', b'"traceparent":', b'"2025-10-10T00:00:00+23:59"', b"0001-01-01T00:00:00Z"),
    *(b"9" * 400, b"[" * 300, b'{"a":' * 250, b",\n", b"\xff", b"\xed\xa0\x80", REFERENCE.encode(), b"results/../x"),
    *(b'"overall":', b'"regens":', b'"fapRegen":', b'"date":', b'"bySpeedRange":', b'"999+_l100km":', b'"_999+_km":'),
    *(b'"notes":', b'"kind":"filter_cleaned"', b'"onDate":"2025-03-14"', b'"km":'),
)


def check_contract(data: bytes) -> None:
    """Check that what a model accepts, it writes so that it reads the same again."""
    for model in MODELS:
        try:
            message = model.model_validate_json(data)
        except ValidationError:
            continue
        wire = message.to_json()
        again = model.model_validate_json(wire)
        assert again.to_json() == wire
        assert again.model_dump(exclude=INNER) == message.model_dump(exclude=INNER)


def check_analysis_request(data: bytes) -> None:
    """Send bytes to `analyse`, with the secret of the connector."""
    answer = _post(_door("analyse"), data)
    if answer is not None:
        AnalysisResult.model_validate(answer)


def check_average_request(data: bytes) -> None:
    """Send bytes to `average`."""
    answer = _post(_door("average"), data)
    if answer is not None:
        AverageResult.model_validate(answer)
        _check_average(answer["average"])


def check_list(data: bytes) -> None:
    """Read bytes as a stored list: the same line by line and at once, and an average or a sentence."""
    try:
        found = read_items(lambda: [data[:7], data[7:]])
    except BadList as error:
        check_sentence(str(error))
        return
    whole = average(found)
    assert whole.overall.logs <= len(found)
    content = orjson.dumps(whole.model_dump(mode="json", by_alias=True))
    assert type(whole).model_validate_json(content) == whole
    _check_average(whole.model_dump(mode="json", by_alias=True))
    assert average(reversed(found)).model_dump() == whole.model_dump()


def _check_average(found: dict[str, Any] | None) -> None:
    check_plain(found)
    for section in ("overall", "driving", "fapRegen") if found else ():
        check_plain(found and found[section])


def _post(door: FlaskClient, data: bytes) -> Any:
    response = door.post("/", data=data, content_type="application/json", headers={HEADER_SECRET: SECRET})
    answer = json.loads(response.data, parse_constant=_no_constant)
    assert response.status_code in (200, 400), answer
    if response.status_code == 200:
        check_plain(answer)
        return answer
    assert set(answer) == {"statusCode", "error", "message", "code", "params"}
    check_sentence(answer["message"])
    return None


def _no_constant(name: str) -> None:
    raise AssertionError(f"the answer holds {name}")


@cache
def _door(name: str) -> FlaskClient:
    """Return a function with a store in memory, whose unexpected errors reach the caller instead of becoming a 500."""
    store = Memory({log_key(logs.ID): logs.SMALL, REFERENCE: lists()[0]})
    made: dict[str, Flask] = {
        "analyse": analyse_handler.create_app(AnalyseSettings.model_validate(SETTINGS), store),
        "average": average_handler.create_app(AverageSettings.model_validate(SETTINGS), store),
    }
    return without_500(made[name]).test_client(use_cookies=False)


def without_500(app: Flask) -> Flask:
    """Return the app, its unexpected errors reaching the caller instead of becoming an answer."""
    app.testing = True
    for handlers in app.error_handler_spec[None].values():
        handlers.pop(Exception, None)
    return app


@cache
def analyses() -> list[dict[str, Any]]:
    """Return three days' analyses of our own generator."""
    days = (synthetic.day(seed, minutes=14, row_sec=8, regen="complete" if seed % 2 else None) for seed in (7, 8, 9))
    return [analyse(read(content)) for content, _ in days]


@cache
def wires() -> list[bytes]:
    """Return every message, small and whole, as it is published."""
    slim = {"overall": {"date": {"date": "2025-03-14"}, "distance_km": 21.37}, "regens": [{"outcome": "complete"}]}
    data = AverageRequestData(user_id=USER, analysis_sha=SHA, type=Period.MONTHLY, year=2025, month=10, generation=3)
    item = AverageItem.model_validate(
        {"analysisId": logs.ID, "logDate": "2025-10-10T00:00:00.000Z", "distance": 21.37, "analysis": slim}
    )
    result = {"analysisId": str(logs.ID), "status": "Success", "message": "x", "fapRegen": True, "distance": 1.5}
    return [
        AnalysisRequest(data=AnalysisRequestData(file_name=logs.ID, attempt=1, version=1)).to_json(),
        logs.REQUEST.to_json(),
        AnalysisResult.model_validate(result | {"logDate": "2025-10-10T00:00:00.000Z", "analysis": slim}).to_json(),
        AnalysisResult(analysis_id=logs.ID, status=AnalysisStatus.FAILED, message="no").to_json(),
        AverageRequest(data=data.model_copy(update={"analysis": [item, item]})).to_json(),
        AverageRequest(data=data.model_copy(update={"analysis_ref": REFERENCE})).to_json(),
        AverageResult(user_id=USER, analysis_sha=SHA, status=AverageStatus.SUCCESS, message="", average=slim).to_json(),
        b"{}",
    ]


@cache
def lists() -> list[bytes]:
    """Return stored lists: as the API writes them, on one line, bare analyses, small, empty."""
    wrapped = [
        {"analysisId": str(logs.ID), "logDate": "2025-03-14T00:00:00.000Z", "analysis": one} for one in analyses()
    ]
    slim = json.loads(wires()[2])["analysis"]
    return [
        b"[" + b",\n".join(map(orjson.dumps, wrapped)) + b"]",
        orjson.dumps(analyses()[:2]),
        b"[" + orjson.dumps(slim) + b",\n" + orjson.dumps({"analysis": slim}) + b"]",
        b"[]",
    ]
