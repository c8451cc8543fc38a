"""The supervisor: circus starts programs, restarts those that die and stops them in order.

circus checks its programs at intervals, and a check takes time. If a program is changed meanwhile, both fail on
processes that the other has ended. So circus has no timer of its own: we run its checks one at a time, and everything
that starts or stops a program holds the same lock. Scaling only sets the number that the next check brings about.
"""

import asyncio
import logging
import shlex
import signal
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import psutil
from circus.arbiter import Arbiter
from circus.process import Process
from circus.sockets import CircusSocket
from circus.watcher import Watcher
from tornado.ioloop import IOLoop

from standalone import disk, logs, survivors
from standalone.ports import HOST
from standalone.program import Program
from standalone.state import Problem, State

CHECK_SEC: Final = 0.3
"""Seconds between two checks for dead children."""
_NO_TIMER: Final = -1
"""Interval for circus: no timer, we call its check."""
RETRY_SEC: Final = 3.0
"""Seconds until a program that cannot start on a full disk is started again."""

CRASHES: Final = 3
CRASH_LIFE_SEC: Final = 5.0
CRASH_WINDOW_SEC: Final = 60.0
"""A program that ends by itself this often cannot start: while its start is awaited, however long each try took; later,
within the window and each time after so short a life.
"""

_FROM_OUTSIDE: Final = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}

log = logging.getLogger(__name__)


