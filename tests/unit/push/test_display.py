"""What a terminal shows of a run."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from faplog.push.display import Bar, Lines, shown

A, B = Path("/logs/a.csv"), Path("/logs/[red]b.csv")


def terminal() -> tuple[Console, Progress]:
    console = Console(file=StringIO(), force_terminal=True, width=100, color_system=None)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn())
    return console, Progress(*columns, console=console, auto_refresh=False)


def seen(console: Console, progress: Progress) -> str:
    with console.capture() as captured:
        console.print(progress.get_renderable())
    return captured.get().strip()


def test_the_bar_counts_what_was_sent() -> None:
    console, progress = terminal()
    bar = Bar(console, progress)
    bar.pending(3)
    bar.sending(A, 50, 100)
    assert seen(console, progress) == "a.csv 0/3"
    bar.sent(A)
    bar.sent_before(B)
    assert seen(console, progress) == "[red]b.csv 2/3"
    bar.pending(2)
    assert seen(console, progress) == "[red]b.csv 2/4"
    bar.status("waiting for [new] logs")
    assert seen(console, progress) == "waiting for [new] logs 2/4"


def test_what_was_not_sent_stays_on_the_screen() -> None:
    console, progress = terminal()
    bar = Bar(console, progress)
    bar.pending(1)
    with console.capture() as captured:
        bar.not_sent(B, "The file is empty.")
    assert captured.get() == "/logs/[red]b.csv: The file is empty.\n"
    assert seen(console, progress).endswith("1/1")


def test_a_long_line_is_not_broken_where_it_is_no_terminal() -> None:
    console = Console(file=StringIO(), width=20)
    with console.capture() as captured:
        Lines(console).not_sent(A, "x" * 200)
    assert captured.get() == f"/logs/a.csv: {'x' * 200}\n"


def test_without_a_terminal_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with shown() as display:
        assert type(display) is Lines
        display.sent(A)
    assert capsys.readouterr().err == "sent a.csv\n"


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with shown() as display:
        assert type(display) is Bar
