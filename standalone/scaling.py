"""How many replicas of a function run: none while nobody calls, more while callers wait, fewer when idle."""

import asyncio
import select
import time
from typing import Final

import psutil

from standalone.supervisor import Supervisor
from standalone.system import Scale

LOOK_SEC: Final = 0.5
WAITING_LOOKS: Final = 2
"""So many looks in a row must find a caller waiting while every replica has one, before another is started."""
WORK_SEC: Final = 0.02
"""CPU time between two looks that tells a call too short to be seen from gunicorn looking at its clock."""


def decide(scale: Scale, replicas: int, waiting_looks: int, idle_sec: float) -> int:
    """The number of replicas from now on.

    `waiting_looks`: looks in a row at which every replica had a caller and one more waited; `idle_sec`: how long nobody
    has called.
    """
    if waiting_looks >= WAITING_LOOKS:
        return min(replicas + 1, scale.most)
    if idle_sec >= scale.idle_sec:
        return scale.least
    return replicas


async def keep_scaled(supervisor: Supervisor, name: str, scale: Scale) -> None:
    """Wake, scale and stop one function for as long as the system runs."""
    while True:
        replicas = supervisor.replicas(name)
        if replicas == 0:
            await _called(supervisor, name)
            supervisor.scale(name, 1)
        else:
            supervisor.scale(name, await _while_awake(supervisor, name, scale, replicas))


async def _while_awake(supervisor: Supervisor, name: str, scale: Scale, replicas: int) -> int:
    """Return when another number of replicas is wanted."""
    last_call = time.monotonic()
    last_cpu_sec = 0.0
    waiting_looks = 0
    while True:
        await asyncio.sleep(LOOK_SEC)
        waiting = waits(supervisor, name)
        cpu_sec, busy = look(supervisor.pids(name), supervisor.port(name))
        waiting_looks = waiting_looks + 1 if waiting and busy == replicas else 0
        if waiting or busy or cpu_sec - last_cpu_sec >= WORK_SEC:
            last_call = time.monotonic()
        last_cpu_sec = cpu_sec
        wanted = decide(scale, replicas, waiting_looks, time.monotonic() - last_call)
        if wanted != replicas:
            return wanted


async def _called(supervisor: Supervisor, name: str) -> None:
    """Return as soon as somebody connects to the socket of the function."""
    loop = asyncio.get_running_loop()
    called = asyncio.Event()
    descriptor = supervisor.socket(name).fileno()
    loop.add_reader(descriptor, called.set)
    try:
        await called.wait()
    finally:
        loop.remove_reader(descriptor)


def waits(supervisor: Supervisor, name: str) -> bool:
    """Whether a connection lies in the kernel's queue that no replica has taken."""
    return bool(select.select([supervisor.socket(name)], [], [], 0)[0])


def look(pids: list[int], port: int) -> tuple[float, int]:
    """CPU seconds used so far by the workers of the gunicorn processes, and how many of these have a caller."""
    cpu_sec, busy = 0.0, 0
    for pid in pids:
        try:
            workers = psutil.Process(pid).children()
            cpu_sec += sum(sum(worker.cpu_times()[:2]) for worker in workers)
            busy += any(_has_caller(worker, port) for worker in workers)
        except psutil.NoSuchProcess:
            continue
    return cpu_sec, busy


def _has_caller(worker: psutil.Process, port: int) -> bool:
    return any(
        connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
        for connection in worker.net_connections("tcp4")
    )
