"""Files made to hurt: refused or analysed, within the function's memory and without hanging."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from functions.analyse.core.columns import NUMBERS

MEMORY_MB = 512
CPU_SECONDS = 60
"""Its own, which a busy machine does not use up; the longest takes four."""
SIZE = 20 * 1024 * 1024

ROOT = Path(__file__).parents[3]

_RUN = """
import resource
import sys
from pathlib import Path
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadLog
from functions.analyse.core.series import series
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
try:
    reading = read(Path(sys.argv[1]).read_bytes())
    analyse(reading)
    series(reading)
    print("analysed")
except BadLog as error:
    print("refused:", error)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""

HEADER = b"Date;Time;Speed;Revs;FAPpressure;\n"
WIDE = ";".join(["Date", "Time", *(column.name for column in NUMBERS)]).encode() + b"\n"


def noise(size: int) -> bytes:
    return Random(1).randbytes(size)  # noqa: S311


def printable_noise(size: int) -> bytes:
    return noise(size).translate(bytes(b"0123456789;.,\n:-"[byte & 15] for byte in range(256)))


def words(size: int) -> bytes:
    row = b"2025.02.03;08:00:00.0;" + b";".join(b"%s" for _ in range(32)) + b"\n"
    random = Random(2)  # noqa: S311
    lines, length = [], 0
    while length < size:
        lines.append(row % tuple(b"x%d" % random.randrange(10**6) for _ in range(32)))
        length += len(lines[-1])
    return b"".join(lines)


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "one line": (lambda: b"1" * SIZE, "refused: it has no header"),
    "one row": (lambda: HEADER + b"1" * SIZE, "refused: there are no rows"),
    "a million columns": (lambda: b";".join(b"c%d" % n for n in range(1_000_000)), "refused: it has no header"),
    "a million columns with date and time": (
        lambda: b"Date;Time;Speed;" + b";" * 1_000_000 + b"\n" + b"1;" * 1_000_000,
        "refused: it has more than 1000 columns",
    ),
    "rows of a million cells": (lambda: HEADER + (b";" * 1_000_000 + b"\n") * 20, "refused: it has a line longer"),
    "rows of many cells": (lambda: HEADER + (b";" * 60_000 + b"\n") * 340, "refused: no row has a valid"),
    "a million rows of one character": (lambda: HEADER + b"1\n" * 1_000_000, "refused: it has more than"),
    "half a million rows of one character": (lambda: HEADER + b"1\n" * 500_000, "refused: no row has a valid"),
    "many short rows under a wide header": (
        lambda: WIDE + b"2025.02.03;08:00:00.0\n" * 500_000, "refused: it has 500000 rows",
    ),
    "as many cells as are allowed": (lambda: WIDE + b"2025.02.03;08:00:00.0;1;2;3\n" * 160_000, "analysed"),
    "noise": (lambda: noise(SIZE), "refused: it has no header"),
    "noise under a header": (lambda: HEADER + noise(SIZE // 4), "refused: "),
    "digits and separators": (lambda: WIDE + printable_noise(SIZE), "refused: it has more than"),
    "words in every cell": (lambda: WIDE + words(SIZE // 3), "analysed"),
    "letters at every line's start": (lambda: HEADER + b"Dat;Time\n" * 200_000, "refused: no row has a valid"),
    "headers without end": (lambda: (HEADER + b"2025.02.03;08:00:00.0;1;\n") * 300_000, "analysed"),
    "other headers without end": (
        lambda: b"".join(b"Date;Time;Speed;x%d\n2025.02.03;08:00:00.0;1;\n" % n for n in range(50_000)),
        "refused: its columns change",
    ),
    "dates of a thousand forms": (
        lambda: HEADER + b"".join(b"2025.02.03;%s8:00:00;1\n" % (b" " * (n % 20)) for n in range(60_000)), "analysed",
    ),
    "a quoted decimal comma in every cell": (
        lambda: b"Date,Time,Speed\n" + (b'2025.02.03,"08:00:00,0",' + b'"1,5",' * 9 + b"\n") * 250_000, "analysed",
    ),
    "quotes without end": (lambda: HEADER + b'2025.02.03;08:00:00;"1\n' * 300_000, "analysed"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_it_is_answered_within_memory_and_time(name: str, tmp_path: Path) -> None:
    content, expected = FILES[name]
    path = tmp_path / "log.csv"
    path.write_bytes(content()[:SIZE])
    command = [sys.executable, "-c", _RUN, str(path), str(CPU_SECONDS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or f"signal {-done.returncode}"
    answer, kilobytes = done.stdout.splitlines()
    print(f"{answer}: {int(kilobytes) // 1024} MB")
    assert answer.startswith(expected)
    assert int(kilobytes) / 1024 < MEMORY_MB
