"""The phone app: polls channel by channel, holds what it read, appends a row to the day's file about every second."""

from datetime import date, timedelta
from random import Random

from faplog.synthetic.car import Car
from faplog.synthetic.profiles import SENTINELS, Profile

ROW_SEC = 0.9505
SENTINEL_CHANCE = 1 / 700
BUSY_CHANCE = 0.15
BUSY_SEC = (0.95, 0.95, 1.9, 2.85)
"""Now and then the app is busy with other work, and every channel waits for so long."""
LATE_CHANCE = 0.05
FIRST_SEC = 100.0
"""After this long every channel has been read once."""


class DayFile:
    """One day's CSV as the app writes it: `start()` per drive, `row()` per tick, then `content()`."""

    def __init__(self, profile: Profile, day: date, random: Random, row_sec: float = ROW_SEC) -> None:
        self.profile, self.day, self.random, self.row_sec = profile, day, random, row_sec
        self.header = ";".join(("Date", "Time", *(channel.name for channel in profile.channels))) + ";"
        self.lines: list[str] = []
        self.headers = 0
        self.sentinel_rows = dict.fromkeys((c.name for c in profile.channels if c.name in SENTINELS), 0)
        self.spoiled: set[str] = set()
        self.tail = ""
        self.counter_read_at = 0.0
        self._cells: list[str] = []
        self._due: dict[int, list[int]] = {}
        self._row = 0
        self._busy = 0
        self._dates: dict[int, str] = {}

    @property
    def name(self) -> str:
        """`<profile>_<YYYYMMDD>.csv`."""
        return f"{self.profile.name}_{self.day:%Y%m%d}.csv"

    @property
    def rows(self) -> int:
        """Data rows written."""
        return len(self.lines) - self.headers

    def start(self) -> None:
        """Start the app: write the header again (mostly), and leave every cell blank until its first poll."""
        if not self.lines or self.random.random() < 0.7:
            self.lines.append(self.header)
            self.headers += 1
        self._cells = [""] * len(self.profile.channels)
        self._row, self._busy, self._due, self.spoiled = 0, 0, {}, set()
        for index, channel in enumerate(self.profile.channels):
            late = self.random.choice((0, 0, 1)) if channel.first_sec > 20 else 0
            self._due.setdefault(round(channel.first_sec / self.row_sec) + late, []).append(index)

    def row(self, at_sec: float, car: Car) -> None:
        """Poll what is due, unless the app is busy, and append a row, `at_sec` seconds after the day's midnight."""
        if self._busy:
            self._busy -= 1
        else:
            self._poll(at_sec, car)
        for name in self.spoiled:
            self.sentinel_rows[name] += 1
        self.lines.append(f"{self._stamp(at_sec)};{';'.join(self._cells)};")

    def _poll(self, at_sec: float, car: Car) -> None:
        cells, row = self._cells, self._row
        for index in self._due.pop(row, ()):
            channel = self.profile.channels[index]
            cells[index] = channel.read(car)
            if channel.name == "LastRegen":
                self.counter_read_at = at_sec
            elif channel.name in SENTINELS:
                self._maybe_spoil(index, channel.name)
            if channel.every_sec:
                step = max(1, round(channel.every_sec / self.row_sec + self._jitter()))
                self._due.setdefault(row + step, []).append(index)
        self._row = row + 1
        if row * self.row_sec > FIRST_SEC and self.random.random() < BUSY_CHANCE:
            self._busy = round(self.random.choice(BUSY_SEC) / self.row_sec)

    def truncate(self) -> None:
        """Cut off the last line within its time stamp, as an app that is killed while it writes does."""
        self.tail = self.lines[-1][: self.random.randrange(4, 17)]

    def content(self) -> bytes:
        """Return the file."""
        return ("\n".join(self.lines) + "\n" + self.tail).encode("ascii")

    def _maybe_spoil(self, index: int, name: str) -> None:
        self.spoiled.discard(name)
        if self.random.random() < SENTINEL_CHANCE:
            self._cells[index] = SENTINELS[name]
            self.spoiled.add(name)

    def _jitter(self) -> float:
        """Return how many rows late the next poll is: mostly 0, now and then one early or late."""
        chance = self.random.random()
        return -1.0 if chance < 0.03 else 1.0 if chance > 1.0 - LATE_CHANCE else 0.0

    def _stamp(self, at_sec: float) -> str:
        days, tenths = divmod(int(at_sec * 10 + 1e-6), 864_000)
        seconds, tenth = divmod(tenths, 10)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self._date(days)};{hour:02d}:{minute:02d}:{second:02d}.{tenth}"

    def _date(self, days: int) -> str:
        text = self._dates.get(days)
        if text is None:
            text = self._dates[days] = f"{self.day + timedelta(days):%Y.%m.%d}"
        return text
