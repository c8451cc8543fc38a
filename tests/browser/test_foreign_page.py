"""A page of another origin, open in the same machine's browser, against every port: nothing is changed by it."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import nats
import psycopg
import pytest
from playwright.sync_api import Browser

from faplog import bus
from tests import buckets
from tests.browser.conftest import Driver
from tests.conftest import Stack, until
from tests.listening import assigned, listening

pytestmark = pytest.mark.stack

TABLES: Final = ("users", "sessions", "refresh_tokens", "fap_analysis", "fap_average", "fap_link")
GIVE_UP_MS: Final = 20_000
"""When the page no longer waits for an answer; what a request does, it has done by then."""

ADDRESSES: Final = (
    "/",
    # The object store's master, volume server, filer and S3
    "/col/delete?collection=faplog",
    "/dir/assign?collection=faplog",
    "/vol/grow?collection=faplog&count=1",
    "/vol/vacuum?garbageThreshold=0.0",
    "/submit",
    "/buckets/faplog/logs/planted.csv",
    "/buckets/faplog/?recursive=true&_method=DELETE",
    "/delete?fileId=1,01",
    "/faplog/logs/planted.csv",
    "/faplog?delete",
    # The API and the functions
    "/api/v1/auth/login",
    "/api/v1/auth/logout",
    "/api/v1/auth/refresh",
    "/api/v1/analyses",
    "/api/v1/account",
    "/analyse",
)
MESSAGE: Final = json.dumps({"pattern": "analysis.result", "data": {}})
SMUGGLED: Final = "CONNECT {}\r\nPUB analysis.request 2\r\n{}\r\n"

ATTACK: Final = """
async ([ports, addresses, bodies, giveUpMs]) => {
    const within = promise => Promise.race([promise, new Promise(end => setTimeout(end, giveUpMs))]).catch(() => {});
    const image = url => new Promise(end => {
        const element = new Image();
        element.onload = element.onerror = end;
        element.src = url;
    });
    const form = (url, enctype, body) => new Promise(end => {
        const frame = document.createElement("iframe");
        frame.name = `frame-${Math.random()}`;
        document.body.append(frame);
        const element = document.createElement("form");
        Object.assign(element, {method: "POST", action: url, target: frame.name, enctype});
        const input = document.createElement("input");
        Object.assign(input, {name: "file", value: body});
        element.append(input);
        document.body.append(element);
        frame.onload = end;
        element.submit();
    });
    const attack = async port => {
        const sent = [];
        for (const address of addresses) {
            const url = `http://127.0.0.1:${port}${address}`;
            sent.push(within(image(url)));
            for (const body of bodies) {
                const signal = AbortSignal.timeout(giveUpMs);
                const headers = {"Content-Type": "text/plain"};
                const options = {method: "POST", mode: "no-cors", credentials: "include", headers, body, signal};
                sent.push(within(fetch(url, options)));
            }
        }
        for (const enctype of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
            for (const address of ["/", "/submit", "/buckets/faplog/logs/planted.csv", "/faplog", "/api/v1/analyses"])
                sent.push(within(form(`http://127.0.0.1:${port}${address}`, enctype, bodies[0])));
        await Promise.all(sent);
        return port;
    };
    return await Promise.all(ports.map(attack));
}
"""

READ: Final = """
async ([ports, addresses]) => {
    const read = [];
    for (const port of ports)
        for (const address of addresses)
            try {
                const answer = await fetch(`http://127.0.0.1:${port}${address}`, {signal: AbortSignal.timeout(10000)});
                read.push([port, address, answer.status]);
            } catch {}
    return read;
}
"""


@contextmanager
def foreign_page() -> Iterator[str]:
    """Serve an empty page from an origin and a host name that are not the system's."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_address[1]}/"
        finally:
            server.shutdown()


def rows(stack: Stack) -> dict[str, str]:
    """Return a digest of every table a person's data is in."""
    digests = {}
    with psycopg.connect((stack.secrets / "faplog-owner-database").read_text("utf-8")) as connection:
        for table in TABLES:
            found = connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1".encode()).fetchall()
            digests[table] = hashlib.sha256(repr(found).encode()).hexdigest()
    return digests


def objects(stack: Stack) -> dict[str, str]:
    store = buckets.of_stack(stack)
    return {key: hashlib.sha256(store.get(key) or b"").hexdigest() for key, _ in store.list("")}


def streams(stack: Stack) -> dict[str, Any]:
    """Return how many messages each stream has, and has ever had."""

    async def look() -> dict[str, Any]:
        url = (stack.secrets / "faplog-connector-nats").read_text("utf-8")
        client = await nats.connect(url, inbox_prefix=bus.inbox_prefix("connector"))
        try:
            states = {
                name: (await client.jetstream().stream_info(name)).state for name in (bus.STREAM, bus.STREAM_DEAD)
            }
            return {name: (state.messages, state.last_seq) for name, state in states.items()}
        finally:
            await client.close()

    found: dict[str, Any] = {}
    thread = threading.Thread(target=lambda: found.update(asyncio.run(look())))
    thread.start()  # Playwright has an event loop in this thread
    thread.join()
    return found


def everything(stack: Stack) -> dict[str, Any]:
    return {"rows": rows(stack), "objects": objects(stack), "streams": streams(stack)}


def settled(stack: Stack) -> dict[str, Any]:
    """Return what there is, once nothing is in work any more."""

    def twice() -> dict[str, Any] | None:
        first = everything(stack)
        return first if first == everything(stack) and first["streams"][bus.STREAM][0] == 0 else None

    return until(twice, 120, what="nothing changes any more")


@pytest.fixture
def elsewhere(chromium: Browser) -> Iterator[Callable[[str, list[Any]], list[Any]]]:
    """Return a function that runs a script in a page of another origin."""
    with foreign_page() as url:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(url)
        yield partial(page.evaluate)
        context.close()


def test_a_page_of_another_origin_changes_nothing(
    stack: Stack, driver: Driver, elsewhere: Callable[[str, list[Any]], list[Any]]
) -> None:
    ports = list(listening(stack).values())
    before = settled(stack)
    assert len(before["objects"]) >= 10, "there is something to lose"
    done = elsewhere(ATTACK, [ports, list(ADDRESSES), [MESSAGE, SMUGGLED], GIVE_UP_MS])
    assert done == ports
    after = settled(stack)
    assert sorted(after["objects"]) == sorted(before["objects"])
    assert after == before
    assert driver.owner.http.get(f"/api/v1/analyses/{driver.regenerated}/file").status_code == 200


def test_a_page_of_another_origin_reads_nothing(
    stack: Stack, driver: Driver, elsewhere: Callable[[str, list[Any]], list[Any]]
) -> None:
    """Of no port may a page of elsewhere see an answer, but that S3 is there."""
    asked = ["/", "/healthz", "/health", "/varz", "/connz", "/dir/status", "/metrics", "/faplog", "/api/v1/analyses"]
    names = {port: name for name, port in assigned(stack).items()}
    readable = {(names[port], path, status) for port, path, status in elsewhere(READ, [list(names), asked])}
    assert readable <= {("s3-s3", "/", 403), ("s3-s3", "/healthz", 200)}
