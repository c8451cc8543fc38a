"""`python -m faplog.serve MODULE:APPLICATION`: serve a function or the pages, in the image and on the laptop.

gunicorn without its arbiter: the process that is started answers the requests itself, since one worker is all that a
container needs, and Kubernetes, of-watchdog or the laptop's supervisor starts it again. Takes the options of gunicorn.
On SIGTERM it takes no more connections, finishes its requests, sends its last telemetry and exits 0.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import Any, Final

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.errors import AppImportError

from faplog import environment, logs, telemetry

CONFIGURATION: Final = "python:faplog.gunicorn_conf"


class OneProcess(WSGIApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's command line, with our configuration where no other is named, and without a second process."""

    def init(self, parser: ArgumentParser, opts: Namespace, args: list[str]) -> Any:
        """Take the command line; gunicorn calls it before it reads a configuration."""
        opts.config = opts.config or CONFIGURATION
        return super().init(parser, opts, args)

    def run(self) -> None:
        """Serve until SIGTERM; a wrong setting ends the process with its sentence instead of a traceback."""
        from faplog.settings import SettingsError  # pydantic, which reads what the configuration has set for it

        log = self.cfg.logger_class(self.cfg)
        logs.setup(environment.LOG_LEVEL.read())
        telemetry.setup(environment.FUNCTION_NAME.read())
        worker = self.cfg.worker_class(1, os.getppid(), [], self, self.cfg.timeout, self.cfg, log)
        worker.pid = os.getpid()
        try:
            worker.init_process()
        except (AppImportError, SettingsError) as error:
            sys.exit(str(error))
        finally:
            worker.tmp.close()
            telemetry.shutdown()


if __name__ == "__main__":
    OneProcess("%(prog)s [OPTIONS] MODULE:APPLICATION", prog="python -m faplog.serve").run()
