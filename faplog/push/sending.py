"""The loop: look into the folder, send what is complete and was not sent, and look again."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

import httpx

from faplog.client import ApiError, FaplogError
from faplog.client.retrying import is_repeatable
from faplog.contracts.errors import ErrorCode, message
from faplog.contracts.log_rules import MAX_LOG_MB
from faplog.push import folder
from faplog.push.exits import Exit, Stopped, token_refused
from faplog.push.folder import Look, Stamp
from faplog.push.memory import Memory

MAX_BYTES: Final = MAX_LOG_MB * 1024 * 1024
LONGEST_POLL_SEC: Final = 5.0
GROWING_SEC: Final = 60.0
"""Without --watch: how long files that are still written to are waited for."""
AGAIN_SEC: Final = 60.0
"""With --watch: after how long a file is tried again that could not be read, or that the server failed on."""
_QUOTAS: Final = {ErrorCode.QUOTA_EXCEEDED, ErrorCode.DELETED_QUOTA_EXCEEDED}
_TOKEN: Final = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


class Display(Protocol):
    """What the user sees of the run."""

    def pending(self, count: int) -> None:
        """Show that so many more logs are to be sent."""

    def sending(self, path: Path, done: int, size: int) -> None:
        """Show how many bytes of a log were sent."""

    def sent(self, path: Path) -> None:
        """Show that a log was sent."""

    def sent_before(self, path: Path) -> None:
        """Show that a log with the same content was sent before."""

    def not_sent(self, path: Path, reason: str) -> None:
        """Show that a log was not sent, and why."""

    def status(self, text: str) -> None:
        """Show what is waited for."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of the run, in seconds, and its way to wait."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class Counts:
    """How many logs were sent, had been sent before, and were not sent."""

    sent: int = 0
    before: int = 0
    not_sent: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """How the folder is watched."""

    watch: bool
    settle_sec: float


Upload = Callable[[str, bytes, Callable[[int, int], None]], object]
"""Sends content under a name, and reports the bytes sent and their total."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run works with."""

    root: Path
    memory: Memory
    upload: Upload
    display: Display
    rules: Rules
    clock: Clock
    counts: Counts


class _Outcome(Enum):
    """What became of one file."""

    DONE = auto()
    CHANGED = auto()
    """It was written to meanwhile."""
    AGAIN = auto()
    """This file is worth another try later."""
    AWAY = auto()
    """Something else answers at the server's address, such as the login page of a guest network."""


def push(run: Run) -> Exit:
    """Send the logs of a folder once, or with `watch` until the process ends.

    Raises:
        Stopped: The run cannot go on.
    """
    handled = run.memory.sent_files()
    looks: dict[Path, Look] = {}
    not_before: dict[Path, float] = {}
    began = run.clock.now()
    first = True
    while True:
        stamps = _stamps(run)
        now = run.clock.now()
        looks = folder.looked(looks, stamps, now)
        if first:
            run.counts.before += sum(handled.get(path) == stamp for path, stamp in stamps.items())
            first = False
        wall = None if run.rules.watch else run.clock.wall()
        ready = [
            path
            for path, look in sorted(looks.items())
            if handled.get(path) != look.stamp
            and not_before.get(path, now) <= now
            and folder.is_complete(look, run.rules.settle_sec, now, wall)
        ]
        for path, outcome in _sent_in_turn(run, ready, looks):
            if outcome is _Outcome.DONE or (outcome is _Outcome.AGAIN and not run.rules.watch):
                handled[path] = looks[path].stamp
            elif outcome is not _Outcome.CHANGED:
                not_before[path] = run.clock.now() + AGAIN_SEC
        if not run.rules.watch:
            growing = [path for path, look in sorted(looks.items()) if handled.get(path) != look.stamp]
            if not growing or run.clock.now() - began >= GROWING_SEC:
                return _end(run, growing)
            run.display.status(f"waiting for {len(growing)} logs that are still being written")
        else:
            run.display.status(f"waiting for new logs in {run.root}")
        run.clock.sleep(min(run.rules.settle_sec / 2, LONGEST_POLL_SEC))


