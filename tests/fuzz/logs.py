"""Any bytes as a log: an analysis that is one, or a reason."""

import gzip
import io
import json
from functools import cache
from typing import Any, Final
from uuid import UUID

import httpx
import orjson
from flask.testing import FlaskClient
from rich.console import Console

from faplog import synthetic
from faplog.contracts.analysis import Analysis
from faplog.contracts.keys import log_key, series_key
from faplog.contracts.messages import AnalysisRequest, AnalysisRequestData, AnalysisResult, AnalysisStatus
from functions.analyse import job
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadLog
from functions.analyse.core.series import MAX_POINTS
from functions.analyse.report import show
from functions.api.uploads import contents
from functions.average.core import average
from tests.fuzz.memory import Memory
from tests.fuzz.plain import check_ordered, check_plain, check_sentence
from tests.unit.ui.fake_api import LOG_ID, FakeApi, detail
from ui.api import Api
from ui.app import create_app
from ui.settings import Settings

ID: Final = UUID(LOG_ID)
REQUEST: Final = AnalysisRequest(data=AnalysisRequestData(file_name=ID, attempt=1, version=1, profile="DCM62v2"))

SMALL: Final = b"Date;Time;Speed;\n31/12/2024;23:59:59,5;1,5;\n31/12/2024;00:00:01,5;65280;\n"
"""A log of two rows."""

COLUMNS: Final = (
    *("Date", "Time", "Revs", "Speed", "InjFlow", "FAPpressure", "FAPtemp", "FAPsoot", "LastRegen", "Avg10regen"),
    *("Coolant", "OilTemp", "REGEN", "Battery", "Turbopress", "TurboInstr"),
)
WORDS: Final = (
    *(b"\n", b"\r\n", b"\r", b";", b",", b"\t", b'"', b".", b":", b" ", b"\x00", b"\xff", b"\xc3\xa9", b"NaN", b"inf"),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"Date;Time;Speed;",
        b"\nDate;Time;FAPsoot;REGEN;\n",
        b"Date",
        b"Time",
    ),
    *(b"9999.12.31", b"1970.01.01", b"2025.02.29", b"31/12/99", b"23:59:59.999", b"00:00:00.0", b"24:00:00", b"x"),
    *(b" PM", b"\xe2\x80\xaf", b"\xe2\x88\x92", b"'", b"1.013", b"1,013", b"65535", b"16777215", b"\x1f", b"0.857442"),
    *(b"2025.02.03;07:41:03.123456789;", b"65280", b"25855", b"1e308", b"-1", b"0", b"1", b'"1,5"', b";;;;;;"),
)


def check(data: bytes) -> None:
    """Check that the function's answer keeps to the contract, with finite numbers in order and the day it names."""
    shelf = Memory({log_key(ID): data})
    answer = job.answer(REQUEST, shelf)
    assert AnalysisResult.model_validate_json(answer.to_json()) == answer
    refusal = contents.refusal(data[: contents.HEAD_BYTES])
    if refusal is not None:
        check_sentence(refusal.message)
    if answer.status == AnalysisStatus.FAILED:
        check_sentence(answer.message)
        assert list(shelf.objects) == [log_key(ID)]
        return
    analysis = answer.analysis or orjson.loads(shelf.objects[str(answer.analysis_ref)])
    check_plain(analysis)
    check_ordered(analysis)
    assert Analysis.model_validate(analysis).model_dump(mode="json", by_alias=True) == analysis
    assert answer.log_date
    assert answer.log_date.date().isoformat() == analysis["overall"]["date"]["date"]
    _check_series(json.loads(gzip.decompress(shelf.objects[series_key(ID)])))


def _check_series(series: dict[str, Any]) -> None:
    check_plain(series)
    for channel in series["channels"]:
        times, values = channel["t"], channel["v"]
        assert len(times) == len(values) <= MAX_POINTS
        assert times == sorted(set(times)), channel["name"]
    for stretch in (*series["drives"], *series["regens"]):
        assert 0 <= stretch["from"] <= stretch["to"]


def check_spelling(data: bytes) -> None:
    """Line ends and a byte order mark change nothing in what is found."""
    if b"\r" in data or b"\0" in data or not data.isascii():
        return
    plain = _found(data)
    assert _found(data.replace(b"\n", b"\r\n")) == plain
    assert _found(b"\xef\xbb\xbf" + data) == plain
    assert _found(data.decode().encode("utf-16")) == plain


