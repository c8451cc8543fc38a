"""`python -m functions.analyse LOG.csv`: the analysis of logs, without any server."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import orjson

from faplog.contracts.profiles import day_of, profile_of

from .core.analysis import analyse, read
from .core.errors import BadLog
from .core.sections import Section
from .core.series import series
from .core.text import MAX_BYTES

STDIN: Final = Path("-")


def main(arguments: list[str] | None = None, prog: str = "python -m functions.analyse") -> int:
    """Analyse the named files and print the result.

    Returns:
        The exit status: 1 if a file could not be read, 2 if there was none.
    """
    given = _parser(prog).parse_args(arguments)
    files = list(_files(given.paths))
    if not files:
        print("There is no .csv file there.", file=sys.stderr)
        return 2
    _set_output(given.format)
    printed = _printer(given.format, len(files) > 1)
    bad = 0
    with _progress(len(files)) as step:
        for path in files:
            try:
                made = _analysis_or_series(_bytes(path), path, given.format)
            except (BadLog, OSError) as error:
                bad += 1
                print(f"{path}: {_reason(error)}", file=sys.stderr)
            else:
                printed(_printable_name(str(path)), made)
            step()
    return 1 if bad else 0


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Analyse FAP logs. One log prints its analysis as JSON; several print a JSON object per line.",
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="LOG.csv", help="files, folders, or - for standard input"
    )
    how = parser.add_mutually_exclusive_group()
    for name, words in (
        ("json", "print the analysis as JSON (default)"),
        ("text", "print the verdict and the main values as text"),
        ("series", "print the points for plots as JSON"),
    ):
        how.add_argument(f"--{name}", dest="format", action="store_const", const=name, help=words)
    parser.set_defaults(format="json")
    return parser


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() == ".csv" and file.is_file())
        else:
            yield path


def _bytes(path: Path) -> bytes:
    """Return a file's bytes; of a file that is too large only as many as show it."""
    if path == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _analysis_or_series(raw: bytes, path: Path, form: str) -> Section:
    reading = read(raw, day_of(path.name))
    return series(reading) if form == "series" else analyse(reading, profile_of(path.name))


def _reason(error: BadLog | OSError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return error.message


def _printable_name(name: str) -> str:
    """Return a file's name as text, with a replacement character for what is not UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _set_output(form: str) -> None:
    """Set standard output to UTF-8 for JSON; for text, print a question mark for what the terminal cannot show."""
    if isinstance(sys.stdout, TextIOWrapper):
        if form == "text":
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


def _printer(form: str, several: bool) -> Callable[[str, Section], None]:
    if form == "text":
        from rich.console import Console

        from .report import show

        console = Console(highlight=False)
        return lambda name, made: show(console, name, made)
    if several:
        kind = "series" if form == "series" else "analysis"
        return lambda name, made: _write(orjson.dumps({"file": name, kind: made}, option=orjson.OPT_SERIALIZE_NUMPY))
    return lambda _, made: _write(orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def _write(line: bytes) -> None:
    sys.stdout.write(line.decode() + "\n")


@contextmanager
def _progress(count: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar for several files if standard error is a terminal."""
    if count < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task("analysing", total=count)
        yield lambda: progress.advance(task)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as `| head` may stop reading
    sys.exit(main())
