"""gunicorn's configuration for every function, in the image and on the laptop (`-c python:faplog.gunicorn_conf`)."""

import os
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = 1
worker_class = "gthread"
threads = int(os.environ.get("THREADS", "2"))
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
timeout = 0 if threads == 1 else 150
graceful_timeout = 130
keepalive = 65
accesslog = None
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Logging and telemetry start in the worker: threads made before a fork do not live in the child."""
    from faplog import logs, telemetry

    logs.setup(os.environ.get("LOG_LEVEL", "INFO"))
    telemetry.setup(os.environ.get("FUNCTION_NAME", "faplog"))
