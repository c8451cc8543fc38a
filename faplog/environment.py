"""Environment variables that a process reads before its settings model, without importing pydantic.

All of them are named `FAPLOG_…`. The names of release 0.1, without that prefix, are still read in 0.2, with a warning.
"""

import logging
import os
from dataclasses import dataclass
from typing import Final

log = logging.getLogger(__name__)

PREFIX: Final = "FAPLOG_"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable: its name without the prefix, its default, and what it means."""

    name: str
    default: str
    meaning: str

    @property
    def full_name(self) -> str:
        """The name with the prefix."""
        return PREFIX + self.name

    def read(self) -> str:
        """Return the value of the environment, else the default."""
        if self.full_name in os.environ:
            return os.environ[self.full_name]
        if self.name in os.environ:
            warn_of_former_name(self.name)
            return os.environ[self.name]
        return self.default


SECRETS_DIR: Final = Variable("SECRETS_DIR", "/var/openfaas/secrets", "Folder of the secret files.")
LOG_LEVEL: Final = Variable(
    "LOG_LEVEL", "INFO", "Level of our own log events: DEBUG, INFO, WARNING, ERROR or CRITICAL."
)
FUNCTION_NAME: Final = Variable("FUNCTION_NAME", "faplog", "Service name in traces, metrics and logs.")
BIND: Final = Variable("BIND", "127.0.0.1:8000", "Address on which the process serves HTTP.")
THREADS: Final = Variable("THREADS", "2", "Requests that the process handles at the same time.")
BEHIND_WATCHDOG: Final = Variable(
    "BEHIND_WATCHDOG",
    "no",
    "`yes` where of-watchdog starts the process and passes requests on; images say so.",
)
GUESTS: Final = Variable(
    "GUESTS",
    "",
    "Names of other functions that this process answers for, each below `/<its name>/`; set for `analyse` on Knative.",
)

_warned: set[str] = set()


def warn_of_former_name(name: str) -> None:
    """Log once per process that a variable is set by its former name.

    The sentence itself names both: gunicorn's configuration reads some variables before logging has fields.
    """
    if name not in _warned:
        _warned.add(name)
        setting = PREFIX + name.upper()
        log.warning(
            "the setting %s is called %s now; the next release reads the new name only",
            name,
            setting,
            extra={"former": name, "setting": setting},
        )
