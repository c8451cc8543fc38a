"""Fifty people register and log in at once, in the function as its image starts it: the others are still answered."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import psutil
from flask import Flask

from faplog import stack
from standalone.servers import Servers
from standalone.system import limit_bytes
from tests.conftest import ROOT
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import PASSWORD, arrive, some_email, somewhere

CROWD = 50
API = next(function for function in stack.read(ROOT / "stack.yml", {}) if function.name == "api")


def post(process: FunctionProcess, path: str, email: str, address: str) -> int:
    """Return the status of a registration or login; a refusal for now is tried again, as a client does."""
    content = json.dumps({"email": email, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
    while True:
        request = urllib.request.Request(f"{process.url}/api/v1/auth/{path}", content, headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 503:
                    return error.code


def memory_of(process: FunctionProcess) -> int:
    """Return what all processes of the function have in memory, in bytes; shared pages count in each."""
    parent = psutil.Process(process.process.pid)
    return sum(one.memory_info().rss for one in [parent, *parent.children(recursive=True)])


def test_fifty_at_once_and_the_others_are_answered(api_app: Flask, servers: Servers, tmp_path: Path) -> None:
    guest = arrive(api_app)
    told = dict(servers.environment) | {
        "FAPLOG_FUNCTION_NAME": "api",
        "FAPLOG_THREADS": API.environment["FAPLOG_THREADS"],
        "MALLOC_ARENA_MAX": "2",
    }
    done, answered, most = Event(), [], [0]
    with function_process(tmp_path, ROOT, "functions.api.handler:create_app()", **told) as process:

        def look() -> None:
            """Work as a user who is logged in until the crowd is through."""
            headers = {"Authorization": f"Bearer {guest.access_token}"}
            while not done.is_set():
                asked = urllib.request.Request(f"{process.url}/api/v1/analyses", headers=headers)
                with urllib.request.urlopen(asked, timeout=120) as answer:
                    answered.append(answer.status)
                most[0] = max(most[0], memory_of(process))

        def come(_: int) -> tuple[int, int]:
            email, address = some_email(), somewhere()
            return post(process, "register", email, address), post(process, "login", email, address)

        looking = Thread(target=look)
        looking.start()
        with ThreadPoolExecutor(CROWD) as pool:
            statuses = list(pool.map(come, range(CROWD)))
        during = len(answered)
        done.set()
        looking.join()
        assert process.terminate() == 0
    assert statuses == [(201, 200)] * CROWD
    assert during > 5, "the others waited for the whole crowd"
    assert set(answered) == {200}
    assert most[0] < limit_bytes(API.limits["memory"])
