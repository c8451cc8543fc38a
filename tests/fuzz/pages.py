"""Any query, cookies, languages and form at the doors of the pages: a page or a refusal, and never another site."""

from functools import cache
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from tests.fuzz.messages import analyses, without_500
from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, OTHER_ID, FakeApi, detail, item, listing
from ui.api import Api
from ui.app import create_app
from ui.settings import Settings

ADDRESS: Final = "http://api.invalid"

WORDS: Final = (
    *(b"?", b"&", b"=", b"%", b"%00", b"%0d%0a", b"%ff", b"%ed%a0%80", b"//", b"/\\", b"\\", b"/", b"..", b"\n", b";"),
    *(b"sort=", b"show=", b"q=", b"page=", b"year=", b"month=", b"a=", b"b=", b"next=", b"fragment=1", b"ended="),
    *(b"language=", b"theme=", b"units=", b"faplog_language=fr", b"faplog_theme=dark", b"faplog_units=mi", b"mi"),
    *(b"next=//evil.example", b"next=/%09/evil.example", b"next=https:evil.example", b"pl-PL,fr;q=0.5", b"q=nan", b"*"),
    *(b"9999", b"-1", b"1e9", b"%D9%A1", LOG_ID.encode(), b"faplog_access=good", b"__Host-faplog_access=", b"\xff"),
)


def check(data: bytes) -> None:
    """Four lines: path and query (of visible ASCII: gunicorn refuses any other), cookies, languages, a form."""
    path, cookies, languages, form = (*data.split(b"\n", 3), b"", b"", b"")[:4]
    headers = {"Cookie": cookies.decode("latin-1"), "Accept-Language": languages.decode("latin-1")}
    headers = {name: "".join(c for c in value if c not in "\r\n\x00") for name, value in headers.items()}
    where, _, query = "".join(char for char in path.decode("ascii", "ignore") if char > " ").partition("?")
    page = _answer(headers, PATH_INFO=f"/{unquote(where, 'latin-1').removeprefix('/')}", QUERY_STRING=query)
    assert page.status_code < 500, page.status_code
    _check_stays(page.headers.get("Location"))
    form_type = "application/x-www-form-urlencoded"
    chosen = _answer(headers, form, PATH_INFO="/preferences", REQUEST_METHOD="POST", CONTENT_TYPE=form_type)
    assert chosen.status_code == 303
    _check_stays(chosen.headers["Location"])


def _answer(headers: dict[str, str], body: bytes = b"", **environ: str) -> Response:
    """Return the answer to a request as a server hands it on; a test client would read `//host` as an address."""
    made = EnvironBuilder(headers=Headers(headers), data=body).get_environ()
    return Response.from_app(_app(), made | environ, buffered=True)


def _check_stays(location: str | None) -> None:
    """Check that a browser is sent to this site, as browsers read addresses (a backslash is a slash to them)."""
    if location is not None:
        target = urlsplit(location.replace("\\", "/"))
        assert target.netloc in ("", "localhost"), location
        assert target.scheme in ("", "http"), location
        assert not location.startswith("//"), location


@cache
def _app() -> Flask:
    api = FakeApi()
    api.answers = {
        "analyses": listing(item(), item(OTHER_ID)),
        f"analyses/{LOG_ID}": detail(analyses()[0]),
        f"analyses/{OTHER_ID}": detail(ANALYSIS),
        "average/available": [{"type": "MONTHLY", "year": 2025, "month": 3}],
        "average": {"status": "CALCULATING", "message": None, "average": None},
        "account": {"email": "a@example.org"},
    }
    client = Api(ADDRESS, httpx.WSGITransport(app=api.app()))
    return without_500(create_app(Settings.model_validate({"api_url": ADDRESS}), client))


@cache
def seeds() -> list[bytes]:
    """Return a request for each page, signed in and not, in each language."""
    known = b"faplog_access=good; faplog_csrf=token"
    form = b"next=/logs&language=pl&theme=dark&units=mi"
    return [
        b"/logs?sort=name&show=act&q=a%20b&page=2\n" + known + b"; faplog_units=mi\nfr-FR,en;q=0.5\n" + form,
        b"/summary?year=2025&month=3\n" + known + b"; faplog_language=pl\n\nnext=/summary%3Fyear=2025",
        f"/compare?a={LOG_ID}&b={OTHER_ID}\n".encode() + known + b"\nde\n",
        f"/logs/{LOG_ID}?fragment=1\n".encode() + known + b"; faplog_theme=light\n*\nunits=km",
        b"/login?next=/logs%3Fq=1&ended=1\n\npl\nnext=//x",
        b"/logs?fragment=1\nfaplog_access=bad\n\n",
        b"/\n\n\n",
    ]
