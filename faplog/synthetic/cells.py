"""A written log, column by column, so that a fault can change what a sensor said."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from faplog.synthetic.profiles import SENTINELS


@dataclass(frozen=True)
class Cells:
    """The cells of a log as text. Columns are shared between copies; replace one, never change it."""

    columns: dict[str, list[str]]
    headers: tuple[int, ...]
    """The data rows before which the header stands."""
    tail: str = ""

    @classmethod
    def parse(cls, content: bytes) -> "Cells":
        """Split a log that this package wrote."""
        *lines, tail = content.decode("ascii").split("\n")
        header = lines[0]
        rows = [line for line in lines if line != header]
        headers, seen = [], 0
        for line in lines:
            if line == header:
                headers.append(seen)
            else:
                seen += 1
        names = header.split(";")[:-1]
        cells = zip(*(row.split(";") for row in rows), strict=True)
        columns = {name: list(column) for name, column in zip(names, cells, strict=False)}
        return cls(columns, tuple(headers), tail)

    def content(self) -> bytes:
        """Write the log as the app does."""
        header = ";".join(self.columns) + ";"
        rows = [";".join(row) + ";" for row in zip(*self.columns.values(), strict=True)]
        starts = [*self.headers, len(rows)]
        parts = ([header, *rows[start:end]] for start, end in pairwise(starts))
        return ("\n".join(chain.from_iterable(parts)) + "\n" + self.tail).encode("ascii")

    def __len__(self) -> int:
        """Return the number of data rows."""
        return len(self.columns["Date"])

    def running(self) -> list[bool]:
        """Return for each row whether the engine turns."""
        return [cell not in ("", "0") for cell in self.columns["Revs"]]

    def highest(self, name: str) -> float:
        """Return the highest value of a column, which must have one."""
        return max(float(cell) for cell in set(self.columns[name]) if cell and cell != SENTINELS.get(name))

    def with_column(self, name: str, cells: list[str]) -> "Cells":
        """Return the log with one column replaced."""
        return replace(self, columns={**self.columns, name: cells})

    def map(self, name: str, change: Callable[[float], float], decimals: int = 0, since: float = 0.0) -> "Cells":
        """Return the log with a column's values changed, from the share `since` of the rows on.

        A cell that is empty or holds the "no value" number stays. `change` is called once per reading, not once per
        row, so it may be a noise: a value that was held stays held.
        """
        old = self.columns[name]
        first = round(since * len(old))
        new, before, text = old[:first], "", ""
        for cell in old[first:]:
            if cell != before:
                keep = not cell or cell == SENTINELS.get(name)
                text = cell if keep else _format_value(change(float(cell)), decimals)
                before = cell
            new.append(text)
        return self.with_column(name, new)

    def where(self, name: str, rows: list[bool], change: Callable[[float], float], decimals: int = 0) -> "Cells":
        """Return the log with a column's values changed in some rows."""
        old = self.columns[name]
        return self.with_column(
            name,
            [
                _format_value(change(float(cell)), decimals) if row and cell else cell
                for cell, row in zip(old, rows, strict=True)
            ],
        )


def _format_value(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if decimals else str(round(value))
