"""The client against a server that answers as the test says."""

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from faplog.client import (
    AddressInvalid,
    AnalysisFailed,
    ApiError,
    Client,
    FaplogError,
    NotFaplog,
    OtherVersion,
    TokenInvalid,
    Unreachable,
    Uploaded,
)
from faplog.client.client import base_address
from faplog.contracts.errors import ErrorCode
from faplog.contracts.messages import AnalysisStatus
from tests.unit.client.scripted import Reply, Scripted, as_json, refusal, scripted

TOKEN = "faplog_" + "A" * 43
ID = UUID("11111111-2222-4333-8444-555555555555")
ACCEPTED = as_json({"ids": [str(ID)]}, 202)
HTML = Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
LOG = {
    "id": str(ID),
    "fileName": "a.csv",
    "createdAt": "2025-02-03T12:00:00.000Z",
    "logDate": None,
    "status": "Processing",
    "stage": "analyse",
    "message": None,
    "code": None,
    "params": None,
    "fapRegen": False,
    "distance": None,
    "verdict": None,
    "supersededBy": None,
}
REPORT = {name: value for name, value in LOG.items() if name not in ("createdAt", "verdict")} | {"analysis": None}


@contextmanager
def served(*replies: Reply) -> Iterator[tuple[Client, Scripted, list[float]]]:
    slept: list[float] = []
    with scripted(*replies) as server, Client(server.url, TOKEN, sleep=slept.append) as client:
        yield client, server, slept


def test_an_upload_carries_the_token_the_name_and_the_content() -> None:
    with served(ACCEPTED) as (client, server, _):
        assert client.upload(b"Date;Time\n", "DCM62v2_20250203.csv") == Uploaded(ids=[ID])
    (sent,) = server.requests
    assert (sent.method, sent.path) == ("POST", "/api/v1/analyses")
    assert sent.headers["Authorization"] == f"Bearer {TOKEN}"
    assert b'name="file"; filename="DCM62v2_20250203.csv"' in sent.body
    assert b"Date;Time\n" in sent.body