def _found(data: bytes) -> Any:
    try:
        analysis = analyse(read(data))
    except BadLog as error:
        return str(error)
    del analysis["quality"]["encoding"]
    return analysis


def check_shown(data: bytes) -> None:
    """Whatever the analysis, it can be shown: on a terminal, on the page of the log, and as an average's page."""
    try:
        analysis = analyse(read(data))
    except BadLog:
        return
    show(Console(file=io.StringIO(), width=100), "log.csv", analysis)
    found = average([analysis]).model_dump(mode="json", by_alias=True)
    check_plain(found)
    api, browser = _pages()
    api.answers = {
        f"analyses/{LOG_ID}": detail(analysis),
        "analyses": {"data": []},
        "average": {"status": "SUCCESS", "message": "", "average": found},
        "average/available": [],
    }
    for path in (f"/logs/{LOG_ID}", "/summary", f"/compare?a={LOG_ID}&b={LOG_ID}"):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "nan" not in page.text.lower().split(), path


@cache
def _pages() -> tuple[FakeApi, FlaskClient]:
    api = FakeApi()
    address = "http://api.invalid"
    app = create_app(Settings.model_validate({"api_url": address}), Api(address, httpx.WSGITransport(app=api.app())))
    app.testing = True
    browser = app.test_client()
    browser.set_cookie("faplog_access", "good")
    browser.set_cookie("faplog_csrf", "token")
    return api, browser


@cache
def seeds() -> list[bytes]:
    """Small logs of our own generator: of both profiles, with a regeneration, and as other tools would write them."""
    drive = _narrow(synthetic.day(minutes=2, row_sec=8)[0])
    regen = _narrow(synthetic.day(minutes=16, row_sec=9.5, regen="complete")[0])
    wide, _ = synthetic.day(profile="HDI_SID807_BR2", minutes=1, row_sec=9)
    return [
        drive,
        regen,
        wide,
        drive.replace(b";", b"\t").replace(b"\n", b"\r\n"),
        drive.replace(b";", b",").decode().encode("utf-16"),
        b"\xef\xbb\xbf" + drive + regen,
        b"Date;Time;Speed;Revs;\n9999.12.31;23:59:59;1;x;\n9999.12.31;00:00:01;5;800;\n",
        SMALL,
        b"",
        *_odd(drive),
    ]


def _odd(log: bytes) -> list[bytes]:
    """Return a log as spreadsheets and damage leave it."""
    header, *rows = log.splitlines(keepends=True)
    half = len(rows) // 2
    return [
        header + b"".join(rows[:half] + [row.replace(b":3", b":1") for row in rows[half:]]),  # the clock jumps
        header + b"".join(rows[:half]) + rows[half][:20] + b"".join(rows[half + 1 :]),  # bytes were lost
        log[: len(log) // 2] + b"\0" * 40 + log[len(log) // 2 + 40 :],
        b"Date;Time;Turbopress;Battery;\n"
        + b"3.2.2025;20:34:42,9;1.013;14,45;\n2/13/2025;8:34:43 PM;985;1.985,5;\n" * 8,
        b'Date,Time,Revs\n45691,"0,857442","1,013"\n' * 8,
        b"Date;Time;Revs;\n" + b"2025.02.03;20:34;1\xe2\x80\xaf013;\n" * 20 + b"2025.02.03;20:35;\xe2\x88\x921;\n" * 20,
        b"Date;Time;Revs;\n" + b"2025.02.03;34:42.9;800;\n" * 8,
        b"Date;Time;FAP life;Speed;\n" + b"2025.02.03;08:00:00;10765;255;\n2025.02.03;08:00:01;154300;0;\n" * 12,
        b'"SECONDS";"PID";"VALUE";"UNITS"\n"1.5";"RPM";"800";"rpm"\n',
    ]


def _narrow(log: bytes) -> bytes:
    """Return a log cut down to the columns most figures rest on."""
    rows = [line.split(";") for line in log.decode().splitlines()]
    places = [rows[0].index(name) for name in COLUMNS if name in rows[0]]
    return "".join(";".join(row[place] for place in places) + ";\n" for row in rows if len(row) > max(places)).encode()
