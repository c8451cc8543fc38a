"""gunicorn's configuration for every function and the UI, in the image and on the laptop; see `faplog.serve`."""

import gc
import os
import sys
import threading

from faplog import environment
from faplog.worker import Worker


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
worker_class = Worker
threads = _threads()
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
