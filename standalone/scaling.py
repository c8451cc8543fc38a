"""Scales a function: no replicas without requests, more while callers wait, fewer when idle."""

import asyncio
import select
import time
from typing import Final

import psutil

from standalone.supervisor import Supervisor
from standalone.system import Scale

LOOK_SEC: Final = 0.5
WAITING_LOOKS: Final = 2
"""Checks in a row that must find a waiting caller while every replica is busy, before another replica starts."""
WORK_SEC: Final = 0.02
"""CPU time between two checks that shows a request too short to be seen; gunicorn's own checks take less."""


def decide(scale: Scale, replicas: int, waiting_looks: int, idle_sec: float) -> int:
    """Return the number of replicas to run from now on.

    Args:
        scale: The limits of the function.
        replicas: How many run now.
        waiting_looks: Looks in a row at which every replica had a caller and one more waited.
        idle_sec: Seconds since the last request.
    """
    if waiting_looks >= WAITING_LOOKS:
        return min(replicas + 1, scale.most)
    if idle_sec >= scale.idle_sec:
        return scale.least
    return replicas


async def keep_scaled(supervisor: Supervisor, name: str, scale: Scale) -> None:
    """Start, scale and stop the replicas of one function while the system runs."""
    while True:
        replicas = supervisor.replicas(name)
        if replicas == 0:
            await _wait_for_caller(supervisor, name)
            supervisor.scale(name, 1)
        else:
            supervisor.scale(name, await _while_awake(supervisor, name, scale, replicas))


async def _while_awake(supervisor: Supervisor, name: str, scale: Scale, replicas: int) -> int:
    """Watch the function until another number of replicas is needed, and return that number.

    Finding out whether a replica has a caller takes milliseconds, so it is only done where it can change the number.
    """
    last_call = time.monotonic()
    last_used_sec = 0.0
    waiting_looks = 0
    while True:
        await asyncio.sleep(LOOK_SEC)
        pids, port = supervisor.pids(name), supervisor.port(name)
        waiting = has_waiting_caller(supervisor, name)
        used_sec = cpu_sec(pids)
        all_busy = waiting and replicas < scale.most and busy_replicas(pids, port) == replicas
        waiting_looks = waiting_looks + 1 if all_busy else 0
        if waiting or used_sec - last_used_sec >= WORK_SEC:
            last_call = time.monotonic()
        last_used_sec = used_sec
        wanted = decide(scale, replicas, waiting_looks, time.monotonic() - last_call)
        if wanted < replicas and busy_replicas(pids, port):  # a call that takes long without computing
            last_call = time.monotonic()
        elif wanted != replicas:
            return wanted


async def _wait_for_caller(supervisor: Supervisor, name: str) -> None:
    """Wait until a client connects to the function's socket."""
    loop = asyncio.get_running_loop()
    called = asyncio.Event()
    descriptor = supervisor.socket(name).fileno()
    loop.add_reader(descriptor, called.set)
    try:
        await called.wait()
    finally:
        loop.remove_reader(descriptor)


def has_waiting_caller(supervisor: Supervisor, name: str) -> bool:
    """Return whether the kernel's queue holds a connection that no replica has accepted."""
    return bool(select.select([supervisor.socket(name)], [], [], 0)[0])


def cpu_sec(pids: list[int]) -> float:
    """Return the CPU seconds used so far by the replicas with these process ids; none of one that has ended."""
    return sum(_cpu_sec_of(pid) for pid in pids)


def busy_replicas(pids: list[int], port: int) -> int:
    """Return how many of the replicas have a caller on the port."""
    return sum(_has_caller(pid, port) for pid in pids)


def _cpu_sec_of(pid: int) -> float:
    try:
        return sum(psutil.Process(pid).cpu_times()[:2])
    except psutil.NoSuchProcess:  # the supervisor replaces it
        return 0.0


def _has_caller(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections("tcp4")
    except psutil.NoSuchProcess:
        return False
    return any(one.laddr.port == port and one.status == psutil.CONN_ESTABLISHED for one in connections)