def _stamps(run: Run) -> Mapping[Path, Stamp]:
    """Return the logs in the folder; none while a watched folder is not there.

    Raises:
        Stopped: The folder cannot be read, and is not watched.
    """
    try:
        found = folder.listing(run.root)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if not run.rules.watch:
            raise Stopped(Exit.USAGE, f"The folder {run.root} cannot be read: {reason}.") from None
        _fail(run, run.root, reason)
        return {}
    for path, reason in found.unreadable.items():
        _fail(run, path, reason)
    run.counts.not_sent.pop(run.root, None)
    return found.stamps


def _sent_in_turn(run: Run, ready: list[Path], looks: Mapping[Path, Look]) -> Iterator[tuple[Path, _Outcome]]:
    """Send one file after the other and yield what became of it. Where the server is away, the rest wait too."""
    run.display.pending(len(ready))
    for number, path in enumerate(ready):
        outcome = _send(run, path, looks[path].stamp)
        if outcome is _Outcome.AWAY:
            yield from ((other, outcome) for other in ready[number:])
            return
        yield path, outcome


def _send(run: Run, path: Path, stamp: Stamp) -> _Outcome:
    """Send one file if its content was not sent before.

    Raises:
        Stopped: The run cannot go on.
    """
    try:
        content = _content(path, stamp)
    except FileNotFoundError:
        return _Outcome.CHANGED
    except OSError as error:
        _fail(run, path, error.strerror or type(error).__name__)
        return _Outcome.AGAIN
    if content is None:
        return _Outcome.CHANGED
    if len(content) > MAX_BYTES:
        _fail(run, path, message(ErrorCode.UPLOAD_TOO_LARGE, {"max_mb": MAX_LOG_MB}))
        return _Outcome.DONE
    digest = sha256(content).digest()
    if run.memory.is_sent(digest):
        run.memory.note(path, stamp, digest)
        run.counts.before += 1
        run.display.sent_before(path)
        return _Outcome.DONE
    outcome = _uploaded(run, path, content)
    if outcome is _Outcome.DONE and path not in run.counts.not_sent:
        run.memory.note(path, stamp, digest)
        run.counts.sent += 1
        run.display.sent(path)
    return outcome


def _content(path: Path, stamp: Stamp) -> bytes | None:
    """Return the bytes of a file, of one that is too large only as many as show it; None if it has changed."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
        return content if folder.stamp_of(os.fstat(file.fileno())) == stamp else None


def _uploaded(run: Run, path: Path, content: bytes) -> _Outcome:
    """Upload a file's content. Where the server refuses it, note the reason.

    Raises:
        Stopped: The server refuses the token or all uploads, or cannot be reached.
    """
    run.counts.not_sent.pop(path, None)
    try:
        run.upload(printable(path.name), content, lambda done, size: run.display.sending(path, done, size))
    except ApiError as error:
        if error.status in _TOKEN:
            raise token_refused(error) from None
        if error.code in _QUOTAS:
            raise Stopped(Exit.QUOTA, str(error)) from None
        if is_repeatable(error):
            raise Stopped(Exit.SERVER, f"The server does not take the log now: {error}") from None
        _fail(run, path, str(error))
        return _Outcome.AGAIN if error.status >= httpx.codes.INTERNAL_SERVER_ERROR else _Outcome.DONE
    except FaplogError as error:
        if not run.rules.watch:
            raise Stopped(Exit.SERVER, str(error)) from None
        _fail(run, path, str(error))
        return _Outcome.AWAY
    return _Outcome.DONE


def _end(run: Run, growing: list[Path]) -> Exit:
    for path in growing:
        _fail(run, path, "it is still being written")
    return Exit.SOME_NOT_SENT if run.counts.not_sent else Exit.SENT


def _fail(run: Run, path: Path, reason: str) -> None:
    """Note that a file was not sent; show it unless it was shown before."""
    if run.counts.not_sent.get(path) != reason:
        run.counts.not_sent[path] = reason
        run.display.not_sent(path, reason)


def printable(name: str) -> str:
    """Return a file's name as text that a terminal and a form can carry."""
    text = name.encode(errors="surrogateescape").decode(errors="replace")
    return "".join(character if character.isprintable() else "�" for character in text)
