"""The wire format, held by golden files: a change here breaks clients and messages in flight."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from faplog.contracts.errors import ErrorCode, message
from faplog.contracts.keys import average_request_key, average_result_key, check_reference, log_key, result_key
from faplog.contracts.messages import (
    MESSAGE_SUCCESS,
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
from faplog.contracts.notes import Kind, Note

GOLDEN = Path(__file__).parent / "golden"
LOG = UUID("5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11")
USER = UUID("0f9d1f5e-54e3-4f9a-8f6e-1d1f1b7f3c01")
CAR = UUID("7c1b0c55-2f0e-4a55-9d7b-5b0a0e6c9d02")
SHA = "ab" * 32

MESSAGES: dict[str, Message] = {
    "analysis.request": AnalysisRequest(data=AnalysisRequestData(file_name=LOG, attempt=1, version=1)),
    "analysis.result": AnalysisResult(
        analysis_id=LOG,
        status=AnalysisStatus.SUCCESS,
        message=MESSAGE_SUCCESS,
        analysis={"overall": {"distance_km": 21.37}},
        fap_regen=True,
        log_date=datetime(2025, 10, 10, tzinfo=UTC),
        distance=21.37,
    ),
    "analysis.result.failed": AnalysisResult(
        analysis_id=LOG,
        status=AnalysisStatus.FAILED,
        message=message(ErrorCode.COLUMN_MISSING, {"column": "Time"}),
        code=ErrorCode.COLUMN_MISSING,
        params={"column": "Time"},
    ),
    "average.request": AverageRequest(
        data=AverageRequestData(
            user_id=USER,
            analysis_sha=SHA,
            analysis=[AverageItem(analysis_id=LOG, distance=21.37, fap_regen=True, analysis={"overall": {}})],
            type=Period.MONTHLY,
            year=2025,
            month=10,
            generation=3,
        ),
    ),
    "average.request.notes": AverageRequest(
        data=AverageRequestData(
            user_id=USER,
            analysis_sha=SHA,
            analysis_ref=average_request_key(USER, SHA),
            notes=[
                Note(kind=Kind.FILTER_CLEANED, on_date=date(2025, 3, 14), km=87_500),
                Note(kind=Kind.OIL_CHANGED, on_date=date(2025, 4, 2), text="5W-30"),
            ],
        ),
    ),
    "average.request.car": AverageRequest(
        data=AverageRequestData(user_id=USER, car_id=CAR, analysis_sha=SHA, analysis=[], generation=3)
    ),
    "average.result.car": AverageResult(
        user_id=USER,
        car_id=CAR,
        analysis_sha=SHA,
        status=AverageStatus.SUCCESS,
        message="Average calculated successfully.",
        average={"overall": {"logs": 1}},
        generation=3,
    ),
    "average.result": AverageResult(
        user_id=USER,
        analysis_sha=SHA,
        status=AverageStatus.SUCCESS,
        message="Average calculated successfully.",
        average={"overall": {"logs": 1}},
    ),
}


@pytest.mark.parametrize("subject", MESSAGES)
def test_a_message_is_written_as_its_golden_file_says(subject: str) -> None:
    wire = json.loads(MESSAGES[subject].to_json())
    assert wire == json.loads((GOLDEN / f"{subject}.json").read_text("utf-8"))


@pytest.mark.parametrize("subject", MESSAGES)
def test_a_golden_message_is_read_back_and_unknown_fields_are_ignored(subject: str) -> None:
    wire = json.loads((GOLDEN / f"{subject}.json").read_text("utf-8")) | {"fieldOfTheFuture": [1]}
    assert type(MESSAGES[subject]).model_validate_json(json.dumps(wire)) == MESSAGES[subject]


def test_the_minimal_request_of_other_clients_is_enough() -> None:
    request = AnalysisRequest.model_validate({"pattern": "analysis.request", "data": {"fileName": str(LOG)}})
    assert request.data.file_name == LOG
    assert request.data.attempt is None


@pytest.mark.parametrize("file_name", ["../secret", "", "5f0c6f0e", f"{LOG}/../x", None])
def test_a_file_name_that_is_no_id_is_refused(file_name: str | None) -> None:
    with pytest.raises(ValidationError):
        AnalysisRequestData.model_validate({"fileName": file_name})


@pytest.mark.parametrize("reference", [result_key(LOG), average_request_key(USER, SHA), average_result_key(USER, SHA)])
def test_our_references_are_accepted(reference: str) -> None:
    assert check_reference(reference) == reference


@pytest.mark.parametrize(
    "reference",
    [log_key(LOG), "averages/../logs/x.json", f"/{result_key(LOG)}", f"{result_key(LOG)}\n", "", "results/x.json"],
)
def test_any_other_key_is_no_reference(reference: str) -> None:
    with pytest.raises(ValueError, match="not a reference"):
        check_reference(reference)


def test_a_failed_analysis_says_null_where_a_client_expects_a_field() -> None:
    failed = AnalysisResult(analysis_id=LOG, status=AnalysisStatus.FAILED, message="Failed to read csv file: empty")
    wire = json.loads(failed.to_json())
    assert wire["analysis"] is None
    assert wire["logDate"] is None
    assert wire["distance"] is None
    assert "analysisRef" not in wire


def test_a_code_of_a_later_release_is_read() -> None:
    golden = json.loads((GOLDEN / "analysis.result.failed.json").read_text("utf-8"))
    read = AnalysisResult.model_validate(golden | {"code": "NOT_YET_KNOWN", "params": {"n": 3, "name": "x"}})
    assert (read.code, read.params) == ("NOT_YET_KNOWN", {"n": 3, "name": "x"})


def test_the_day_of_a_files_name_travels_with_the_request() -> None:
    request = AnalysisRequest(data=AnalysisRequestData(file_name=LOG, day=date(2025, 2, 3)))
    wire = json.loads(request.to_json())
    assert wire["data"]["day"] == "2025-02-03"
    assert AnalysisRequest.model_validate(wire) == request


def test_the_sha_must_be_one() -> None:
    with pytest.raises(ValidationError):
        AverageRequestData(user_id=USER, analysis_sha="../x")
