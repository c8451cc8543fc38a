"""circus, as this system uses it: starts programs, restarts what dies, stops them in order, bounds their logs."""

import asyncio
import shlex
import signal
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, Final

from circus.arbiter import Arbiter
from circus.sockets import CircusSocket
from circus.watcher import Watcher
from tornado.ioloop import IOLoop

from standalone import logs, survivors
from standalone.ports import HOST
from standalone.program import Program
from standalone.state import Problem, State

CHECK_SEC: Final = 0.3
"""How often circus looks for dead children."""

CRASHES: Final = 3
CRASH_LIFE_SEC: Final = 5.0
CRASH_WINDOW_SEC: Final = 60.0
"""A program that ends by itself this often cannot start: while its start is awaited, however long each try took; later,
within the window and each time after so short a life."""

_FROM_OUTSIDE: Final = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}


class Supervisor:
    """The running programs. Make it inside the running event loop; `open()` before the first start."""

    def __init__(self, state: State, programs: Iterable[Program]) -> None:
        self.programs = {program.name: program for program in programs}
        self.failed: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()
        """Done, with its problem, once a program turns out to be unable to start."""
        self._state = state
        self._crashes: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=CRASHES))
        self._started: dict[int, float] = {}
        self._awaited: set[str] = set()
        """Names of the programs whose first answer is waited for."""
        logs.ours(state)
        self._watchers = {program.name: self._watcher(program) for program in self.programs.values()}
        self._sockets = {
            program.name: CircusSocket(program.name, HOST, program.port)
            for program in self.programs.values()
            if program.port
        }
        self.endpoint = f"ipc://{state.run / 'circus.sock'}"
        self._arbiter = Arbiter(
            list(self._watchers.values()),
            self.endpoint,
            f"ipc://{state.run / 'circus-events.sock'}",
            check_delay=CHECK_SEC,
            loop=IOLoop.current(),
            sockets=list(self._sockets.values()),
            proc_name="faplog",
        )
        self._arbiter.ctrl.sys_hdl.stop()

    async def open(self) -> None:
        """Listen on the sockets and begin to supervise; nothing is started yet."""
        await self._arbiter.start()

    async def start(self, *names: str) -> None:
        """Start the programs, one replica each."""
        for name in names:
            await self._watchers[name]._start()

    async def ready(self, *names: str) -> None:
        """Return once all the programs answer.

        Raises:
            Problem: one ended too often or took too long; with the last lines of its log.
        """
        self._awaited.update(names)
        for name in names:
            await self._ready(self.programs[name])
            self._awaited.discard(name)

    async def scale(self, name: str, replicas: int) -> None:
        """Run so many replicas of the program; of none, its socket stays open and callers wait."""
        watcher = self._watchers[name]
        if replicas == 0:
            await watcher._stop()
            watcher.numprocesses = 1
        else:
            watcher.numprocesses = replicas
            await (watcher._start() if watcher.is_stopped() else watcher.manage_processes())

    def pids(self, name: str) -> list[int]:
        """The process ids of the program's replicas."""
        return list(self._watchers[name].processes)

    def socket(self, name: str) -> Any:
        """The listening socket held for a program."""
        return self._sockets[name]

    def port(self, name: str) -> int:
        """The port of that socket."""
        return int(self._sockets[name].port)

    async def stop(self, *names: str) -> None:
        """Stop the programs side by side; those that take longer than their time are killed."""
        await asyncio.gather(*(self._watchers[name]._stop() for name in names))

    async def close(self) -> None:
        """Stop what still runs and let go of sockets and files."""
        self._arbiter.ctrl.caller.stop()
        await asyncio.gather(*(watcher._stop(True) for watcher in self._watchers.values()))
        self._arbiter.stop_controller_and_close_sockets()

    async def _ready(self, program: Program) -> None:
        deadline = time.monotonic() + program.ready_seconds
        while not await asyncio.to_thread(program.ready):
            if self.failed.done():
                raise self.failed.result()
            if time.monotonic() > deadline:
                tail = logs.tail(self._state, program.name)
                raise Problem(f"{program.name} was not ready within {program.ready_seconds:.0f} s.\n{tail}")
            await asyncio.sleep(0.03)

    def _watcher(self, program: Program) -> Watcher:
        # Not through circus' pipes: it forgets to let go of a killed child's, and children outlive a killed supervisor.
        command = logs.into(self._state, program)
        return Watcher(
            program.name,
            shlex.quote(command[0]),
            args=command[1:],
            working_dir=str(program.folder),
            env={**program.environment, **survivors.mark(self._state)},
            stop_signal=program.stop_signal,
            graceful_timeout=program.stop_seconds,
            autostart=False,
            use_sockets=program.port is not None,
            rlimits={"data": program.data_limit} if program.data_limit else None,
            hooks={"after_spawn": (self._spawned, False), "after_reap": (self._reaped, False)},
            loop=IOLoop.current(),
        )

    def _spawned(self, *, watcher: Watcher, pid: int, **_: object) -> bool:
        self._started[pid] = time.monotonic()
        return bool(watcher)

    def _reaped(self, *, watcher: Watcher, process_pid: int, exit_code: int | None, **_: object) -> None:
        now = time.monotonic()
        lived = now - self._started.pop(process_pid, 0.0)
        awaited = watcher.name in self._awaited
        if watcher.is_stopping() or watcher.is_stopped() or exit_code in _FROM_OUTSIDE:
            return
        if lived > CRASH_LIFE_SEC and not awaited:
            return
        crashes = self._crashes[watcher.name]
        crashes.append(now)
        soon = awaited or now - crashes[0] < CRASH_WINDOW_SEC
        if len(crashes) == CRASHES and soon and not self.failed.done():
            tail = logs.tail(self._state, watcher.name)
            self.failed.set_result(Problem(f"{watcher.name} could not start (exit code {exit_code}).\n{tail}"))
