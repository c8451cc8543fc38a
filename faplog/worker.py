"""The process that answers requests: gunicorn's threaded worker, which nothing watches from outside."""

import contextlib
import faulthandler
import gc
import logging
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from gunicorn.sock import create_sockets
from gunicorn.util import close_on_exec
from gunicorn.workers.gthread import ThreadWorker

from faplog import background, environment, guests
from faplog.draining import ReadToTheEnd
from faplog.slow_heads import HEAD_SEC, SlowHeads

NOTIFY_SEC: Final = 0.5
"""How often the worker says that it is alive, at most."""

LINGER_SEC: Final = 4.0
"""How long requests are taken after SIGTERM behind of-watchdog, which tells its function of it at once, but passes
requests on for its `healthcheck_interval` of 3 s."""


def _lock_file() -> Path:
    """Return the file by which of-watchdog tells Kubernetes that the function may be reached.

    of-watchdog removes it at its end; images set `suppress_lock`, so that it does not make it at its start.
    """
    return Path(tempfile.gettempdir(), ".lock")


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Opens its port when the application is loaded, limits the time of heads, and reads bodies to their end.

    If its main thread stands still for gunicorn's setting `timeout`, it writes where every thread is and ends the
    process, which is started again from outside.
    """

    head_sec = HEAD_SEC
    """How long the head of a request may take."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Prepare the list of connections whose heads are awaited."""
        super().__init__(*args, **kwargs)
        self._slow_heads = SlowHeads(self.head_sec)
        self._next_notify = 0.0
        self._behind_watchdog = environment.BEHIND_WATCHDOG.read() == "yes"
        if self._behind_watchdog:  # of the container before this one: the folder is the pod's
            _lock_file().unlink(missing_ok=True)

    def load_wsgi(self) -> None:
        """Create the application, then open the port, so that an application that cannot start is never reached.

        of-watchdog passes requests on from its own start: behind it the port opens first, where they wait for the
        application, and then its lock file says so to Kubernetes.

        Raises:
            SettingsError: A setting is wrong; the message is the sentence that names it.
        """
        if self._behind_watchdog:
            self._open_port()
            _lock_file().touch()
        super().load_wsgi()
        self.wsgi: Any = ReadToTheEnd(guests.with_guests(self.app.wsgi(), environment.GUESTS.read().split()))
        if not self._behind_watchdog:
            self._open_port()

    def _open_port(self) -> None:
        self.sockets = create_sockets(self.cfg, self.log)
        for listener in self.sockets:
            close_on_exec(listener)

    def run(self) -> None:
        """Answer requests until SIGTERM, with the background work of the application beside them.

        Garbage collection begins here, and ignores the objects that exist by now.
        """
        gc.freeze()
        gc.enable()
        tasks = background.tasks(self.app.callable)
        try:
            for task in tasks:
                task.start()
            super().run()
        finally:
            for task in tasks:
                try:
                    task.stop()
                except Exception:
                    logging.getLogger(__name__).exception("background work did not end")

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections or not. A worker that ends closes its port at once, instead of after its last request."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to end at SIGTERM, or behind of-watchdog when that passes no more requests on."""
        if not self._behind_watchdog:
            super().handle_exit(sig, frame)
        else:
            ending = threading.Timer(LINGER_SEC, super().handle_exit, (sig, frame))
            ending.daemon = True
            ending.start()

    def notify(self) -> None:
        """Say that the main thread runs: put off the end of the process. Needs no thread of Python at that end."""
        now = time.monotonic()
        if now >= self._next_notify:
            self._next_notify = now + NOTIFY_SEC
            with contextlib.suppress(RuntimeError):  # no memory for its thread: a request uses it up; next time, then
                faulthandler.dump_traceback_later(self.cfg.timeout, exit=True)

    def is_parent_alive(self) -> bool:
        """Return true: who started the process is not its arbiter, and ends it by a signal."""
        return True

    def handle(self, conn: Any) -> Any:
        """Read the head of a request and answer it, in a thread."""
        self._slow_heads.begin(conn.sock)
        try:
            return super().handle(conn)
        finally:
            self._slow_heads.end(conn.sock)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head has arrived."""
        self._slow_heads.end(conn.sock)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Close connections that sent nothing, and shut down those whose heads are late. Called every second."""
        super().murder_pending()
        self._slow_heads.shut_down_late()
