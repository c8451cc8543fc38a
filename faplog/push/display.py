"""The progress that the user sees: a bar on a terminal, lines elsewhere. All of it goes to standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from faplog.push.sending import Display, printable


class Lines:
    """One line for each log."""

    def __init__(self, console: Console) -> None:
        """Print to this console."""
        self._console = console

    def pending(self, count: int) -> None:
        """Print nothing."""

    def sending(self, path: Path, done: int, size: int) -> None:
        """Print nothing."""

    def sent(self, path: Path) -> None:
        """Print the name of a log that was sent."""
        self._print(f"sent {printable(path.name)}")

    def sent_before(self, path: Path) -> None:
        """Print nothing."""

    def not_sent(self, path: Path, reason: str) -> None:
        """Print why a log was not sent."""
        self._print(f"{printable(str(path))}: {printable(reason)}")

    def status(self, text: str) -> None:
        """Print nothing."""

    def warn(self, text: str) -> None:
        """Print a sentence."""
        self._print(printable(text))

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class Bar(Lines):
    """A progress bar; only logs that were not sent have a line."""

    def __init__(self, console: Console, progress: Progress) -> None:
        """Add a bar to a running progress display."""
        super().__init__(console)
        self._progress = progress
        self._task = progress.add_task("looking", total=None)
        self._total = 0
        self._done = 0

    def pending(self, count: int) -> None:
        """Show that so many more logs are to be sent."""
        self._total = self._done + count
        self._progress.update(self._task, total=self._total or None)

    def sending(self, path: Path, done: int, size: int) -> None:
        """Show how much of a log was sent."""
        part = done / size if size else 1.0
        self._progress.update(self._task, completed=self._done + part, description=escape(printable(path.name)))

    def sent(self, path: Path) -> None:
        """Count a log that was sent."""
        self._advance(path)

    def sent_before(self, path: Path) -> None:
        """Count a log that was sent before."""
        self._advance(path)

    def not_sent(self, path: Path, reason: str) -> None:
        """Count a log that was not sent, and print why."""
        super().not_sent(path, reason)
        self._advance(path)

    def status(self, text: str) -> None:
        """Show what is waited for."""
        self._progress.update(self._task, description=escape(printable(text)))

    def _advance(self, path: Path) -> None:
        self._done = min(self._done + 1, self._total)
        self._progress.update(self._task, completed=self._done, description=escape(printable(path.name)))


@contextmanager
def shown() -> Iterator[Lines]:
    """Show the run on standard error until the block ends."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(console, progress)


_: type[Display] = Lines
