"""What intake refuses, and that it refuses nothing else."""

import pytest

from faplog.contracts.errors import ErrorCode, cause
from functions.api.uploads.contents import refusal

HEADER = "Date;Time;Revs;Speed;GearA;\n"
ROW = "2025.02.03;07:41:03.1;800;0;D;N;\n"


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + ROW).encode(),
        (HEADER + ROW).encode("utf-8-sig"),
        (HEADER + "Größe;…\n").encode(),
        (HEADER + "Größe;é\n").encode("latin-1"),
        (HEADER + ROW).encode("utf-16"),
        HEADER.encode(),
        ("sep=;\r\n" + HEADER + ROW).encode(),
        (ROW * 3 + HEADER + ROW).encode(),  # the tail of a log with the header of the next drive in it
        b"Date,Time,Revs\n2025-02-03,07:41:03,800\n",
        b"Date\tTime\tRevs\n",
        b'"Date";"Time";"Revs"\n',
        b"a;b;c\n1;2;3\n",  # no log, but that is the analyser's to say
        (HEADER + ROW + "\x1a").encode(),
        (HEADER + ROW * 5000).encode()[: 64 * 1024],
    ],
)
def test_what_may_be_a_log_is_taken(content: bytes) -> None:
    assert refusal(content) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf\n", "empty"),
        (b"\x00" * 500, "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", "not a text file"),
        (b"PK\x03\x04\x14\x00", "not a text file"),
        (b"\x1f\x8b\x08abc", "not a text file"),
        (b"Date;Time;\x00\x01\x02\n", "not a text file"),
        (bytes(range(1, 256)) * 4, "not a text file"),
        (b"just some words\nand some more\n", "no header"),
        (b"<!doctype html><html><body>404</body></html>", "no header"),
        ((ROW * 3).encode(), "no header"),
        (b"1;2;3\n4;5;6\n", "no header"),
    ],
)
def test_what_cannot_be_a_log_is_refused_with_a_sentence(content: bytes, said: str) -> None:
    reason = refusal(content)
    assert reason is not None
    assert said in reason.message
    assert reason.message.endswith(".")


@pytest.mark.parametrize(
    ("first_lines", "app"),
    [
        (b'"SECONDS";"PID";"VALUE";"UNITS"\n"37618.5";"Engine RPM";"1413";"rpm"\n', "Car Scanner"),
        (b"GPS Time, Device Time, Longitude, Latitude\n", "Torque"),
        (b"# StartTime = 02/03/2025 08:00:00\nTime (sec), Engine RPM (RPM)\n", "OBDLink"),
        ("time(ms);Motordrehzahl;Öl\n".encode("latin-1"), "FORScan"),
    ],
)
def test_a_log_of_another_app_is_refused_by_name(first_lines: bytes, app: str) -> None:
    reason = refusal(first_lines)
    assert reason == cause(ErrorCode.OTHER_APP, app=app)
    assert reason.message == f"This looks like a log of {app}. faplog reads the CSV files of the Android app FAP."