class Supervisor:
    """The running programs. Create it inside the running event loop, and call `open()` before the first start."""

    def __init__(self, state: State, programs: Iterable[Program]) -> None:
        self.programs = {program.name: program for program in programs}
        self.failed: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()
        """Set to the problem when a program proves unable to start."""
        self._state = state
        self._crashes: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=CRASHES))
        self._started: dict[int, float] = {}
        self._awaited: set[str] = set()
        """Names of the programs whose first answer is awaited."""
        self._replicas: dict[str, int] = {}
        """How many replicas of each program should run."""
        self._next_start: dict[str, float] = {}
        """The earliest next start of each program that cannot start on a full disk."""
        self._retired: dict[str, list[Process]] = defaultdict(list)
        """Replicas that finish their requests, by program; circus no longer knows of them."""
        self._changing = asyncio.Lock()
        """Held while processes are started or stopped."""
        self._wanted_changed = asyncio.Event()
        self._looks: asyncio.Task[None] | None = None
        logs.log_supervisor(state)
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
            check_delay=_NO_TIMER,
            loop=IOLoop.current(),
            sockets=list(self._sockets.values()),
            proc_name="faplog",
        )
        self._arbiter.ctrl.sys_hdl.stop()

    async def open(self) -> None:
        """Listen on the sockets and begin to supervise; nothing is started yet."""
        await self._arbiter.start()
        self._looks = asyncio.create_task(self._keep_looking())

    async def start(self, *names: str) -> None:
        """Start the programs, one replica each."""
        for name in names:
            async with self._changing:
                self._replicas[name] = 1
                await self._watchers[name]._start()

    async def ready(self, *names: str) -> None:
        """Wait until all the programs answer.

        Raises:
            Problem: One ended too often or took too long; the message has the last lines of its log.
        """
        self._awaited.update(names)
        for name in names:
            await self._ready(self.programs[name])
            self._awaited.discard(name)

    def scale(self, name: str, replicas: int) -> None:
        """Set how many replicas of the program should run. With none, its socket stays open and callers wait."""
        self._replicas[name] = replicas
        self._wanted_changed.set()

    def replicas(self, name: str) -> int:
        """Return how many replicas of the program should run."""
        return self._replicas.get(name, 0)

    async def restart(self, name: str) -> None:
        """Stop the program and start it again, if it should run."""
        async with self._changing:
            if self._replicas.get(name):
                await self._watchers[name]._stop()
                await self._watchers[name]._start()

    def pids(self, name: str) -> list[int]:
        """Return the process ids of the program's replicas."""
        return list(self._watchers[name].processes)

    def socket(self, name: str) -> Any:
        """Return the listening socket held for a program."""
        return self._sockets[name]

    def port(self, name: str) -> int:
        """Return the port of that socket."""
        return int(self._sockets[name].port)

    async def stop(self, *names: str) -> None:
        """Stop the programs side by side; kill those that take longer than their time."""
        self._replicas |= dict.fromkeys(names, 0)
        async with self._changing:
            retired = [(name, process) for name in names for process in self._retired.pop(name, [])]
            await asyncio.gather(
                *(self._watchers[name]._stop() for name in names),
                *(_end(process, self.programs[name].stop_seconds) for name, process in retired),
            )

    async def close(self) -> None:
        """Stop what still runs, and release sockets and files."""
        await self.stop(*self._watchers)
        if self._looks:
            self._looks.cancel()
        self._arbiter.stop_controller_and_close_sockets()

    async def _keep_looking(self) -> None:
        while True:
            try:
                async with self._changing:
                    await self._look()
            except Exception:
                log.exception("looking after the programs failed, trying it again")
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SEC):
                    await self._wanted_changed.wait()
            self._wanted_changed.clear()

    async def _look(self) -> None:
        """Replace dead replicas, and bring each program to its number of replicas."""
        for name, replicas in self._replicas.items():
            watcher = self._watchers[name]
            # Newest first: the others are warm. circus would wait for each, and kill one that works on a request.
            for process in sorted(watcher.processes.values(), reverse=True)[: max(len(watcher) - replicas, 0)]:
                self._retire(watcher, process)
            waits = time.monotonic() < self._next_start.get(name, 0.0)
            watcher.numprocesses = min(replicas, len(watcher)) if waits else replicas
        await self._arbiter.manage_watchers()
        for name in list(self._replicas):
            watcher = self._watchers[name]
            # Not started yet, or given up by circus, which happens when the machine has no process or memory left.
            if watcher.numprocesses and self._replicas[name] and watcher.is_stopped():
                await watcher._start()
        for name, processes in self._retired.items():
            self._retired[name] = [process for process in processes if process.is_alive()]

    def _retire(self, watcher: Watcher, process: Process) -> None:
        """Ask a replica to finish its requests and end, without waiting: it limits itself how long that takes."""
        del watcher.processes[process.pid]
        self._started.pop(process.pid, None)
        self._retired[watcher.name].append(process)
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            process.send_signal(watcher.stop_signal)

    async def _ready(self, program: Program) -> None:
        deadline = time.monotonic() + program.ready_seconds
        while not await asyncio.to_thread(program.ready):
            if self.failed.done():
                raise self.failed.result()
            if time.monotonic() > deadline:
                raise self._problem(f"{program.name} was not ready within {program.ready_seconds:.0f} s", program.name)
            await asyncio.sleep(0.03)

    def _watcher(self, program: Program) -> Watcher:
        # Not through circus' pipes: it leaves those of a killed child open, and children outlive a killed supervisor.
        command = logs.appending_command(self._state, program)
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
        if not awaited and not disk.has_room_for(self._state, self.programs[watcher.name].folder):
            log.warning("%s ended (exit code %s) and the disk is full, trying it again", watcher.name, exit_code)
            self._next_start[watcher.name] = now + RETRY_SEC
            watcher.numprocesses = len(watcher)
            return
        crashes = self._crashes[watcher.name]
        crashes.append(now)
        soon = awaited or now - crashes[0] < CRASH_WINDOW_SEC
        if len(crashes) == CRASHES and soon and not self.failed.done():
            self.failed.set_result(
                self._problem(f"{watcher.name} could not start (exit code {exit_code})", watcher.name)
            )

    def _problem(self, sentence: str, name: str) -> Problem:
        room = disk.has_room_for(self._state, self.programs[name].folder)
        full = "" if room else f" The disk of {self._state.root} is full or nearly so."
        return Problem(f"{sentence}.{full}\n{logs.tail(self._state, name)}")


async def _end(process: Process, patience_sec: float) -> None:
    """Wait for a process that was asked to end; kill it and its children if it takes longer than its time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_sec):
            while process.is_alive():
                await asyncio.sleep(0.05)
            return
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid)
        for member in [*family.children(recursive=True), family]:
            with suppress(psutil.NoSuchProcess):
                member.kill()
    while process.is_alive():
        await asyncio.sleep(0.05)
