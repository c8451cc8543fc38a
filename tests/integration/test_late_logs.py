"""A log that cannot be finished, through the real connector and API: the averages do not wait for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from werkzeug.serving import make_server

from faplog.routes import Route
from functions.api.settings import Settings
from tests.conftest import free_port, until
from tests.integration.connector_rig import SECRET, Behaviour, Call, Connector, FunctionServer, function_server
from tests.integration.delivery import Rig, average_of, get, rig, success, uploaded
from tests.integration.people import arrive


@contextmanager
def served(system: Rig) -> Iterator[str]:
    """Yield the API over HTTP; its address."""
    server = make_server("127.0.0.1", free_port(), system.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("failing", [Behaviour(status=500), Behaviour(breaks=True)], ids=["fails", "crashes"])
def test_averages_do_not_wait_for_a_log_whose_try_failed(
    api_settings: Settings, tmp_path: Path, function: FunctionServer, failing: Behaviour
) -> None:
    settings = api_settings.model_copy(update={"connector_secret": SecretStr(SECRET)})
    mended = threading.Event()
    bad = ""

    def answer(call: Call) -> Behaviour:
        request = orjson.loads(call.body)
        if request["data"]["fileName"] == bad and not mended.is_set():
            return failing
        return Behaviour(body=orjson.dumps(success(request["data"]["fileName"])))

    function.answer = answer
    with rig(settings, tmp_path) as system, served(system) as url, function_server() as average:
        average.answer = lambda call: Behaviour(body=orjson.dumps(average_of(orjson.loads(call.body))))
        person = arrive(system.app)
        good, last = uploaded(person), uploaded(person)
        bad = str(last)
        routes = [
            Route(function="analyse", url=function.url, topic="analysis.request", reply_topic="analysis.result"),
            Route(function="average", url=average.url, topic="average.request", reply_topic="average.result"),
            Route(function="api", url=url, topic="*.result", concurrency=4),
        ]
        # With these pauses the tries would go on for minutes, as in production.
        with Connector(tmp_path, system.broker, routes, FAPLOG_CONNECTOR_RETRY_SEC="5"):
            until(lambda: get(person, f"/analyses/{good}")["status"] == "Success", what="the good one is done")
            until(lambda: _averaged(system, person.id) == {1}, what="the averages are there without the bad one")
            assert get(person, f"/analyses/{last}")["status"] == "Processing"
            mended.set()
            until(lambda: get(person, f"/analyses/{last}")["status"] == "Success", what="the bad one is done")
            until(lambda: _averaged(system, person.id) == {2}, what="the averages are made again with it")


def _averaged(system: Rig, user_id: object) -> set[int]:
    """Return how many logs are in each average of a user; none while one is not there yet."""
    rows = system.sql("SELECT status, average FROM fap_average WHERE user_id = %s", user_id)
    done = all(row["status"] == "SUCCESS" for row in rows)
    return {row["average"]["overall"]["logs"] for row in rows} if done else set()
