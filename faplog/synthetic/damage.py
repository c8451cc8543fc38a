"""What happens to a file on its way: clocks that jump, bytes that get lost, spreadsheets that rewrite.

`DAMAGES` is the catalogue. Each damage has three degrees, and says what is right to do with the file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal

from faplog.synthetic.cells import Cells
from faplog.synthetic.faults import DEGREES, Degree

Right = Literal["same", "refused", "told"]
"""The figures of the undamaged log; a refusal by name; either of the two, or an analysis whose `quality` tells."""

Change = Callable[[bytes, float, Random], bytes]


@dataclass(frozen=True)
class Damage:
    """One row of the catalogue. `change` is given a log, the amount and chance."""

    name: str
    what: str
    """What the amounts are."""
    right: tuple[Right, Right, Right]
    """What is right to do with each degree."""
    amounts: tuple[float, float, float]
    """Slight, clear and severe."""
    change: Change

    def apply(self, content: bytes, degree: Degree, seed: int) -> bytes:
        """Return the log damaged in that degree."""
        return self.change(content, self.amounts[DEGREES.index(degree)], Random(f"{self.name}/{degree}/{seed}"))

    def right_for(self, degree: Degree) -> Right:
        """What is right to do with a file damaged in that degree."""
        return self.right[DEGREES.index(degree)]


def _clock(*jumps_sec: float) -> Change:
    """Let the clock jump by those seconds, times the amount, at places apart from each other."""

    def change(content: bytes, amount: float, random: Random) -> bytes:
        cells = Cells.parse(content)
        share = 1.0 / (len(jumps_sec) + 1)
        places = [round(len(cells) * share * (n + 1 + random.uniform(-0.3, 0.3))) for n in range(len(jumps_sec))]
        return _shifted(cells, [(place, jump * amount) for place, jump in zip(places, jumps_sec, strict=True)])

    return change


def _many_jumps(content: bytes, amount: float, random: Random) -> bytes:
    """Let the clock jump so many times, by minutes in both directions."""
    cells = Cells.parse(content)
    places = sorted(random.sample(range(50, len(cells) - 50), round(amount)))
    return _shifted(cells, [(place, random.uniform(-900, 900)) for place in places])


def _shifted(cells: Cells, jumps: list[tuple[int, float]]) -> bytes:
    stamps = [
        datetime.strptime(f"{date} {time}", "%Y.%m.%d %H:%M:%S.%f")  # noqa: DTZ007 – the app's clock has no zone
        for date, time in zip(cells.columns["Date"], cells.columns["Time"], strict=True)
    ]
    for place, seconds in jumps:
        later = timedelta(seconds=round(seconds))
        stamps[place:] = [stamp + later for stamp in stamps[place:]]
    moved = cells.with_column("Date", [f"{stamp:%Y.%m.%d}" for stamp in stamps])
    times = [f"{stamp:%H:%M:%S}.{stamp.microsecond // 100_000}" for stamp in stamps]
    return moved.with_column("Time", times).content()


def _nul_block(content: bytes, amount: float, random: Random) -> bytes:
    size = round(amount)
    start = random.randrange(len(content) // 10, len(content) - size - 1000)
    return content[:start] + bytes(size) + content[start + size :]


def _lost_bytes(content: bytes, amount: float, random: Random) -> bytes:
    """Lose from the middle of a row to the middle of the next, so many times: two halves run together."""
    lines = content.decode("ascii").split("\n")
    for row in sorted(random.sample(range(20, len(lines) - 20), round(amount)), reverse=True):
        first, second = lines[row], lines[row + 1]
        lines[row : row + 2] = [first[: random.randrange(20, len(first))] + second[random.randrange(20, len(second)) :]]
    return "\n".join(lines).encode("ascii")


def _decimal_comma(content: bytes, amount: float, _: Random) -> bytes:
    """Write numbers as a German spreadsheet does; from an amount of 1 on with a dot, of 2 on with a blank between
    thousands."""
    between = (None, ".", " ")[round(amount)]
    cells = Cells.parse(content)
    for name in list(cells.columns)[2:]:
        cells = cells.with_column(name, [_german(cell, between) for cell in cells.columns[name]])
    return cells.content()


def _german(cell: str, between: str | None) -> str:
    whole, dot, fraction = cell.partition(".")
    digits = whole.lstrip("-")
    if between and digits.isdigit() and len(digits) > 3:
        whole = whole[: len(whole) - len(digits)] + f"{int(digits):,}".replace(",", between)
    return f"{whole},{fraction}" if dot else whole


def _clock_format(pattern: Callable[[datetime], str]) -> Change:
    def change(content: bytes, _amount: float, _random: Random) -> bytes:
        cells = Cells.parse(content)
        times = [datetime.strptime(time, "%H:%M:%S.%f") for time in cells.columns["Time"]]  # noqa: DTZ007
        return cells.with_column("Time", [pattern(time) for time in times]).content()

    return change


def _us_dates(content: bytes, _amount: float, _random: Random) -> bytes:
    """Write dates month first, as an American spreadsheet does."""
    cells = Cells.parse(content)
    dates = (date.split(".") for date in cells.columns["Date"])
    return cells.with_column("Date", [f"{int(month)}/{int(day)}/{year}" for year, month, day in dates]).content()


def _all_ones(content: bytes, amount: float, random: Random) -> bytes:
    """Answer all ones, by the width of each ECU field, in so many rows."""
    ones = {"Speed": "255", "FAPsoot": "65.535", "FAPcinder": "255", "FAP life": "16777215", "FAPlifeLeft": "16777215"}
    ones |= {
        "FAPAdditiveRemain": "65535",
        "LastRegen": "65535",
        "Avg10regen": "65535",
        "Coolant": "205",
        "OilTemp": "205",
    }
    cells = Cells.parse(content)
    rows = set(random.sample(range(120, len(cells) - 5), round(amount)))
    for name, text in ones.items():
        column = [text if row in rows and cell else cell for row, cell in enumerate(cells.columns[name])]
        cells = cells.with_column(name, column)
    return cells.content()


def _other_day(content: bytes, amount: float, _: Random) -> bytes:
    """Give the last `amount` of the rows another day's date."""
    cells = Cells.parse(content)
    first = round(len(cells) * (1.0 - amount))
    return cells.with_column(
        "Date", [date if row < first else "2025.01.09" for row, date in enumerate(cells.columns["Date"])]
    ).content()


