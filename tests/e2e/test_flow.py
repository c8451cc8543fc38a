"""The whole flow through the edge: register, upload, analyses, averages; and everything a client can do wrong."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from faplog.synthetic import day, month
from tests import buckets
from tests.conftest import ROOT, Stack, until
from tests.e2e.account import Account, averaged

pytestmark = pytest.mark.stack

REAL_LOG = ROOT.parent / "shared" / "logs" / "DCM62v2_20250203.csv"


@pytest.fixture(scope="module")
def account(stack: Stack) -> Iterator[Account]:
    """Yield one user for the tests that leave nothing behind."""
    account = Account(stack)
    yield account
    account.http.close()


@pytest.fixture
def fresh(stack: Stack) -> Iterator[Account]:
    """Yield a user of one test's own."""
    account = Account(stack)
    yield account
    account.http.close()


def objects(stack: Stack) -> set[str]:
    """Return the keys of all uploaded logs."""
    return {key for key, _ in buckets.of_stack(stack).list("logs/")}


def zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as entries:
        for name, content in files.items():
            entries.writestr(name, content)
    return archive.getvalue()


@pytest.mark.skipif(not REAL_LOG.exists(), reason=f"the real logs are not at {REAL_LOG.parent}")
def test_a_real_log(fresh: Account) -> None:
    content = REAL_LOG.read_bytes()
    [analysis_id] = fresh.ids(fresh.upload(REAL_LOG.name, content))
    fresh.settled()
    found = fresh.one(analysis_id)
    assert (found["status"], found["fileName"]) == ("Success", REAL_LOG.name)
    assert found["distance"] == pytest.approx(3.78, rel=0.01)
    assert found["analysis"]["quality"]["profile"] == "DCM62v2"
    assert fresh.average()["overall"]["distance_km"] == pytest.approx(found["distance"], rel=0.01)
    assert fresh.http.get(f"/analyses/{analysis_id}/file").content == content
    assert fresh.http.get(f"/analyses/{analysis_id}/series").is_success
    # Again the same content: the same analysis, not a second one.
    assert fresh.ids(fresh.upload("another-name.csv", content)) == [analysis_id]
    assert fresh.count() == 1
    assert fresh.http.delete(f"/analyses/{analysis_id}").status_code == httpx.codes.NO_CONTENT
    until(lambda: fresh.http.get("/average", params={"type": "OVERALL"}).status_code == httpx.codes.NOT_FOUND)


def test_a_month_in_a_zip_becomes_analyses_and_averages(fresh: Account, tmp_path: Path) -> None:
    logs = {f"month/{truth['file']}": (content, truth) for content, truth in month(days=30)}
    files = {name: content for name, (content, _) in logs.items()}
    answer = fresh.upload("month.zip", zipped(files | {"__MACOSX/x.csv": b"x", "notes.txt": b"a note"}))
    ids = fresh.ids(answer)
    assert len(ids) == 30
    assert any("notes.txt" in str(skipped) for skipped in answer.json()["skipped"])
    fresh.settled(120)
    found = [fresh.one(analysis_id) for analysis_id in ids]
    assert {one["status"] for one in found} == {"Success"}
    truths = [truth for _, truth in logs.values()]
    average = fresh.average(60)
    assert average == averaged([{**one, "analysisId": one["id"]} for one in found], tmp_path)
    assert average["overall"]["logs"] == 30
    assert average["overall"]["distance_km"] == pytest.approx(sum(truth["distance_km"] for truth in truths), rel=0.01)
    assert any(one["fapRegen"] for one in found)
    periods = fresh.http.get("/average/available").raise_for_status().json()
    assert "2025" in str(periods)
    assert fresh.average(type="MONTHLY", year="2025", month="3")["overall"]["logs"] == 30


def test_the_short_form(fresh: Account, stack: Stack) -> None:
    content, _ = day(seed=3, minutes=6)
    base = httpx.URL(stack.url)
    answer = fresh.http.post(base.join("/analyse"), files={"file": ("day.csv", content)})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    where = base.join(f"/analyse/{answer.json()['id']}")
    until(lambda: fresh.http.get(where).status_code == httpx.codes.OK)
    assert fresh.http.get(where).json()["overall"]


