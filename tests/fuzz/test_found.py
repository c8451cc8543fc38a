"""What fuzzing found, each once more in its smallest form."""

import io
import json
import tempfile
import zipfile
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from connector.message import HEADER_NOT_BEFORE
from faplog import bus
from faplog.contracts.messages import AnalysisRequest, AnalysisResult
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadData
from functions.api.notifications.addresses import BadReceiver, parse, resolve
from functions.api.uploads import zip_archive
from functions.average.core import average
from tests.fuzz import delivery, entered, intake, logs, messages

ID = UUID("5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11")


def result(**more: object) -> bytes:
    return json.dumps({"analysisId": str(ID), "status": "Failed", "message": "no"} | more).encode()


def test_an_entry_before_the_start_of_a_file_on_disk_is_a_damaged_zip() -> None:
    """In memory this is a ValueError, on disk, where large uploads lie, an OSError: it was answered with a 500."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as opened:
        opened.writestr("a.csv", b"Date;Time;Revs\n2025.02.03;07:41:03;800\n")
    cut = made.getvalue()[40:]  # what is missing is taken off every place the table names
    intake.check_zip(cut)
    with tempfile.TemporaryFile() as file:
        file.write(cut)
        with zip_archive.open_zip(file) as opened:
            (entry,) = zip_archive.listing(opened).logs
            assert zip_archive.unpack(opened, entry) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("2025-10-10T00:30:00+02:00", datetime(2025, 10, 9, 22, 30, tzinfo=UTC)),
        ("2025-10-10T00:00:00", datetime(2025, 10, 10, tzinfo=UTC)),
        ("2025-10-10T00:00:00.1239Z", datetime(2025, 10, 10, microsecond=123_000, tzinfo=UTC)),
    ],
)
def test_a_log_date_is_written_as_the_moment_that_was_read(written: str, meant: datetime) -> None:
    """The year 1 was written as `1-…`, and another zone's time as if it were UTC."""
    message = AnalysisResult.model_validate_json(result(logDate=written))
    assert message.log_date == meant
    assert AnalysisResult.model_validate_json(message.to_json()) == message


@pytest.mark.parametrize(
    "more",
    [
        {"logDate": "0001-01-01T00:00:00+14:00"},
        {"logDate": "9999-12-31T23:59:59-14:00"},
        {"distance": float("nan")},
        {"distance": float("inf")},
        {"attempt": 2**63},
        {"version": -(10**400)},
    ],
)
def test_what_the_database_and_other_readers_cannot_hold_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AnalysisResult.model_validate_json(result(**more))


def test_an_attempt_of_many_digits_is_no_attempt() -> None:
    with pytest.raises(ValidationError):
        AnalysisRequest.model_validate_json(f'{{"data": {{"fileName": "{ID}", "attempt": {"9" * 400}}}}}')


@pytest.mark.parametrize(
    "headers",
    [
        {bus.HEADER_TRY: "9" * 5000},  # more digits than Python makes a number of
        {HEADER_NOT_BEFORE: "nan"},
        {bus.HEADER_MESSAGE_ID: "x" * 2000},  # its reply did not fit beside it, and was tried for ever
    ],
)
def test_headers_of_foreign_publishers_do_no_harm(headers: dict[str, str]) -> None:
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    delivery.check(f"{lines}\n{'x' * delivery.MAX_PAYLOAD}".encode())


@pytest.mark.parametrize("digits", ["9" * 400, "-" + "9" * 400])
def test_a_whole_number_beyond_all_floats_is_implausible(digits: str) -> None:
    """In a column of whole numbers beside one with a word it was no analysis, and no reason either."""
    rows = f"2025.02.03;08:00:00;{digits};x;\n2025.02.03;08:00:01;5;800;\n".encode()
    analysis = analyse(read(b"Date;Time;Speed;Revs;\n" + rows))
    assert analysis["driving"]["speed"] == {"min_kmh": 5, "max_kmh": 5, "avg_kmh": 5}
    assert analysis["quality"]["voided"]["Speed"] == {"sentinel": 0, "implausible": 1}
    logs.check(b"Date;Time;Speed;Revs;\n" + rows)


def test_midnight_at_the_end_of_all_dates_is_no_date() -> None:
    """The next day has a year of five digits, which shifted the clock of the drive's end."""
    log = b"Date;Time;Speed;\n%s.12.31;23:59:59;1;\n%s.12.31;00:00:01;5;\n"
    logs.check(log % (b"2999", b"2999"))
    logs.check(log % (b"9999", b"9999"))
    assert analyse(read(log % (b"2999", b"2999")))["overall"]["date"]["end"] == "00:00:01"
    with pytest.raises(BadData):
        read(log % (b"3000", b"9999"))


def test_an_error_answer_that_is_nested_without_end_explains_nothing() -> None:
    delivery.check(b"\n\n" + b"[" * delivery.MAX_PAYLOAD)


@pytest.mark.parametrize("own_id", [b": :try1", b":try1", b" "])
def test_a_message_id_that_is_a_number_of_a_try_alone(own_id: bytes) -> None:
    """What is left of it is no id, or one with a blank at its end, which a header cannot have."""
    delivery.check(b"Nats-Msg-Id:" + own_id + b"\n\n")


def test_a_refusal_is_a_line_of_printable_characters() -> None:
    """It names the character that makes an id none, whatever that is."""
    messages.check_analysis_request(b'{"data": {"fileName": "5f0c6f0e-\\u0000"}}')
    messages.check_average_request(b'{"data": {"userId": "\\u0000"}}')


def test_an_average_holds_no_text_that_postgres_refuses() -> None:
    nul = "2025\x00"
    analysis = {"overall": {"date": {"date": nul, "start": nul}}, "quality": {"profile": nul}}
    item = {"analysisId": nul, "logDate": nul, "analysis": analysis}
    messages.check_list(json.dumps([item]).encode())
    (points,) = average([item]).trends.values()
    assert (points[0].date, points[0].analysisId) == (None, None)


def test_a_public_address_mapped_into_ipv6_is_public_and_a_private_one_private() -> None:
    """Python says of some versions that every mapped address is reserved, so only the address it stands for counts."""
    entered.check_receiver(b"https://[::ffff:126.0.0.1]:4/")
    receiver = parse("https://[::ffff:127.0.0.1]:4/", any_port=True)
    with pytest.raises(BadReceiver):
        resolve(receiver, allow_private=False)


@pytest.mark.parametrize("url", [b"http://9[2002:72f:1::]", b"http://[2002:72f:1::]x/", b"http://[2002:72f:1::]/"])
def test_a_6to4_address_is_no_receiver(url: bytes) -> None:
    """Python calls them private since 3.13; and `urlsplit` reads past what stands beside the brackets."""
    entered.check_receiver(url)
    with pytest.raises(BadReceiver):
        resolve(parse(url.decode()), allow_private=False)