_SAME: Final[tuple[Right, Right, Right]] = ("same", "same", "same")

DAMAGES: Final[dict[str, Damage]] = {
    damage.name: damage
    for damage in (
        Damage("clock back once", "seconds", _SAME, (90, 3600, 3 * 3600), _clock(-1)),
        Damage("clock forward once", "seconds", _SAME, (120, 3600, 3 * 3600), _clock(1)),
        Damage("clock back and forward again", "seconds", _SAME, (60, 600, 3600), _clock(-1, 1)),
        Damage("clock back twice", "seconds", _SAME, (60, 600, 3600), _clock(-1, -1)),
        Damage("clock jumps again and again", "times", ("told",) * 3, (3, 8, 20), _many_jumps),
        Damage("block of NUL", "bytes", _SAME, (300, 4096, 16_384), _nul_block),
        Damage("rows run together", "times", _SAME, (1, 5, 25), _lost_bytes),
        Damage(
            "decimal comma", "(alone; with a dot; with a blank between thousands)", _SAME, (0, 1, 2), _decimal_comma
        ),
        Damage("dates month first", "–", _SAME, (1, 1, 1), _us_dates),
        Damage("AM and PM", "–", _SAME, (1, 1, 1), _clock_format(lambda at: f"{at:%I:%M:%S %p}")),
        Damage("seconds cut off", "–", ("told",) * 3, (1, 1, 1), _clock_format(lambda at: f"{at:%H:%M}")),
        Damage("hours cut off", "–", ("refused",) * 3, (1, 1, 1), _clock_format(lambda at: f"{at:%M:%S.%f}"[:7])),
        Damage('all-ones "no value"', "rows", _SAME, (1, 5, 40), _all_ones),
        Damage("half of another day", "share of the rows", ("told",) * 3, (0.1, 0.5, 0.8), _other_day),
    )
}
"""Every damage by its name."""
