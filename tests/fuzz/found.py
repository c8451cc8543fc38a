"""What a run found: one file for each place where something did not hold, with the shortest input that shows it."""

import hashlib
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

ROOT: Final = Path(__file__).parents[2]


class Found:
    """The failures of one target in a folder: `<digest>.bin`, the input, and `<digest>.txt`, what it led to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shortest: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many places there are."""
        return len(self._shortest)

    def add(self, error: BaseException, data: bytes) -> None:
        """Keep the input, unless a shorter one is known to fail in the same place."""
        place = hashlib.sha256(_place(error).encode()).hexdigest()[:12]
        if len(data) >= self._shortest.get(place, len(data) + 1):
            return
        self._shortest[place] = len(data)
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{place}.bin").write_bytes(data)
        said = "".join(traceback.format_exception(error))
        (self._folder / f"{place}.txt").write_text(f"{data[:2000]!r}\n\n{said}", "utf-8", "backslashreplace")


def _place(error: BaseException) -> str:
    """Return the kind of an error and the innermost line of ours that it came through."""
    ours = [where for where in _lines(error.__traceback__) if where.startswith(str(ROOT)) and "/.venv/" not in where]
    return f"{type(error).__name__} {ours[-1] if ours else ''}"


def _lines(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
