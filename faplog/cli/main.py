"""The command `faplog`: finds the program that was named, and hands the rest of the line to it."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Final

from faplog.cli import installation
from faplog.version import VERSION

DESCRIPTION: Final = "Analyse the logs of a diesel particulate filter (DPF/FAP)."


def main(arguments: list[str] | None = None) -> int:
    """Run the named program and return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    commands = ", ".join(COMMANDS)
    parser = argparse.ArgumentParser(
        prog="faplog",
        description=DESCRIPTION,
        usage="faplog COMMAND …",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n"
        + "\n".join(f"  {name:<11}{words}" for name, (words, _) in COMMANDS.items())
        + "\n\n`faplog COMMAND --help` shows the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"faplog {VERSION}")
    parser.add_argument("command", metavar="COMMAND", help=f"one of: {commands}")
    # Only the first word is ours: everything after it belongs to the command.
    command = parser.parse_args(given[:1]).command
    if command not in COMMANDS:
        parser.error(f"there is no command '{command}', only {commands}")
    installation.find_rooms()
    _, run = COMMANDS[command]
    return run(given[1:], f"faplog {command}")


def _analyse(arguments: list[str], prog: str) -> int:
    from functions.analyse.__main__ import main

    _end_quietly_when_the_reader_stops()
    return main(arguments, prog)


def _average(arguments: list[str], prog: str) -> int:
    from functions.average.__main__ import main

    _end_quietly_when_the_reader_stops()
    return main(arguments, prog)


def _push(arguments: list[str], prog: str) -> int:
    from faplog.push.__main__ import main

    return main(arguments, prog)


def _run(arguments: list[str], prog: str) -> int:
    if _lacks_the_servers(prog):
        return 1
    from standalone.__main__ import main

    return main(arguments, prog, installation.default_state())


def _admin(arguments: list[str], prog: str) -> int:
    if _lacks_the_servers(prog):
        return 1
    from standalone.admin import main

    return main(arguments, installation.default_state())


def _lacks_the_servers(prog: str) -> bool:
    """Return whether the extra is not installed, and say so."""
    missing = installation.missing_packages(installation.LAPTOP)
    if missing:
        print(
            f"`{prog}` needs the servers of the extra '{installation.LAPTOP}': pip install 'faplog[laptop]' "
            f"({len(missing)} packages are missing, such as {missing[0]}).",
            file=sys.stderr,
        )
    return bool(missing)


def _synthetic(arguments: list[str], prog: str) -> int:
    from faplog.synthetic.__main__ import main

    main(arguments, prog)
    return 0


COMMANDS: Final[Mapping[str, tuple[str, Callable[[list[str], str], int]]]] = {
    "admin": ("manage the accounts of a system started with `faplog run`", _admin),
    "analyse": ("analyse logs on this machine, without a server", _analyse),
    "average": ("average several analyses, without a server", _average),
    "push": ("upload the logs of a folder to a server, once or continuously", _push),
    "run": ("run the whole system on this machine (needs faplog[laptop])", _run),
    "synthetic": ("write synthetic logs to try faplog with", _synthetic),
}
"""The words that help shows for each command, and what runs it."""


def _end_quietly_when_the_reader_stops() -> None:
    """End without a traceback if a reader such as `| head` stops reading. Windows has no such signal."""
    if sys.platform != "win32":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
