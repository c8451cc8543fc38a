"""The programs of one machine: the functions of stack.yml as their image runs them, connector, pages, reconcile."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from faplog import routes, stack
from standalone import edge
from standalone.credentials import mount
from standalone.ports import HOST, assign, responds_ok
from standalone.program import Program
from standalone.servers import Servers
from standalone.state import Problem, State, write_private

ROOT: Final = Path(__file__).parents[1]
RECONCILE_EVERY_SEC: Final = 15
OVERDUE_SEC: Final = 20
"""The longest time a message is in transit on one machine. A message that is still queued is not published again."""
UI_THREADS: Final = 8
_UNITS: Final = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


@dataclass(frozen=True)
class Scale:
    """Limits of a function's replicas: always `least`, up to `most` while requests wait."""

    least: int
    most: int
    idle_sec: int


@dataclass(frozen=True)
class System:
    """Every program beside the servers, and its address."""

    edge: Program
    functions: Mapping[str, Program]
    scales: Mapping[str, Scale]
    others: tuple[Program, ...]
    migration: Program
    urls: Mapping[str, str]
    """Base address of each function, of `ui`, `connector` and `edge`."""


def plan(state: State, servers: Servers, port: int, file: Path) -> System:
    """Read a stack.yml and return how each of its functions, and the rest, is started here.

    Raises:
        Problem: stack.yml asks for what a laptop cannot give.
    """
    variables = {
        "S3_ENDPOINT": servers.s3.endpoint,
        "S3_BUCKET": servers.s3.bucket,
        "REGISTRATION": os.environ.get("FAPLOG_REGISTRATION", "open"),
    }
    try:
        functions = stack.read(file, variables)
    except (OSError, ValueError) as error:
        raise Problem(f"{file} cannot be read: {error}") from error
    ports = assign(state, [*(function.name for function in functions), "ui", "connector"], avoid=[port])
    urls = {name: f"http://{HOST}:{number}" for name, number in ports.items()} | {"edge": f"http://{HOST}:{port}"}
    functions = stack.read(
        file, variables | {f"{name.upper()}_URL": urls.get(name, "") for name in ("analyse", "average")}
    )
    api = next(function for function in functions if function.name == "api")
    public_url = {"FAPLOG_PUBLIC_URL": os.environ.get("FAPLOG_PUBLIC_URL") or urls["edge"]}
    api = api.model_copy(update={"environment": {**api.environment, **public_url}})
    functions = [api if function.name == "api" else function for function in functions]
    programs = {function.name: _function(state, function, ports[function.name]) for function in functions}
    scales = {
        function.name: Scale(function.ours("scale-min"), function.ours("scale-max"), function.ours("idle-seconds"))
        for function in functions
    }
    return System(
        edge=edge.program(state, port, urls["api"], urls["ui"]),
        functions=programs,
        scales=scales,
        others=(
            _connector(state, functions, urls, ports["connector"]),
            _ui(urls["api"], ports["ui"]),
            _reconcile(state, api),
        ),
        migration=_python(state, "migrate", ("functions.api.migrate",), ["faplog-owner-database"]),
        urls=urls,
    )


def limit_bytes(quantity: str) -> int:
    """Return a memory quantity of stack.yml, such as `512Mi`, in bytes.

    Raises:
        Problem: It is no such quantity.
    """
    match = re.fullmatch(r"(\d+)(Ki|Mi|Gi)", quantity)
    if not match:
        raise Problem(f"stack.yml: '{quantity}' is not an amount of memory such as 512Mi.")
    return int(match[1]) * _UNITS[match[2]]


def _function(state: State, function: stack.Function, port: int) -> Program:
    threads = function.ours("threads")
    if missing := [name for name in function.secrets if not (state.secrets / name).exists()]:
        raise Problem(f"stack.yml: function {function.name} wants the secret {missing[0]}, which nothing here makes.")
    environment = _own_environment() | function.environment
    environment["FAPLOG_SECRETS_DIR"] = str(mount(state, function.name, function.secrets))
    environment["FAPLOG_FUNCTION_NAME"] = function.name
    environment["FAPLOG_THREADS"] = str(threads)
    return Program(
        name=function.name,
        # One connection for each thread and none kept alive: requests to a busy replica wait in the kernel's queue,
        # where another replica finds them, and a replica without connections is idle.
        argv=(
            *_serve(function.name),
            f"--worker-connections={threads}",
            "--keep-alive=0",
            f"{function.module}.handler:create_app()",
        ),
        folder=ROOT,
        environment=environment,
        ready=lambda: responds_ok(port, "/health"),
        stop_seconds=5,
        port=port,
        data_limit=limit_bytes(function.limits["memory"]),
    )


def _ui(api: str, port: int) -> Program:
    environment = _own_environment() | {
        "FAPLOG_API_URL": api,
        "FAPLOG_FUNCTION_NAME": "ui",
        "FAPLOG_THREADS": str(UI_THREADS),
    }
    return Program(
        name="ui",
        argv=(*_serve("ui"), "ui.app:create_app()"),
        folder=ROOT,
        environment=environment,
        ready=lambda: responds_ok(port, "/health"),
        stop_seconds=5,
        port=port,
    )


def _connector(state: State, functions: list[stack.Function], urls: Mapping[str, str], port: int) -> Program:
    table = routes.from_stack(functions, "http://{function}/")
    here = [route.model_copy(update={"url": f"{urls[route.function]}/"}) for route in table]
    file = state.run / "routes.json"
    write_private(file, routes.render(here))
    token = str(state.secrets / "faplog-connector-metrics")
    options = {"--routes": str(file), "--metrics-token": token, "--health": f"{HOST}:{port}", "--grace": "3"}
    arguments = ("connector", *(word for option in options.items() for word in option))
    made = _python(state, "connector", arguments, ["faplog-connector-nats", "faplog-connector-secret"])
    return replace(made, ready=lambda: responds_ok(port, "/readyz"))


def _reconcile(state: State, api: stack.Function) -> Program:
    every = ("functions.api.reconcile", "--every", str(RECONCILE_EVERY_SEC))
    made = _python(state, "reconcile", every, api.secrets)
    return replace(made, environment={**made.environment, **api.environment, "FAPLOG_OVERDUE_SEC": str(OVERDUE_SEC)})


def _python(state: State, name: str, module: tuple[str, ...], secrets: list[str]) -> Program:
    environment = _own_environment() | {
        "FAPLOG_SECRETS_DIR": str(mount(state, name, secrets)),
        "FAPLOG_FUNCTION_NAME": name,
    }
    argv = (sys.executable, "-m", *module)
    return Program(name=name, argv=argv, folder=ROOT, environment=environment, stop_seconds=5)


def _serve(name: str) -> tuple[str, ...]:
    """Return the entry line of the image, listening on the socket that the supervisor holds open."""
    return (sys.executable, "-m", "faplog.serve", "--bind", f"fd://$(circus.sockets.{name})")


def _own_environment() -> dict[str, str]:
    """Return the environment of our programs. Arithmetic uses one thread, as a replica has one core.

    Webhooks to public addresses are allowed unless the operator says otherwise.
    """
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"FAPLOG_WEBHOOKS": "public"} | dict(os.environ) | one | {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
