"""The API token: from the environment, a file or a prompt, but never from the command line, which all users can see."""

import os
import stat
import sys
from collections.abc import Callable, Mapping
from getpass import getpass
from pathlib import Path
from typing import Final

from faplog.contracts.api_tokens import PREFIX
from faplog.push.exits import Exit, Stopped

VARIABLE: Final = "FAPLOG_TOKEN"
_ON_THE_LINE: Final = (
    "Do not write a token into the command line: every user of this machine can read it there. Revoke this token on "
    f"the account page, and give a new one in {VARIABLE} or with --token-file."
)


def refuse_on_command_line(arguments: list[str]) -> None:
    """Refuse a command line that contains a token.

    Raises:
        Stopped: It does.
    """
    if any(word.startswith((PREFIX, "--token=")) or word == "--token" or f"={PREFIX}" in word for word in arguments):
        raise Stopped(Exit.USAGE, _ON_THE_LINE)


def read_token(
    file: Path | None, environment: Mapping[str, str], warn: Callable[[str], None], ask: Callable[[str], str] = getpass
) -> str:
    """Return the token from the file if one is named, else from the environment, else ask for it.

    Args:
        file: A file that contains nothing but the token.
        environment: The variables of the process.
        warn: Is told if other users can read the file.
        ask: Asks without showing what is typed.

    Raises:
        Stopped: There is none.
    """
    if file:
        return _of_file(file, warn)
    if token := environment.get(VARIABLE, "").strip():
        return token
    if sys.stdin.isatty():
        try:
            token = ask("API token: ").strip()
        except EOFError:
            token = ""
    if not token:
        raise Stopped(Exit.USAGE, f"There is no token: set {VARIABLE}, or name a file with --token-file.")
    return token


def _of_file(file: Path, warn: Callable[[str], None]) -> str:
    try:
        token = file.read_text("utf-8").strip()
        mode = file.stat().st_mode
    except OSError as error:
        raise Stopped(Exit.USAGE, f"The token file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        token = ""
    if not token or len(token.split()) != 1:
        raise Stopped(Exit.USAGE, f"The file {file} does not contain a token.")
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        warn(f"Other users of this machine can read {file}: chmod 600 {file}")
    return token
