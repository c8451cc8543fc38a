"""What gunicorn's configuration does around the start of an application, in a process of its own."""

import os
import subprocess
import sys

START = """
import gc, os, types
from faplog import gunicorn_conf
assert not gc.isenabled()
assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == "__all__"
gunicorn_conf.post_worker_init(types.SimpleNamespace(app=types.SimpleNamespace(callable=None)))
assert gc.isenabled()
assert gc.get_freeze_count() > 1000
print("ready")
"""


def test_garbage_is_collected_from_the_moment_the_application_is_ready() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], env={**os.environ}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "ready\n", done.stderr
