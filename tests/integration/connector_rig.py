"""What the connector's tests put around it: a real NATS server, a real HTTP server as the function, its process."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar

import nats
from nats.js import JetStreamContext

from faplog import bus
from faplog.nats_users import user
from faplog.routes import Route, render
from tests.conftest import ROOT, free_port, until

SECRET = "a-secret-of-the-tests"
PATIENCE_SEC = 60.0
SOON = {"FAPLOG_CONNECTOR_ACK_WAIT_SEC": "2"}
"""What a connector that died held is delivered again soon."""
T = TypeVar("T")


class NatsServer:
    """nats-server with JetStream; may be stopped, killed and started again on the same port and files."""

    def __init__(self, folder: Path, max_payload: int | None = None) -> None:
        self.port = free_port()
        configuration: dict[str, Any] = {
            "listen": f"127.0.0.1:{self.port}",
            "jetstream": {"store_dir": str(folder / "store"), "max_file_store": 2 << 30},
            "authorization": {"users": [{"user": "tests", "password": "p"}, user("connector", "c")]},
        }
        if max_payload:
            configuration["max_payload"] = max_payload
        self._file = folder / "nats.json"
        self._file.write_text(json.dumps(configuration))
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"nats://tests:p@127.0.0.1:{self.port}"
        self.connector_url = f"nats://connector:c@127.0.0.1:{self.port}"
        """With no more than the connector's own permissions."""

    def start(self) -> None:
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        self._process = subprocess.Popen([program, "-c", self._file], stderr=subprocess.DEVNULL)
        until(self._answers, what="nats-server answers")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, question: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        """Do something with JetStream on a connection of its own."""

        async def run() -> T:
            client = await nats.connect(self.url)
            try:
                return await question(client.jetstream(timeout=PATIENCE_SEC))
            finally:
                await client.close()

        return asyncio.run(run())

    def publish(self, subject: str, *payloads: bytes, headers: dict[str, str] | None = None) -> None:
        """Publish each payload and see it stored."""

        async def run(jetstream: JetStreamContext) -> None:
            await bus.ensure_streams(jetstream)
            for payload in payloads:
                await jetstream.publish(subject, payload, headers=dict(headers) if headers else None)

        self.ask(run)

    def messages(self, subject: str, stream: str = bus.STREAM) -> list[tuple[bytes, dict[str, str]]]:
        """Payload and headers of what the stream holds on the subject, oldest first."""

        async def run(jetstream: JetStreamContext) -> list[tuple[bytes, dict[str, str]]]:
            found = []
            state = (await jetstream.stream_info(stream)).state
            for sequence in range(max(state.first_seq, 1), state.last_seq + 1):
                try:
                    message = await jetstream.get_msg(stream, sequence)
                except nats.js.errors.NotFoundError:
                    continue
                if message.subject == subject:
                    found.append((message.data or b"", dict(message.headers or {})))
            return found

        return self.ask(run)

    def dead(self, subject: str) -> list[tuple[bytes, dict[str, str]]]:
        """Return the dead letters of a subject."""
        return self.messages(bus.DEAD_PREFIX + subject, bus.STREAM_DEAD)


@dataclass
class Call:
    """One request the function got."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Behaviour:
    """How the function answers: a status and body, after a gate if there is one; or it breaks the connection."""

    status: int = 200
    body: bytes = b'{"ok": true}'
    headers: dict[str, str] = field(default_factory=dict)
    wait: threading.Event | None = None
    breaks: bool = False


class FunctionServer:
    """A function over real HTTP. `answer` decides on each call; all calls are kept."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.health_checks = 0
        self.finished = 0
        self.at_once = 0
        self.most_at_once = 0
        self.answer: Callable[[Call], Behaviour] = lambda _: Behaviour()
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        function = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with function._lock:
                    function.health_checks += self.path == "/health"
                self.send_response(204)
                self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                call = Call(dict(self.headers), body)
                with function._lock:
                    function.calls.append(call)
                    function.at_once += 1
                    function.most_at_once = max(function.at_once, function.most_at_once)
                    behaviour = function.answer(call)  # decided in the order of the calls
                if behaviour.wait:
                    behaviour.wait.wait()
                with function._lock:
                    function.at_once -= 1
                if behaviour.breaks:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                try:
                    self.send_response(behaviour.status)
                    for name, value in behaviour.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(behaviour.body)))
                    self.end_headers()
                    self.wfile.write(behaviour.body)
                    with function._lock:
                        function.finished += 1
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def bodies(self) -> list[bytes]:
        return [call.body for call in self.calls]


class Connector:
    """The connector's process.

    NATS gives it as long for a sign of life as in production, so that a busy machine makes no second deliveries; a
    test that waits for one says `**SOON`.
    """

    def __init__(self, folder: Path, server: NatsServer, routes: list[Route], **environment: str) -> None:
        self.folder = folder
        self.log = folder / f"connector-{free_port()}.log"
        (folder / "secrets").mkdir(exist_ok=True)
        (folder / "secrets" / "faplog-connector-nats").write_text(server.connector_url + "\n")
        (folder / "secrets" / "faplog-connector-secret").write_text(SECRET + "\n")
        self.routes = folder / "routes.json"
        self.routes.write_text(render(routes))
        self.environment = {
            "FAPLOG_SECRETS_DIR": str(folder / "secrets"),
            "FAPLOG_CONNECTOR_RETRY_SEC": "0.05",
            "FAPLOG_LOG_LEVEL": "DEBUG",
        } | environment
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        until(lambda: self.get("/readyz")[0] == 200, what="the connector is ready")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self, grace: float = 60) -> None:
        arguments = ["--routes", str(self.routes), "--health", f"127.0.0.1:{self.port}", "--grace", str(grace)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "connector", *arguments],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send the signal and wait for the end; the exit code."""
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(60)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SEC) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def events(self) -> list[dict[str, Any]]:
        """Return what it logged so far; every line must be JSON, but for one it is about to finish."""
        whole, _, _ = self.log.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]


def analyse_route(function: FunctionServer, **more: Any) -> Route:
    """Return the route of a function that takes requests for analyses; it may take long."""
    given: dict[str, Any] = {"concurrency": 2, "timeout_sec": 300} | more
    return Route(function="analyse", url=function.url, topic="analysis.request", reply_topic="analysis.result", **given)


@contextmanager
def nats_server(folder: Path, max_payload: int | None = None) -> Iterator[NatsServer]:
    """Yield a NATS server that runs until the block ends."""
    server = NatsServer(folder, max_payload)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def function_server() -> Iterator[FunctionServer]:
    """Yield a function that runs until the block ends."""
    function = FunctionServer()
    function.start()
    try:
        yield function
    finally:
        function.stop()
