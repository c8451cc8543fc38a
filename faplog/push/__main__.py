"""`faplog push FOLDER --to URL`: upload the logs of a folder to a server, once or as they appear."""

import argparse
import math
import os
import signal
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

from faplog.client import AddressInvalid, ApiError, Client, FaplogError, TokenInvalid, Unreachable
from faplog.client.client import base_address
from faplog.push import memory
from faplog.push.display import Lines, shown
from faplog.push.exits import MEANINGS, Exit, Stopped, token_refused
from faplog.push.sending import Clock, Counts, Rules, Run, push
from faplog.push.token import VARIABLE, read_token, refuse_on_command_line

PATIENCE_SEC: Final = 300.0
"""Without --watch: how long a server is waited for that answered before."""
TIMEOUT_SEC: Final = 60.0


def main(arguments: list[str] | None = None, prog: str = "python -m faplog.push") -> int:
    """Send the logs and return the exit status, one of `Exit`."""
    counts = Counts()
    try:
        refuse_on_command_line(sys.argv[1:] if arguments is None else arguments)
        given = _parser(prog).parse_args(arguments)
        _end_on_sigterm()
        with shown() as display:
            status = _run(given, display, counts)
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        status = stopped.status
    except KeyboardInterrupt:
        status = Exit.INTERRUPTED
    if status is not Exit.USAGE:
        print(f"{counts.sent} sent, {counts.before} sent before, {len(counts.not_sent)} not sent")
    return status


def _run(given: argparse.Namespace, display: Lines, counts: Counts) -> Exit:
    root: Path = given.folder
    _check_folder(root)
    try:
        url = base_address(given.to)
    except AddressInvalid as error:
        raise Stopped(Exit.USAGE, str(error)) from None
    if _is_readable_on_the_way(url):
        display.warn(f"{url} is not encrypted: others on the network can read the token and the logs. Use https.")
    token = read_token(given.token_file, os.environ, display.warn)

    def on_wait(error: FaplogError, seconds: float) -> None:
        display.status(f"trying again in {seconds:.0f} s: {error}")

    try:
        with Client(url, token, patience_sec=0, timeout_sec=TIMEOUT_SEC) as once:
            _check_server(once, given.watch, display)
        patience = math.inf if given.watch else PATIENCE_SEC
        with (
            Client(url, token, patience_sec=patience, timeout_sec=TIMEOUT_SEC, on_wait=on_wait) as client,
            memory.opened(given.state, memory.account_key(url, token)) as sent,
        ):
            return push(
                Run(
                    root=root.absolute(),
                    memory=sent,
                    upload=lambda name, content, progress: client.upload(content, name, progress=progress),
                    display=display,
                    rules=Rules(watch=given.watch, settle_sec=given.settle),
                    clock=Clock(),
                    counts=counts,
                )
            )
    except TokenInvalid as error:
        raise Stopped(Exit.TOKEN, str(error)) from None


def _check_folder(root: Path) -> None:
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise Stopped(Exit.USAGE, f"The folder {root} cannot be read: {error.strerror}.") from None


def _check_server(client: Client, watch: bool, display: Lines) -> None:
    """Check address and token before anything is sent. A server that is away is waited for with --watch.

    Raises:
        Stopped: Nothing answers, something else answers, or the token is not accepted.
    """
    try:
        client.check()
    except ApiError as error:
        if error.status == 401:
            raise token_refused(error) from None
        display.status(str(error))  # busy: the first upload will be repeated
    except Unreachable as error:
        if not watch:
            raise Stopped(Exit.SERVER, str(error)) from None
        display.warn(f"{error} Trying again until it does.")
    except FaplogError as error:
        raise Stopped(Exit.SERVER, str(error)) from None


def _is_readable_on_the_way(url: str) -> bool:
    """Return whether the address is unencrypted and leaves this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def _end_on_sigterm() -> None:
    """End like with Ctrl-C when the process is asked to, so that the terminal is left in order."""

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Upload the .csv logs of a folder and its subfolders, each once.",
        epilog="The API token, made on the account page with the scope 'upload', is taken from --token-file,\n"
        f"else from {VARIABLE}, else asked for.\n\nexit status:\n"
        + "\n".join(f"  {status.value:<5}{words}" for status, words in MEANINGS.items()),
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder with logs")
    parser.add_argument("--to", required=True, metavar="URL", help="address of the server: https://faplog.example.org")
    parser.add_argument("--watch", action="store_true", help="stay, and send logs as they appear")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="file that contains the API token")
    parser.add_argument(
        "--settle",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="send a file once it has not changed for so long (default: %(default).0f)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=memory.default_file(),
        metavar="FILE",
        help="file that remembers what was sent (default: %(default)s)",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds from 0.1 to 3600")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
