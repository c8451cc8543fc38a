"""The loop of push, with a clock of the test's own and uploads that are only noted."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from faplog.client import ApiError, FaplogError, NotFaplog, Unreachable
from faplog.contracts.errors import ErrorCode
from faplog.push.exits import Exit, Stopped
from faplog.push.memory import Memory, opened
from faplog.push.sending import MAX_BYTES, Clock, Counts, Rules, Run, printable, push

OLD_NS = 1_000_000_000_000_000_000
WALL_SEC = 2_000_000_000.0
ONCE, WATCH = Rules(watch=False, settle_sec=10), Rules(watch=True, settle_sec=10)


class Enough(Exception):
    """The test has seen enough of a run that would not end."""


@dataclass
class Rig:
    """A folder, what was sent from it, and what was shown; the clock only moves while the loop sleeps."""

    root: Path
    memory: Memory
    counts: Counts = field(default_factory=Counts)
    uploads: list[tuple[str, bytes]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    refusals: dict[str, list[FaplogError]] = field(default_factory=dict)
    now: float = 0.0
    steps: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def write(self, name: str, content: str = "x", *, fresh: bool = False) -> Path:
        path = self.root / name
        path.write_text(content)
        stamp = int((WALL_SEC + self.now) * 1e9) if fresh else OLD_NS
        os.utime(path, ns=(stamp, stamp))
        return path

    def at(self, seconds: float, step: Callable[[], object]) -> None:
        """Do something once the clock is that far."""
        self.steps.append((seconds, lambda: (step(), None)[1]))

    def end_at(self, seconds: float) -> None:
        def end() -> None:
            raise Enough

        self.at(seconds, end)

    def push(self, rules: Rules) -> Exit:
        return push(
            Run(
                root=self.root,
                memory=self.memory,
                upload=self._upload,
                display=self,
                rules=rules,
                clock=Clock(lambda: self.now, lambda: WALL_SEC + self.now, self._sleep),
                counts=self.counts,
            )
        )

    def _sleep(self, seconds: float) -> None:
        self.now += seconds
        due = [step for at, step in self.steps if at <= self.now]
        self.steps = [(at, step) for at, step in self.steps if at > self.now]
        for step in due:
            step()

    def _upload(self, name: str, content: bytes, progress: Callable[[int, int], None]) -> None:
        progress(len(content), len(content))
        if self.refusals.get(name):
            raise self.refusals[name].pop(0)
        self.uploads.append((name, content))

    def pending(self, count: int) -> None: ...

    def sending(self, path: Path, done: int, size: int) -> None: ...

    def sent(self, path: Path) -> None: ...

    def sent_before(self, path: Path) -> None: ...

    def status(self, text: str) -> None: ...

    def not_sent(self, path: Path, reason: str) -> None:
        self.shown.append(f"{path.name}: {reason}")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "logs").mkdir()
    with opened(tmp_path / "state", b"account") as memory:
        yield Rig(tmp_path / "logs", memory)


def refusal(status: int, code: str) -> ApiError:
    return ApiError("A sentence.", status=status, code=code, params={})


def test_everything_is_sent_once(rig: Rig) -> None:
    rig.write("a.csv", "1")
    rig.write("b.csv", "2")
    assert rig.push(ONCE) is Exit.SENT
    assert rig.push(ONCE) is Exit.SENT
    assert rig.uploads == [("a.csv", b"1"), ("b.csv", b"2")]
    assert (rig.counts.sent, rig.counts.before) == (2, 2)
    assert rig.now == 0


def test_a_copy_or_a_moved_file_is_not_sent_again(rig: Rig) -> None:
    rig.write("a.csv", "1")
    rig.write("copy.csv", "1")
    rig.push(ONCE)
    (rig.root / "a.csv").rename(rig.root / "moved.csv")
    rig.push(ONCE)
    assert len(rig.uploads) == 1


def test_a_file_that_grew_since_it_was_sent_is_sent_again(rig: Rig) -> None:
    rig.write("a.csv", "1")
    rig.push(ONCE)
    rig.write("a.csv", "12")
    rig.push(ONCE)
    assert rig.uploads == [("a.csv", b"1"), ("a.csv", b"12")]


def test_ten_thousand_logs_are_sent_once(rig: Rig) -> None:
    for number in range(10_000):
        rig.write(f"{number:05}.csv", str(number))
    assert rig.push(ONCE) is Exit.SENT
    assert rig.push(ONCE) is Exit.SENT
    assert [name for name, _ in rig.uploads] == [f"{number:05}.csv" for number in range(10_000)]
    assert (rig.counts.sent, rig.counts.before) == (10_000, 10_000)


def test_an_empty_folder_is_no_problem(rig: Rig) -> None:
    assert rig.push(ONCE) is Exit.SENT


def test_a_file_that_is_being_written_is_waited_for(rig: Rig) -> None:
    rig.write("a.csv", "1", fresh=True)
    for second in (5, 10, 15):
        rig.at(second, lambda second=second: rig.write("a.csv", "1" * second, fresh=True))  # type: ignore[misc]
    assert rig.push(ONCE) is Exit.SENT
    assert rig.uploads == [("a.csv", b"1" * 15)]
    assert rig.now == 25


def test_a_file_that_grows_on_and_on_is_named(rig: Rig) -> None:
    rig.write("done.csv")
    rig.write("a.csv", "1", fresh=True)
    for second in range(5, 200, 5):
        rig.at(second, lambda second=second: rig.write("a.csv", "1" * second, fresh=True))  # type: ignore[misc]
    assert rig.push(ONCE) is Exit.SOME_NOT_SENT
    assert rig.uploads == [("done.csv", b"x")]
    assert rig.shown == ["a.csv: it is still being written"]
    assert rig.now == 60


def test_watching_sends_what_appears_once_it_is_complete(rig: Rig) -> None:
    rig.write("old.csv", "0")
    rig.at(20, lambda: rig.write("new.csv", "1"))
    rig.at(25, lambda: rig.write("new.csv", "12", fresh=True))
    rig.end_at(60)
    with pytest.raises(Enough):
        rig.push(WATCH)
    assert rig.uploads == [("old.csv", b"0"), ("new.csv", b"12")]


def test_a_watched_folder_may_be_away_for_a_while(rig: Rig) -> None:
    away = rig.root.with_name("away")
    rig.at(5, lambda: rig.root.rename(away))
    rig.at(20, lambda: away.rename(rig.root))
    rig.at(25, lambda: rig.write("a.csv"))
    rig.end_at(60)
    with pytest.raises(Enough):
        rig.push(WATCH)
    assert rig.shown == ["logs: No such file or directory"]
    assert rig.uploads == [("a.csv", b"x")]
    assert not rig.counts.not_sent


def test_a_refused_file_is_named_once_and_the_others_are_sent(rig: Rig) -> None:
    rig.write("a.csv")
    rig.write("b.csv", "2")
    rig.refusals["a.csv"] = [refusal(400, ErrorCode.NOT_TEXT)] * 9
    rig.end_at(600)
    with pytest.raises(Enough):
        rig.push(WATCH)
    assert rig.uploads == [("b.csv", b"2")]
    assert rig.shown == ["a.csv: A sentence."]
    assert len(rig.refusals["a.csv"]) == 8


def test_a_refused_file_shows_in_the_exit_status(rig: Rig) -> None:
    rig.write("a.csv")
    rig.refusals["a.csv"] = [refusal(400, ErrorCode.NOT_TEXT)]
    assert rig.push(ONCE) is Exit.SOME_NOT_SENT


def test_a_file_that_is_too_large_is_not_uploaded(rig: Rig) -> None:
    path = rig.write("a.csv")
    os.truncate(path, MAX_BYTES + 1)
    os.utime(path, ns=(OLD_NS, OLD_NS))
    assert rig.push(ONCE) is Exit.SOME_NOT_SENT
    assert rig.shown == ["a.csv: The file is larger than 20 MB."]
    assert rig.uploads == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (refusal(401, ErrorCode.LOGIN_REQUIRED), Exit.TOKEN),
        (refusal(403, "API_TOKEN_SCOPE_MISSING"), Exit.TOKEN),
        (refusal(413, ErrorCode.QUOTA_EXCEEDED), Exit.QUOTA),
        (refusal(503, ErrorCode.UNAVAILABLE), Exit.SERVER),
        (Unreachable("away"), Exit.SERVER),
        (NotFaplog("a router"), Exit.SERVER),
    ],
)
def test_what_no_file_can_help_ends_the_run(rig: Rig, error: FaplogError, status: Exit) -> None:
    rig.write("a.csv")
    rig.write("b.csv", "2")
    rig.refusals["a.csv"] = [error]
    with pytest.raises(Stopped) as raised:
        rig.push(ONCE)
    assert raised.value.status is status
    assert rig.uploads == []
    assert rig.push(ONCE) is Exit.SENT


def test_a_file_the_server_failed_on_is_tried_again_while_watching(rig: Rig) -> None:
    rig.write("a.csv")
    rig.refusals["a.csv"] = [refusal(500, ErrorCode.INTERNAL_ERROR)]
    rig.end_at(100)
    with pytest.raises(Enough):
        rig.push(WATCH)
    assert rig.uploads == [("a.csv", b"x")]
    assert not rig.counts.not_sent


def test_the_login_page_of_a_network_is_waited_out_with_one_try_a_minute(rig: Rig) -> None:
    rig.write("a.csv")
    rig.write("b.csv", "2")
    rig.refusals["a.csv"] = [NotFaplog("a router")] * 2
    rig.end_at(200)
    with pytest.raises(Enough):
        rig.push(WATCH)
    assert rig.shown == ["a.csv: a router"] * 2
    assert [name for name, _ in rig.uploads] == ["a.csv", "b.csv"]


def test_a_name_is_shown_without_what_a_terminal_obeys() -> None:
    assert printable("a\x1b[2Jb\udcff.csv") == "a�[2Jb�.csv"
