"""gunicorn's configuration for every function and the UI, in the image and on the laptop.

Used as `gunicorn -c python:faplog.gunicorn_conf "function.handler:create_app()"`. On SIGTERM the worker takes no
more connections, finishes its requests, sends its last telemetry and exits 0.
"""

import gc
import logging
import os
import sys
import threading
from typing import Any

from gunicorn.errors import AppImportError
from gunicorn.workers.gthread import ThreadWorker

from faplog import environment
from faplog.draining import ReadToTheEnd
from faplog.logs import level_of
from faplog.slow_heads import HEAD_SEC, SlowHeads


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threaded worker: limits the time of heads, reads bodies to their end, names a wrong setting."""

    head_sec = HEAD_SEC
    """How long the head of a request may take."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Prepare the list of connections whose heads are awaited."""
        super().__init__(*args, **kwargs)
        self._slow_heads = SlowHeads(self.head_sec)

    def load_wsgi(self) -> None:
        """Create the application; a wrong setting ends gunicorn with its sentence instead of a traceback."""
        from faplog.settings import SettingsError

        try:
            super().load_wsgi()
        except SettingsError as error:
            raise AppImportError(str(error)) from None
        self.wsgi: Any = ReadToTheEnd(self.app.wsgi())

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


def _threads() -> int:
    text = environment.THREADS.read()
    os.environ.setdefault(environment.THREADS.full_name, text)  # a setting of the function api, too
    if not text.isdecimal() or int(text) < 1:
        sys.exit("Cannot start, setting 'FAPLOG_THREADS': must be a number from 1 (environment).")
    return int(text)


os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""pydantic has no plugins here, and would read the metadata of every package at each start to look for them."""

gc.disable()
"""Off until the application is loaded: the objects that imports make stay, so collecting them would find nothing."""

threading.stack_size(1 << 20)
"""The stack of each thread started from now on: the usual 8 MiB count in full against a limit on address space."""

bind = environment.BIND.read()
workers = 1
worker_class = Worker
threads = _threads()
log_level = level_of(environment.LOG_LEVEL.read())
"""The level of our own events, not gunicorn's; checked before a worker starts."""
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
timeout = 150
graceful_timeout = 130
accesslog = None
loglevel = "warning"
control_socket_disable = True

if threads == 1:
    # One request at a time: the next connection is accepted when this one is done, so that waiting connections stay
    # in the kernel's queue, where a free replica on the same socket finds them. A kept connection would block others.
    worker_connections = 1
    keepalive = 0
else:
    keepalive = 65


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Start logging and telemetry in the worker, since threads made before a fork do not live in the child."""
    from faplog import logs, telemetry

    logs.setup(log_level)
    telemetry.setup(environment.FUNCTION_NAME.read())


def post_worker_init(worker: Any) -> None:
    """Start the background work of the application when the worker is ready for requests.

    Garbage collection begins here, and ignores the objects that exist by now.
    """
    gc.freeze()
    gc.enable()
    from faplog.background import tasks

    for task in tasks(worker.app.callable):
        task.start()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Stop background work after the last request, and flush telemetry."""
    from faplog import telemetry
    from faplog.background import tasks

    for task in tasks(worker.app.callable):  # None where it could not be loaded
        try:
            task.stop()
        except Exception:
            logging.getLogger(__name__).exception("background work did not end")
    telemetry.shutdown()