def test_a_log_that_cannot_be_read_fails_with_a_sentence(fresh: Account) -> None:
    content, _ = day(seed=4, minutes=6)
    header = content.splitlines()[0]
    [analysis_id] = fresh.ids(fresh.upload("short.csv", header + b"\nno,numbers,here\n"))
    fresh.settled()
    found = fresh.one(analysis_id)
    assert found["status"] == "Failed"
    assert found["message"].startswith(("Failed to read csv file: ", "Failed to process data: "))


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("empty.csv", b"", 400),
        ("manual.csv", PDF, 400),
        ("manual.pdf", PDF, 400),
        ("photos.zip", zipped({"photo.jpg": b"\xff\xd8\xff"}), 400),
        ("broken.zip", b"PK\x03\x04 and no more", 400),
        ("words.csv", b"dear diary,\nnothing happened\n", 400),
        ("large.csv", b"a;b\n" + b"1;2\n" * 5_250_000, 413),
    ],
    ids=["empty", "pdf as csv", "pdf", "zip without csv", "broken zip", "no header", "21 MB"],
)
def test_a_bad_file_is_refused_without_a_trace(
    account: Account, stack: Stack, name: str, content: bytes, status: int
) -> None:
    before = objects(stack)
    refused(account.upload(name, content), status)
    assert account.count() == 0
    assert not objects(stack) - before  # what others deleted may be going meanwhile


def refused(answer: httpx.Response, *statuses: int) -> None:
    """Check that it is one of these statuses, in the one shape of errors, with a sentence for people."""
    assert answer.status_code in statuses, answer.text
    said = answer.json()
    assert said["statusCode"] == answer.status_code
    assert said["error"]
    assert len(said["message"].split()) > 2
    assert "Traceback" not in answer.text


def test_no_file(account: Account) -> None:
    refused(account.http.post("/analyses"), 400, 415)
    refused(account.http.post("/analyses", files={"picture": ("a.csv", b"x")}), 400)
    refused(account.http.post("/analyses", content=b"{}", headers={"Content-Type": "application/json"}), 400, 415)


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Bearer a.b.c", "Basic dXNlcjpwYXNz"])
def test_a_wrong_token(account: Account, token: str) -> None:
    for method, path in (("GET", "/analyses"), ("POST", "/analyses"), ("GET", "/average?type=OVERALL")):
        refused(account.http.request(method, path, headers={"Authorization": token}), 401)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"email": 1}', b"\xff\xfe", b"null"])
def test_malformed_json(account: Account, body: bytes) -> None:
    for path in ("/auth/login", "/auth/register"):
        refused(account.http.post(path, content=body, headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("wrong", ["1", "not-a-uuid", "00000000-0000-0000-0000-000000000000", "%00", "..;x"])
def test_an_id_that_is_none(account: Account, wrong: str) -> None:
    for suffix in ("", "/file", "/series"):
        answer = account.http.get(f"/analyses/{wrong}{suffix}")
        assert answer.status_code in (400, 404), answer.text
    assert account.http.delete(f"/analyses/{wrong}").status_code in (400, 404)


def test_another_users_analysis_is_not_there(account: Account, fresh: Account) -> None:
    [analysis_id] = fresh.ids(fresh.upload("mine.csv", day(seed=5, minutes=6)[0]))
    for method, path in (("GET", ""), ("GET", "/file"), ("GET", "/series"), ("DELETE", "")):
        refused(account.http.request(method, f"/analyses/{analysis_id}{path}"), 404)
    fresh.settled()
    assert fresh.one(analysis_id)["status"] == "Success"


def test_messages_are_taken_only_from_the_connector(stack: Stack) -> None:
    """Neither through the edge, which strips what marks a message, nor directly without the secret."""
    secret = (stack.secrets / "faplog-connector-secret").read_text("utf-8")
    marks = {"X-Topic": "analysis.result", "X-Connector-Secret": secret}
    for path in ("/", "/api/v1/", "/api/v1"):
        assert httpx.post(f"{stack.url}{path}", json={}, headers=marks, timeout=60).status_code in (404, 405)
    for url in stack.runtime["functions"].values():
        without = httpx.post(url, json={}, headers={"X-Topic": "analysis.result"}, timeout=60)
        assert without.status_code == httpx.codes.UNAUTHORIZED, url
