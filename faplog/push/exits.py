"""The exit statuses of `faplog push`."""

from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """Exit status."""

    SENT = 0
    SOME_NOT_SENT = 1
    USAGE = 2
    TOKEN = 3
    SERVER = 4
    QUOTA = 5
    INTERRUPTED = 130


MEANINGS: Final = {
    Exit.SENT: "every log is on the server",
    Exit.SOME_NOT_SENT: "some logs were refused, unreadable or still being written; the others were sent",
    Exit.USAGE: "the arguments, the folder, the token file or the state file cannot be used",
    Exit.TOKEN: "the server does not accept the token: it is wrong, revoked, expired or may not upload",
    Exit.SERVER: "the server cannot be reached, or is not a faplog",
    Exit.QUOTA: "the account may not keep more logs",
    Exit.INTERRUPTED: "interrupted with Ctrl-C; the next start goes on from there",
}


class Stopped(Exception):
    """The end of the run before everything was sent; the message is a sentence for the user."""

    def __init__(self, status: Exit, message: str) -> None:
        super().__init__(message)
        self.status = status


def token_refused(error: Exception) -> Stopped:
    """Return the end of a run whose token the server does not accept."""
    return Stopped(Exit.TOKEN, f"The server does not accept the token: {error}")
