"""Starts and stops everything in order: servers, migrations, functions and the rest, then the edge; and back."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from standalone import housekeeping, logs, recovery, scaling, servers, survivors, system
from standalone.ports import is_free
from standalone.program import Program
from standalone.servers import Servers
from standalone.state import Problem, State, write_private
from standalone.supervisor import Supervisor
from standalone.system import System


def prepare(state: State, port: int, stack: Path) -> tuple[Servers, System]:
    """Prepare everything that can be done before a process starts.

    Raises:
        Problem: The port is taken, or a server or a function cannot run here.
    """
    survivors.end(state)
    if not is_free(port):
        raise Problem(f"Port {port} is taken by another program; choose another with --port (make run PORT=…).")
    made = servers.prepare(state, avoid=[port])
    return made, system.plan(state, made, port, stack)


async def serve(state: State, made: Servers, plan: System) -> None:
    """Run the system until SIGINT, SIGTERM or SIGHUP.

    Raises:
        Problem: A program cannot start; everything else was stopped.
    """
    supervisor = Supervisor(state, [*made.programs, *plan.functions.values(), *plan.others, plan.edge])
    stopped = _on_signals()
    await supervisor.open()
    tasks: list[asyncio.Task[None]] = []
    try:
        starting = asyncio.create_task(_start(state, made, plan, supervisor, tasks))
        await _wait_for_first(starting, stopped)
        if not starting.done():
            starting.cancel()
            return
        starting.result()
        _publish(state, made, plan, supervisor)
        print(f"faplog is running at {plan.urls['edge']}", flush=True)
        await _wait_for_first(stopped, supervisor.failed)
        if supervisor.failed.done():
            raise supervisor.failed.result()
    finally:
        for task in tasks:
            task.cancel()
        await _stop(made, plan, supervisor)
        state.runtime.unlink(missing_ok=True)


async def _wait_for_first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def _start(
    state: State, made: Servers, plan: System, supervisor: Supervisor, tasks: list[asyncio.Task[None]]
) -> None:
    """Start everything; adds the tasks that run as long as the system does."""
    await _stage(supervisor, made.programs)
    await asyncio.to_thread(_migrate, state, plan.migration)
    awake = [program for name, program in plan.functions.items() if plan.scales[name].least]
    await _stage(supervisor, [*awake, *plan.others])
    tasks += _keep_up(state, made, plan, supervisor)  # before the edge, which asks a function that may sleep
    await _stage(supervisor, [plan.edge])


def _keep_up(state: State, made: Servers, plan: System, supervisor: Supervisor) -> list[asyncio.Task[None]]:
    """Return the tasks that scale the functions, restart what is broken and keep the logs short."""
    work: dict[str, Callable[[], Awaitable[None]]] = {
        "shortening logs": partial(logs.keep_short, state),
        "restarting what is broken": partial(recovery.restart_broken, state, supervisor, made.programs),
    }
    for name, scale in plan.scales.items():
        work[f"scaling {name}"] = partial(scaling.keep_scaled, supervisor, name, scale)
    return [asyncio.create_task(housekeeping.keep_going(*item)) for item in work.items()]


async def _stage(supervisor: Supervisor, programs: Iterable[Program]) -> None:
    names = [program.name for program in programs]
    await supervisor.start(*names)
    await supervisor.ready(*names)


async def _stop(made: Servers, plan: System, supervisor: Supervisor) -> None:
    """Stop the programs that work first, each after what it has begun; then the servers that hold their data."""
    await supervisor.stop(plan.edge.name, *plan.functions, *(program.name for program in plan.others))
    await supervisor.stop(*(program.name for program in made.programs))
    await supervisor.close()


def _migrate(state: State, migration: Program) -> None:
    done = subprocess.run(
        migration.argv,
        cwd=migration.folder,
        env={**migration.environment, **survivors.mark(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"The database could not be brought to this version.\n{done.stderr.strip()[-2000:]}")


def _on_signals() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    return stopped


def _publish(state: State, made: Servers, plan: System, supervisor: Supervisor) -> None:
    """Write the addresses of all parts, for tests and the demo."""
    urls = plan.urls
    runtime = {
        "pid": os.getpid(),
        "edge": urls["edge"],
        "api": urls["api"],
        "ui": urls["ui"],
        "connector": urls["connector"],
        "functions": {name: urls[name] for name in plan.functions},
        "postgres": {"host": made.postgres.host, "port": made.postgres.port},
        "nats": {
            "host": made.nats.host,
            "port": made.nats.port,
            "monitor": made.nats.monitor,
            "monitor_path": made.nats.monitor_path,
        },
        "s3": {"endpoint": made.s3.endpoint, "bucket": made.s3.bucket},
        "circus": supervisor.endpoint,
    }
    write_private(state.runtime, json.dumps(runtime, indent=1))