def test_an_upload_reports_its_progress(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x" * 200_000)
    steps: list[tuple[int, int]] = []
    with served(ACCEPTED) as (client, server, _):
        client.upload(tmp_path / "a.csv", progress=lambda done, size: steps.append((done, size)))
    assert steps[-1] == (200_000, 200_000)
    assert len(steps) > 1
    assert b"x" * 200_000 in server.requests[0].body


def test_a_repeated_upload_is_whole() -> None:
    with served(refusal(429, "RATE_LIMITED", Retry_After="3"), Reply(drop=True), ACCEPTED) as (client, server, slept):
        client.upload(io.BytesIO(b"content"), "a.csv")
    assert slept == [3, 2]
    assert len(server.requests) == 3
    assert all(b"content" in request.body for request in server.requests)


def test_an_upload_without_a_name_is_refused_before_it_is_sent() -> None:
    with served(ACCEPTED) as (client, server, _), pytest.raises(ValueError, match="needs a name"):
        client.upload(b"content")
    assert server.requests == []


def test_a_refusal_has_its_code_and_parameters() -> None:
    reply = refusal(413, "UPLOAD_TOO_LARGE", "The file is larger than 20 MB.", {"max_mb": 20})
    with served(reply) as (client, _, slept), pytest.raises(ApiError, match="larger than 20 MB") as raised:
        client.upload(b"content", "a.csv")
    assert (raised.value.status, raised.value.code, raised.value.params) == (
        413,
        ErrorCode.UPLOAD_TOO_LARGE,
        {"max_mb": 20},
    )
    assert slept == []


def test_a_code_of_a_newer_server_is_passed_on() -> None:
    with served(refusal(400, "FROM_THE_FUTURE")) as (client, _, _), pytest.raises(ApiError) as raised:
        client.log(ID)
    assert raised.value.code == "FROM_THE_FUTURE"


@pytest.mark.parametrize(
    "reply",
    [HTML, Reply(404, b"<html>", {"Content-Type": "text/html"}), as_json({"hello": "world"}, 404), as_json([1])],
)
def test_another_server_is_noticed(reply: Reply) -> None:
    with served(reply) as (client, _, slept), pytest.raises(NotFaplog, match="not like a faplog server"):
        client.check()
    assert slept == []


def test_a_redirect_is_not_followed_and_names_the_other_address() -> None:
    with scripted(HTML) as other, served(Reply(301, headers={"Location": f"{other.url}/x"})) as (client, _, _):
        with pytest.raises(NotFaplog, match="redirects to"):
            client.check()
        assert other.requests == []


def test_a_download_follows_to_the_store_without_the_token() -> None:
    content = Reply(200, b"Date;Time", {"Content-Type": "text/csv"})
    with scripted(content) as store, served(Reply(302, headers={"Location": f"{store.url}/a"})) as (client, _, _):
        assert client.file(ID) == b"Date;Time"
        assert "Authorization" not in store.requests[0].headers


def test_a_proxy_without_its_server_is_waited_for() -> None:
    gone = Reply(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
    with served(gone, gone, as_json(REPORT)) as (client, _, slept):
        assert client.log(ID).file_name == "a.csv"
    assert slept == [1, 2]


def test_a_server_that_is_away_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with Client(url, TOKEN, patience_sec=0) as client, pytest.raises(Unreachable, match=f"{url} does not answer"):
            client.check()


def test_the_check_passes_with_a_token_that_may_only_upload() -> None:
    with served(as_json({"status": "ok"}), refusal(403, "API_TOKEN_SCOPE_MISSING")) as (client, _, _):
        client.check()


def test_the_check_refuses_a_revoked_token() -> None:
    with (
        served(as_json({"status": "ok"}), refusal(401, "API_TOKEN_INVALID")) as (client, _, _),
        pytest.raises(ApiError) as raised,
    ):
        client.check()
    assert raised.value.status == 401


def test_the_list_is_read_page_by_page() -> None:
    def page(number: int) -> Reply:
        return as_json(
            {"data": [LOG | {"fileName": f"{number}.csv"}], "pagination": {"totalItems": 2, "totalPages": 2}}
        )

    with served(page(1), page(2)) as (client, server, _):
        assert [log.file_name for log in client.logs(superseded=False)] == ["1.csv", "2.csv"]
    assert "superseded=false" in server.requests[0].path
    assert "page=2" in server.requests[1].path


def test_fields_of_a_newer_server_are_ignored() -> None:
    with served(as_json(REPORT | {"car": {"name": "C5"}})) as (client, _, _):
        assert client.log(ID).status is AnalysisStatus.PROCESSING


def test_an_analysis_of_another_version_is_named_and_can_be_had_raw() -> None:
    old: dict[str, Any] = REPORT | {"analysis": {"overall": {}}}
    with served(as_json(old)) as (client, _, _):
        with pytest.raises(OtherVersion, match=r"analysis\.overall\.\w+: Field required"):
            client.log(ID)
        assert client.get_json(f"/analyses/{ID}") == old


def test_waiting_ends_with_the_analysis() -> None:
    with served(as_json(REPORT), as_json(REPORT | {"status": "Success"})) as (client, _, slept):
        assert client.wait(ID).status is AnalysisStatus.SUCCESS
    assert slept == [1]


def test_waiting_for_a_log_that_cannot_be_read_raises_the_reason() -> None:
    failed = {"status": "Failed", "message": "It has no rows.", "code": "NO_ROWS", "params": {}}
    with served(as_json(REPORT | failed)) as (client, _, _), pytest.raises(AnalysisFailed, match="no rows") as raised:
        client.wait(ID)
    assert raised.value.code == ErrorCode.NO_ROWS


def test_waiting_ends_after_the_given_time() -> None:
    with served(as_json(REPORT)) as (client, _, _), pytest.raises(FaplogError, match="not analysed within 0 s"):
        client.wait(ID, timeout_sec=0)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://faplog.example.org", "https://faplog.example.org"),
        (" https://faplog.example.org/api/v1/ ", "https://faplog.example.org"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://example.org/faplog", "https://example.org/faplog"),
    ],
)
def test_an_address_may_be_given_with_or_without_the_api(url: str, address: str) -> None:
    assert base_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "faplog.example.org",
        "ftp://example.org",
        "http://",
        "https://a:99999",
        "https://u:p@a.org",
        "https://a.org?x",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressInvalid) as raised:
        base_address(url)
    assert "u:p" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "two\nlines", "jeton-é"])
def test_what_cannot_be_a_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        Client("http://127.0.0.1:1", token)


def test_no_text_of_the_client_shows_its_token() -> None:
    with Client("http://127.0.0.1:1", TOKEN, patience_sec=0) as client:
        with pytest.raises(Unreachable) as raised:
            client.check()
        assert TOKEN not in f"{client!r} {raised.value} {raised.value.__cause__!r} {vars(client)}"
