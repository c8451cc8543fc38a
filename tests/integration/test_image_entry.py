"""The function as its image starts it: from read-only folders, behind chunked bodies, and through SIGTERM."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, until
from tests.integration.function_process import FunctionProcess, function_process, image_layout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with image_layout(tmp_path_factory.mktemp("image"), "analyse") as home:
        yield home


@pytest.fixture
def function(tmp_path: Path, home: Path) -> Iterator[FunctionProcess]:
    with function_process(tmp_path, home, "function.handler:create_app()") as function:
        yield function


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a drive of the synthetic car."""
    from faplog.synthetic.__main__ import main

    folder = tmp_path_factory.mktemp("logs")
    main(["--days", "2", "--seed", "7", str(folder)])
    return max(folder.glob("*.csv"), key=lambda path: path.stat().st_size).read_bytes()


def test_the_same_function_starts_in_the_checkout_and_answers_the_same(
    tmp_path: Path, function: FunctionProcess, log_file: bytes
) -> None:
    in_image = function.post(log_file, Content_Type="text/csv")
    other = tmp_path / "checkout"
    other.mkdir()
    with function_process(other, ROOT, "functions.analyse.handler:create_app()") as in_checkout:
        assert in_checkout.post(log_file, Content_Type="text/csv") == in_image
    assert in_image[0] == 200
    assert json.loads(in_image[1])["overall"]["distance_km"] > 0


def test_a_chunked_body_is_read_to_its_end(function: FunctionProcess, log_file: bytes) -> None:
    """As of-watchdog sends every body."""
    connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=60)
    pieces = (log_file[start : start + 1000] for start in range(0, len(log_file), 1000))
    connection.request("POST", "/", body=pieces, headers={"Content-Type": "text/csv"}, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == function.post(log_file, Content_Type="text/csv")
    connection.close()


def test_twenty_megabytes_are_taken_and_more_are_not(function: FunctionProcess, log_file: bytes) -> None:
    limit = 20 << 20
    header, rows = log_file.split(b"\n", 1)
    full = (header + b"\n" + rows * (limit // len(rows) + 1))[:limit]
    status, body = function.post(full, Content_Type="text/csv")
    assert (status, json.loads(body).get("statusCode")) == (200, None)
    status, body = function.post(full + b"x", Content_Type="text/csv")
    assert (status, json.loads(body)["statusCode"]) == (413, 413)
    assert function.is_ready()


def test_sigterm_during_a_request_finishes_it_and_exits_0(function: FunctionProcess, log_file: bytes) -> None:
    half = len(log_file) // 2
    with function.connect() as connection:
        head = f"POST / HTTP/1.1\r\nHost: f\r\nContent-Type: text/csv\r\nContent-Length: {len(log_file)}\r\n\r\n"
        connection.sendall(head.encode() + log_file[:half])
        until(lambda: has_taken(function, connection.getsockname()[1]), what="the request has begun")
        ended: list[int] = []
        stop = threading.Thread(target=lambda: ended.append(function.terminate()))
        stop.start()
        until(lambda: has_closed(function), what="it is stopping")
        assert not ended
        connection.sendall(log_file[half:])
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        assert json.loads(answer.read())["overall"]
        stop.join(60)
    assert ended == [0]


def test_it_writes_nowhere_and_leaves_nothing(function: FunctionProcess, home: Path, log_file: bytes) -> None:
    before = sorted(home.rglob("*"))
    assert function.post(log_file, Content_Type="text/csv")[0] == 200
    assert function.terminate() == 0
    assert sorted(home.rglob("*")) == before
    assert not (Path.home() / ".gunicorn" / "gunicorn.ctl").exists()


def test_a_missing_secret_is_said_in_one_sentence(tmp_path: Path, home: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    with (
        pytest.raises(AssertionError) as raised,
        function_process(tmp_path, home, "function.handler:create_app()", FAPLOG_SECRETS_DIR=nowhere),
    ):
        pass
    assert "Cannot start, setting 'faplog-connector-secret'" in str(raised.value)
    assert "Traceback" not in str(raised.value)


@pytest.mark.parametrize(("name", "value"), [("FAPLOG_THREADS", "many"), ("FAPLOG_LOG_LEVEL", "loud")])
def test_a_wrong_setting_of_gunicorn_is_said_in_one_sentence(tmp_path: Path, home: Path, name: str, value: str) -> None:
    with (
        pytest.raises(AssertionError) as raised,
        function_process(tmp_path, home, "function.handler:create_app()", **{name: value}),
    ):
        pass
    assert f"Cannot start, setting '{name}'" in str(raised.value)
    assert "Traceback" not in str(raised.value)


def has_taken(function: FunctionProcess, port: int) -> bool:
    """Return whether it has taken the connection from this port; until then it lies in the kernel's queue."""
    remotes = [each.raddr for each in psutil.Process(function.process.pid).net_connections()]
    return any(remote.port == port for remote in remotes if remote)


def has_closed(function: FunctionProcess) -> bool:
    """Return whether it has closed its own listening socket, the first thing it does on SIGTERM."""
    try:
        sockets = psutil.Process(function.process.pid).net_connections()
    except psutil.NoSuchProcess:
        return True
    return not [each for each in sockets if each.status == psutil.CONN_LISTEN]
